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
//	6       special: not for the hot loop in Go
//	8..15   footer bits; 0 for a literal
//	16..23  literal: the byte
//	26      match
//	27..31  length; 18 when length bytes follow
//
// A literal is a match of length 1 and offset 1 whose byte is replaced, and the
// hot loop needs no branch to tell one from the other. Its byte is one of the
// entry's four, so that the assembly can copy it from the table.
const (
	entryBits    = 63
	flagSpecial  = 1 << 6
	entryFooter  = 8
	entryLiteral = 16
	flagMatch    = 1 << 26
	entryLength  = 27

	// The codeword is longer than the table's index.
	entryLong = flagSpecial
)

// matchOffset returns the offset of a match with entry e, where buf begins with
// the codeword and the footer: 1 << footer bits, and the footer.
func matchOffset(buf uint64, e uint32) uint {
	footer := e >> entryFooter & 15
	return uint(1<<footer | uint32(buf>>(-e&63))&(1<<footer-1))
}

// symbolEntries is what each symbol says, without its codeword.
var symbolEntries = func() *[numSymbols]uint32 {
	var entries [numSymbols]uint32
	for sym := range uint32(numSymbols) {
		if sym < numLiterals {
			entries[sym] = 1<<entryLength | sym<<entryLiteral
			continue
		}
		length, footer := sym&15+minMatch, sym>>4&15
		entries[sym] = length<<entryLength | flagMatch | footer<<entryFooter | footer
		if length > maxMain {
			entries[sym] |= flagSpecial
		}
	}
	return &entries
}()
