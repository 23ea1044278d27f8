package xpress

import (
	"math"

	"github.com/wimble-go/wimble/internal/match"
)

// cachedMatches is the room for matches, for each byte of the window.
const cachedMatches = 12

// costs are the estimated costs of symbols, in 1/64 bit. Footers are not in it.
type costs [numSymbols]uint32

// parseOptimally finds the items that take the fewest bits. It is a shortest
// path: positions are nodes, items are edges. No state is carried along a path,
// so the best way from each position to the end is found from the end
// backwards.
//
// The costs of items depend on the code, and the code on the items. The first
// costs are those of a greedy walk.
func (e *Encoder) parseOptimally(src []byte) {
	e.collect(src)
	e.parseGreedily(src)
	for pass := range e.search.passes {
		if pass > 0 {
			e.walk(src)
		}
		e.estimate()
		e.shortestPath(src)
	}
	e.walk(src)
}

// collect caches the matches of each position: those of a position follow a
// match of length 0 whose Offset is their number.
func (e *Encoder) collect(src []byte) {
	cache := e.cache[:0]
	s := e.search
	cache = append(cache, match.Match{})
	for pos := 1; pos < len(src); {
		at := len(cache)
		cache = append(cache, match.Match{})
		if len(src)-pos+s.depth+len(cache) < cap(cache) {
			cache = e.chains.All(cache, pos, s.depth, s.nice)
		}
		cache[at].Offset = uint32(len(cache) - at - 1)
		if long := int(cache[len(cache)-1].Length); long >= s.nice {
			for range long - 1 {
				cache = append(cache, match.Match{})
				pos++
			}
		}
		pos++
	}
	e.cache = cache
}

// parseGreedily takes the longest cached match everywhere.
func (e *Encoder) parseGreedily(src []byte) {
	items := e.items[:0]
	cache := e.cache
	for pos := 0; pos < len(src); {
		n := int(cache[0].Offset)
		longest := cache[n]
		cache = cache[n+1:]
		if n == 0 || longest.Length == minMatch && longest.Offset > farShort {
			items = append(items, item(src[pos]))
			pos++
			continue
		}
		items = appendMatch(items, int(longest.Length), int(longest.Offset))
		for range longest.Length - 1 {
			cache = cache[cache[0].Offset+1:]
		}
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

// shortestPath sets best[pos] to the cost of the best way from pos to the end,
// and the item that it begins with: cost << 32 | length << 16 | offset; an
// offset of 0 is a literal.
func (e *Encoder) shortestPath(src []byte) {
	best := e.best
	end := len(e.cache)
	best[len(src)] = 0
	// The cache is walked backwards: a position's matches, then its number.
	for pos := len(src) - 1; pos >= 0; pos-- {
		w := best[pos+1]&^(1<<32-1) + uint64(e.costs[src[pos]])<<32 | 1<<16
		i := end - 1
		for e.cache[i].Length != 0 {
			i--
		}
		length := uint32(minMatch)
		for _, m := range e.cache[i+1 : end] {
			footer := log2(m.Offset)
			symbols := e.costs[numLiterals+footer<<4:][:16]
			extra := footer * 64
			for ; length <= m.Length; length++ {
				c := extra + symbols[min(length-minMatch, 15)]
				if length >= longMatch {
					c += 8 * 64
					if length >= longMatch+255 {
						c += 16 * 64
					}
				}
				w = min(w, best[pos+int(length)]&^(1<<32-1)+uint64(c)<<32|uint64(length)<<16|uint64(m.Offset))
			}
		}
		best[pos] = w
		end = i
	}
}

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
