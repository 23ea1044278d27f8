package xpress

// An item is a literal or a match as the parse hands it on to be written:
//
//	0..8    the symbol, which tells how many bits the footer of the offset has
//	9..23   the footer
//
// An item of a match of 18 bytes or more is followed by one that is its length
// less 3.
type item uint32

const itemFooter = 9

// long tells whether the item is that of a match of 18 bytes or more.
func (it item) long() bool {
	return it&longItem == longItem
}

// longItem are the bits that the symbols of long matches have.
const longItem item = numLiterals | longMatch - minMatch

// hugeMatch is the length from which on there are two more length bytes.
const hugeMatch = longMatch + 255

// footerBits returns how many bits follow the codeword of a symbol.
func footerBits(symbol int) uint32 {
	return uint32(symbol >> 4 & 15 * (symbol >> 8))
}

// endItem is written after the last item of a chunk: symbol 256. Decoders of
// others insist on it.
const endItem item = numLiterals

// matchItem returns the item of a match; length is at most 17, or 18 for any
// longer match.
func matchItem(length, offset uint32) item {
	footer := log2(offset)
	return item(numLiterals+footer<<4+length-minMatch) | item(offset-1<<footer)<<itemFooter
}

// appendMatch adds a match.
func appendMatch(items []item, length, offset int) []item {
	if length < longMatch {
		return append(items, matchItem(uint32(length), uint32(offset)))
	}
	return append(items, matchItem(longMatch, uint32(offset)), item(length-minMatch))
}
