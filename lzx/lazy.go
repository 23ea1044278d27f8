package lzx

import (
	"math/bits"
)

// A longestFinder finds the longest match at a position: *match.Chains.
type longestFinder interface {
	finder
	Longest(pos, length, depth, nice int) (int, int)
}

// parseLazily chooses the items of a segment in one walk: the best match at
// each position, unless the next position has a better one, for which a literal
// is worth its while. It cuts the segment into pieces of at least size bytes on
// the way, and returns all items.
func (p *parser) parseLazily(e *Encoder, start, end, size int, recent recentOffsets) []item {
	s := &e.seg
	s.pieces = s.pieces[:0]
	items := p.items
	n := 0
	for pos := start; pos < end; {
		s.pieces = append(s.pieces, piece{first: n})
		b := &s.pieces[len(s.pieces)-1]
		stop := pos + size
		if end-stop < size {
			stop = end
		}
		for pos < stop {
			m := e.bestMatch(pos, min(end-pos, maxMatch), 0, recent)
			for m.length > 0 && m.length < e.params.nice {
				next := e.bestMatch(pos+1, min(end-pos-1, maxMatch), m.length-1, recent)
				if next.score <= m.score+literalScore {
					break
				}
				items[n] = b.counts.addLiteral(e.data[pos])
				n++
				pos++
				m = next
			}
			if m.length == 0 {
				items[n] = b.counts.addLiteral(e.data[pos])
				n++
				pos++
				continue
			}
			items[n] = b.counts.addMatch(m.length, m.offset)
			n++
			recent = recent.after(m.offset)
			pos += m.length
		}
		b.end = pos
	}
	p.recent = recent
	return items[:n]
}

// A scored match has a score: about the bits that it saves.
type scored struct {
	length int
	offset uint32 // as in an item
	score  int
}

const (
	byteScore    = 6 // what a byte takes as a literal
	repeatScore  = 6 // the bits of a repeat
	matchScore   = 6 // and of another match, without its footer
	literalScore = 3 // how much better a match must be that comes a literal later
)

// bestMatch returns the match at pos with the best score, or length 0 if none
// is better than literals. Matches other than repeats are longer than length.
func (e *Encoder) bestMatch(pos, rest, length int, recent recentOffsets) scored {
	var best scored
	if pos == 0 || rest < minRest {
		return best
	}
	here := chunk16(e.data, pos)
	for k := range uint32(repeatSlots) {
		back := int(recent >> (k * offsetBits) & offsetMask)
		if chunk16(e.data, pos-back) != here {
			continue
		}
		if length := extendMatch(e.data, pos, back, rest); length > best.length {
			best = scored{length, k, byteScore*length - repeatScore}
		}
	}
	if best.length >= e.params.nice {
		return best
	}
	n, back := e.longest.Longest(pos, max(length, best.length), e.params.depth, e.params.nice)
	if back == 0 {
		return best
	}
	n = min(n, rest)
	offset := uint32(back + offsetBias)
	if score := byteScore*n - matchScore - bits.Len32(offset); score > best.score {
		best = scored{n, offset, score}
	}
	return best
}
