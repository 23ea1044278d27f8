package xpress

const (
	numLiterals   = 256
	numSymbols    = 512
	lengthsSize   = numSymbols / 2 // four bits each
	maxCodeLength = 15
	minMatch      = 3
	longMatch     = minMatch + 15 // from here length bytes follow
	maxMain       = 16

	codeBits = 11 // index the main part of the decoding table
)

// An entry of the decoding table tells all about a symbol, in 32 bits:
//
//	0..5    bits to consume: codeword, and footer of the offset
//	8..12   footer bits; the offset is 1 << footer plus the footer
//	16..20  match length, 1 for a literal, 18 when length bytes follow
//	21..28  literal: the byte
//	30      literal
//	31      special: not done by the main path of the hot loop
const (
	entryBits    = 63
	entryFooter  = 8
	entryLength  = 16
	entryLiteral = 21
	flagLiteral  = 1 << 30
	flagSpecial  = 1 << 31
	entryLong    = flagSpecial // length 0: the codeword is longer than the index
)

var entries = symbolEntries()

func symbolEntries() *[numSymbols]uint32 {
	var entries [numSymbols]uint32
	for sym := range uint32(numSymbols) {
		if sym < numLiterals {
			entries[sym] = flagLiteral | sym<<entryLiteral | 1<<entryLength
			continue
		}
		length, footer := sym&15+minMatch, sym>>4&15
		entries[sym] = footer | footer<<entryFooter | length<<entryLength
		if length > maxMain {
			entries[sym] |= flagSpecial
		}
	}
	return &entries
}
