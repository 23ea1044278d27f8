package xpress

// parseLazily cuts the chunk into items as it goes: at each position it takes the
// longest match there is, unless a better one begins at one of the next two bytes.
func (e *Encoder) parseLazily(src []byte) {
	chains, s := e.chains, e.search
	items := append(e.items[:0], item(src[0]))
	for pos := 1; pos < len(src); {
		length, offset := chains.Longest(pos, minMatch-1, s.depth, s.nice)
		if offset == 0 || length == minMatch && offset > farShort {
			items = append(items, item(src[pos]))
			pos++
			continue
		}
		for s.lazy > 0 && length < s.nice {
			l1, o1 := chains.Longest(pos+1, length-1, s.depth/2, s.nice)
			if o1 != 0 && score(l1, o1) > score(length, offset)+lazyMargin1 {
				items = append(items, item(src[pos]))
				pos++
				length, offset = l1, o1
				continue
			}
			l2, o2 := chains.Longest(pos+2, length, s.depth/4, s.nice)
			if o2 != 0 && score(l2, o2) > score(length, offset)+lazyMargin2 {
				items = append(items, item(src[pos]), item(src[pos+1]))
				pos += 2
				length, offset = l2, o2
				continue
			}
			break
		}
		items = appendMatch(items, length, offset)
		pos += length
	}
	e.items = append(items, endItem)
}

const (
	// A match of three bytes from farther than this takes more bits than three
	// literals.
	farShort = 4096

	lazyMargin1 = 4
	lazyMargin2 = 12
)

// score tells what a match saves, in some unit of bits.
func score(length, offset int) int {
	return 6*length - int(log2(uint32(offset)))
}
