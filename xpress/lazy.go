package xpress

// parseLazily cuts the chunk into items as it goes: at each position it takes
// the longest match there is, unless a better one begins at the next byte.
//
// That a longer match begins one byte later is common: the match at this byte
// may be of three or four bytes that occur everywhere, and the next one of a
// whole word.
//
// The symbols of the first items, as many as it returns, are counted.
func (e *Encoder) parseLazily(src []byte) (counted int) {
	items := append(e.items[:0], item(src[0]))
	e.code.count(items)
	items, pos := e.lazilyFast(items, len(src))
	counted = len(items)
	e.items = append(e.lazilyPlain(items, src, pos), endItem)
	return counted
}

// lazilyPlain appends the items from pos on to items.
func (e *Encoder) lazilyPlain(items []item, src []byte, pos int) []item {
	chains, s := e.chains, e.search
	for pos < len(src) {
		length, offset := chains.Longest(pos, minMatch-1, s.depth, s.nice)
		if offset == 0 || length == minMatch && offset > farShort {
			items = append(items, item(src[pos]))
			pos++
			continue
		}
		for length < s.lazy {
			// Of the same length will do, if it is much nearer.
			l1, o1 := chains.Longest(pos+1, length-1, s.depth/2, s.nice)
			if o1 == 0 || score(l1, o1) <= score(length, offset)+oneLater {
				break
			}
			items = append(items, item(src[pos]))
			pos++
			length, offset = l1, o1
		}
		items = appendMatch(items, length, offset)
		pos += length
	}
	return items
}

const (
	// A match of three bytes from farther than this takes more bits than three
	// literals.
	farShort = 1536

	// By how much a match must be better that begins one byte later.
	oneLater = 1
)

// score is for comparing matches: what a match saves, in some unit that is less
// than a bit, without a constant.
func score(length, offset int) int {
	return 3*length - int(log2(uint32(offset)))
}
