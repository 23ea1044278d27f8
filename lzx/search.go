package lzx

import (
	"slices"

	"github.com/wimble-go/wimble/internal/match"
)

// searchState is what is searched, and how far the search is.
type searchState struct {
	data   []byte // the chunk
	start  int    // of the block in it
	words  []uint64
	places match.Places // those of the segment, for the block
	next   int          // position in the block
}

// search finds the cheapest way to each position of a block from start to end.
func (p *parser) search(e *Encoder, start, end int, recent recentOffsets) {
	words := p.words[:end-start+maxStep+1]
	for i := range words {
		words[i] = noWord
	}
	words[0] = firstWord
	p.ring[0] = recent
	s := searchState{
		data:   e.data,
		start:  start,
		words:  words,
		places: e.seg.places[start-e.seg.start : end-e.seg.start],
	}
	if !e.plain {
		p.searchFast(e, &s)
	}
	p.searchPlain(e, &s)
}

// near is how many positions after one are looked at for a reason to pass over
// it.
const near = 8

// searchPlain searches the rest of a block.
func (p *parser) searchPlain(e *Encoder, s *searchState) {
	c := &p.costs
	for i := s.next; i < len(s.places); i++ {
		// The way to this position is final.
		pos, words := s.start+i, s.words[i:]
		base := words[0] & costField
		recent := p.step(i, words[0])
		p.ring[i%ringSize] = recent

		passed := slices.Min(words[1:1+near]) < base+p.margin
		words[1] = min(words[1], base+c.literal[s.data[pos]])
		if passed && !s.places.TakesLongest(i) {
			continue
		}
		found := e.seg.matchesAt(e, pos)
		n := len(found)
		if n == 0 {
			continue
		}
		gap := found[:n+1][n]
		rest := min(len(s.places)-i, maxMatch)
		longest := found[n-1]
		shortest := minMatch
		for k := range uint32(repeatSlots) {
			offset := int(recent >> (k * offsetBits) & offsetMask)
			length := extendMatch(s.data, pos, offset, rest)
			relax(words, c, base|uint64(k), k, minMatch, length)
			if length >= int(longest.Length) {
				p.relaxGap(s, i, base, length, k, gapAfter(s.data, pos+length, s.start+len(s.places), offset))
			}
			shortest = max(shortest, length+1)
		}
		// A match that is no longer than a repeat costs more than that.
		for _, m := range found {
			offset := m.Offset + offsetBias
			relax(words, c, base|uint64(offset), slotFor(offset), shortest, min(int(m.Length), rest))
			shortest = max(shortest, int(m.Length)+1)
		}
		p.relaxGap(s, i, base, int(longest.Length), longest.Offset+offsetBias, gap)
	}
}

// relax offers the matches of all lengths from shortest to longest.
func relax(words []uint64, c *costs, base uint64, slot uint32, shortest, longest int) {
	costs := &c.slot[slot]
	length := shortest
	for ; length < longMatch && length <= longest; length++ {
		words[length] = min(words[length], base+costs[length-1])
	}
	base += costs[longMatch-1]
	for ; length <= longest; length++ {
		words[length] = min(words[length], base+c.long[length-longMatch])
	}
}

// relaxGap offers, at position i, a match that cannot be longer, a few
// literals, and a repeat of its offset. gap is what gapAfter says about the
// last two.
func (p *parser) relaxGap(s *searchState, i int, base uint64, length int, offset uint32, gap match.Match) {
	literals := i + length
	repeat := literals + int(gap.Offset)
	rest := min(int(gap.Length), len(s.places)-repeat)
	if rest < minMatch {
		return
	}
	c := &p.costs
	base += c.match(slotFor(offset), length) + c.match(0, rest)
	for _, literal := range s.data[s.start+literals : s.start+repeat] {
		base += c.literal[literal]
	}
	end := repeat + rest
	w := base&costField | 1<<wordGap | uint64(end-i)<<wordLength | uint64(offset)
	if w < s.words[end] {
		s.words[end] = w
		p.gaps[end] = uint16(length<<gapBits | int(gap.Offset))
	}
}

// step returns the recent offsets at position i, where w is the way to it.
func (p *parser) step(i int, w uint64) recentOffsets {
	length := int(w >> wordLength & lengthField)
	return p.ring[(i-length)%ringSize].after(uint32(w & offsetField))
}
