package xpress

import (
	"math"
	"slices"

	"github.com/wimble-go/wimble/internal/match"
)

const (
	// cachedMatches is the room for matches, for each byte of the window.
	cachedMatches = 12

	// near is how many positions after one are looked at for a reason to pass
	// over it.
	near = 8
)

// costs are the estimated costs of symbols, in 1/64 bit. Footers are not in it.
type costs [numSymbols]uint32

// parseOptimally finds the items that take the fewest bits. It is a shortest
// path: positions are nodes, items are edges. No state is carried along a path,
// so each position keeps the best way to it, and offers all items that could
// come next to the positions after it.
//
// The costs of items depend on the code, and the code on the items. The first
// costs are those of a greedy walk.
//
// Many positions are not worth a look. Inside of a good match, a position costs
// as much as one a little further on that the match reaches, too. What could
// begin at the former may as well begin, a little shorter, at the latter. So it
// is passed over: only its literal is offered, and its matches are not even
// looked for. See [search.margin].
func (e *Encoder) parseOptimally(src []byte) {
	e.matches = e.matches[:0]
	e.places = e.places[:len(src)]
	for i := range e.places {
		e.places[i] = match.NotSearched
	}
	e.parseGreedily(src)
	for pass := range e.search.passes {
		margin := e.search.firstMargin
		if pass == e.search.passes-1 {
			margin = e.search.margin
		}
		e.estimate()
		e.shortestPath(src, uint64(margin)<<32)
		e.walk(src)
	}
}

// matchesAt returns the matches at pos, each longer than those before.
func (e *Encoder) matchesAt(pos int) []match.Match {
	if !e.places.Searched(pos) {
		e.places[pos] = 0
		first := len(e.matches)
		if e.search.depth+1 <= cap(e.matches)-first {
			e.matches = e.chains.All(e.matches, pos, e.search.depth, e.search.nice)
		}
		if n := len(e.matches) - first; n > 0 {
			e.places.Set(pos, first, n)
			if longest := int(e.matches[first+n-1].Length); longest >= e.search.nice {
				e.places.Take(pos, longest)
			}
		}
	}
	first, n := e.places.Get(pos)
	return e.matches[first:][:n]
}

// parseGreedily takes the longest match everywhere.
func (e *Encoder) parseGreedily(src []byte) {
	items := e.items[:0]
	for pos := 0; pos < len(src); {
		longest := match.Match{}
		if found := e.matchesAt(pos); len(found) > 0 {
			longest = found[len(found)-1]
		}
		if longest.Length == 0 || longest.Length == minMatch && longest.Offset > farShort {
			items = append(items, item(src[pos]))
			pos++
			continue
		}
		items = appendMatch(items, int(longest.Length), int(longest.Offset))
		pos += int(longest.Length)
	}
	e.items = append(items, endItem)
}

// estimate sets the costs from the items: their entropy.
func (e *Encoder) estimate() {
	var freqs [numSymbols]uint32
	total := 0
	for i := 0; i < len(e.items); i++ {
		it := e.items[i]
		freqs[it%numSymbols]++
		total++
		if it.long() {
			i++
		}
	}
	all := math.Log2(float64(total) + numSymbols/2)
	for s, f := range freqs {
		c := all - math.Log2(max(float64(f), 0.5))
		e.costs[s] = uint32(min(max(c, 1), 15)*64 + 0.5)
	}
}

// shortestPath sets best[pos] to the item with which the best way to the end
// goes on from pos: cost << 32 | length << 16 | offset; an offset of 0 is a
// literal.
func (e *Encoder) shortestPath(src []byte, margin uint64) {
	// First to the last item of the best way to pos, and the cost of it all.
	best := e.best[:len(src)+1+near]
	for i := range best {
		best[i] = noWay
	}
	best[0] = firstCost << 32
	nice := uint32(e.search.nice)
	for pos := range src {
		base := best[pos] &^ (1<<32 - 1)
		passed := slices.Min(best[pos+1:][:near]) < base+margin
		best[pos+1] = min(best[pos+1], base+uint64(e.costs[src[pos]])<<32|1<<16)
		if passed && !e.places.TakesLongest(pos) {
			continue
		}
		length := uint32(minMatch)
		for _, m := range e.matchesAt(pos) {
			footer := log2(m.Offset)
			symbols := e.costs[numLiterals+footer<<4:][:16]
			extra := footer * 64
			for length <= m.Length {
				c := extra + symbols[min(length-minMatch, 15)]
				if length >= longMatch {
					c += 8 * 64
					if length >= longMatch+255 {
						c += 16 * 64
					}
				}
				to := &best[pos+int(length)]
				*to = min(*to, base+uint64(c)<<32|uint64(length)<<16|uint64(m.Offset))
				length++
				if length > nice {
					length = max(length, m.Length) // it is to be taken
				}
			}
		}
	}

	// Then the way is turned around.
	w := best[len(src)]
	for pos := len(src); pos > 0; {
		pos -= int(w >> 16 & 0xffff)
		w, best[pos] = best[pos], w
	}
}

const (
	noWay = math.MaxUint64

	// never is a margin with which no position is passed over.
	never = -1 << 19

	// firstCost is where costs begin, so that none is less than nothing with a
	// margin.
	firstCost = 1 << 20
)

// walk makes the items of the best path.
func (e *Encoder) walk(src []byte) {
	items := e.items[:0]
	for pos := 0; pos < len(src); {
		w := e.best[pos]
		length, offset := int(w>>16&0xffff), int(w&0xffff)
		if offset == 0 {
			items = append(items, item(src[pos]))
			pos++
			continue
		}
		items = appendMatch(items, length, offset)
		pos += length
	}
	e.items = append(items, endItem)
}
