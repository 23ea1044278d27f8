package xpress

// The alphabet (the WIM format sheet, sections 4.1 and 4.2).
const (
	numLiterals   = 256
	numSymbols    = 512
	lengthsSize   = numSymbols / 2 // four bits each
	maxCodeLength = 15
	minMatch      = 3
	longMatch     = minMatch + 15 // from here length bytes follow
)

// codeBits is how many bits index the main part of the decoding table.
const codeBits = 11

// maxMain is the longest match that the hot loop does.
const maxMain = 16

// An entry of the decoding table tells all about a symbol, in 32 bits:
//
//	0..5    bits to consume: codeword, and footer of the offset
//	6       special: not for the hot loop
//	7       literal
//	8..11   15 - footer bits; 15 for a literal
//	12..15  length - 1; of a special match, length - 17
//	16..23  literal: the byte
//	31      match
//
// A literal is a match of length 1 and offset 1 whose byte is replaced, and the
// hot loop needs no branch to tell one from the other.
const (
	entryBits    = 63
	flagSpecial  = 1 << 6
	flagLiteral  = 1 << 7
	entryFooter  = 8
	entryLength  = 12
	entryLiteral = 16
	flagMatch    = 1 << 31

	// The codeword is longer than the table's index.
	entryLong = flagSpecial
)

// matchLength returns the length of a match, 18 when length bytes follow.
func matchLength(e uint32) uint {
	length := uint(e>>entryLength&15) + 1
	if e&flagSpecial != 0 {
		length += maxMain
	}
	return length
}

// matchOffset returns the offset of a match with entry e, where buf begins with
// the codeword and the footer: 1 << footer bits, and the footer.
func matchOffset(buf uint64, e uint32) uint {
	footer := ^e >> entryFooter & 15
	return uint(1<<footer | uint32(buf>>(-e&63))&(1<<footer-1))
}

// symbolEntries is what each symbol says, without its codeword.
var symbolEntries = func() *[numSymbols]uint32 {
	var entries [numSymbols]uint32
	for sym := range uint32(numSymbols) {
		if sym < numLiterals {
			entries[sym] = flagLiteral | sym<<entryLiteral | 15<<entryFooter
			continue
		}
		length, footer := sym&15+minMatch, sym>>4&15
		e := flagMatch | footer | (15-footer)<<entryFooter
		if length <= maxMain {
			e |= (length - 1) << entryLength
		} else {
			e |= flagSpecial | (length-maxMain-1)<<entryLength
		}
		entries[sym] = e
	}
	return &entries
}()
