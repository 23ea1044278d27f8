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
//	8..15   match: 64 - the bits to consume; literal: the byte
//	16..23  footer bits; literalFooter for a literal
//	26      match
//	27..31  length; 18 when length bytes follow
//
// A literal is a match of length 1 whose byte is replaced, and the hot loop
// needs no branch to tell one from the other. Its byte is one of the entry's
// four, so that the assembly can copy it from the table. Bits 8..23 are an
// operand of BEXTR, the instruction.
const (
	entryBits    = 63
	flagSpecial  = 1 << 6
	entryShift   = 8
	entryLiteral = 8
	entryFooter  = 16
	flagMatch    = 1 << 26
	entryLength  = 27

	// What each bit of the codeword adds to the entry of a match.
	matchStep = 1<<32 - 1<<entryShift + 1

	// The codeword is longer than the table's index.
	entryLong = flagSpecial

	// A literal is decoded as a match whose byte is then replaced. This footer
	// puts the source of that match 16 to 31 bytes back, away from bytes that
	// were just written: loading those would stall on the pending store.
	literalFooter = 4
)

// matchOffset returns the offset of a match with entry e, where buf begins with
// the codeword and the footer: 1 << footer bits, and the footer.
//
// The shift to the left drops the codeword (the shift count is taken modulo 64,
// so it may be computed from more than the fields that matter). Then a 1 is put
// before the footer, and all after it is dropped.
func matchOffset(buf uint64, e uint32) uint {
	footer := e >> entryFooter
	return uint((buf<<((e-footer)&63)>>1 | 1<<63) >> (^footer & 63))
}

// literalEntry returns the entry of a literal with a codeword of length bits.
func literalEntry(literal, length uint32) uint32 {
	return 1<<entryLength | literalFooter<<entryFooter | literal<<entryLiteral | length
}

// matchEntries are those of symbols 256 to 511, without the codeword.
var matchEntries = func() *[numSymbols - numLiterals]uint32 {
	var entries [numSymbols - numLiterals]uint32
	for i := range entries {
		length, footer := uint32(i)&15+minMatch, uint32(i)>>4
		entries[i] = length<<entryLength | flagMatch | footer<<entryFooter | (64-footer)<<entryShift | footer
		if length > maxMain {
			entries[i] |= flagSpecial
		}
	}
	return &entries
}()
