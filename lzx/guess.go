package lzx

import "github.com/wimble-go/wimble/internal/match"

// guess parses the segment in a simple way, to know roughly how often its
// symbols will be used: at each place the longest match, or a repeat that is
// nearly as long. It cuts the segment into pieces of at least size bytes and
// counts the symbols of each.
func (s *segment) guess(e *Encoder, size int, recent recentOffsets) {
	s.pieces = s.pieces[:0]
	for pos := s.start; pos < s.end; {
		s.pieces = append(s.pieces, piece{})
		p := &s.pieces[len(s.pieces)-1]
		stop := pos + size
		if s.end-stop < size {
			stop = s.end
		}
		for pos < stop {
			found := s.matchesAt(e, pos)
			if len(found) == 0 {
				p.counts.main[e.data[pos]]++
				pos++
				continue
			}
			length, offset := s.guessMatch(e, pos, found[len(found)-1], recent)
			if length == 1 {
				p.counts.main[e.data[pos]]++
			} else {
				p.counts.addMatch(length, offset)
				recent = recent.after(offset)
			}
			pos += length
		}
		p.end = pos
	}
}

// guessMatch returns the match that guess takes at a position, or length 1 if
// none is worth it. m is the longest one.
func (s *segment) guessMatch(e *Encoder, pos int, m match.Match, recent recentOffsets) (length int, offset uint32) {
	rest := min(s.end-pos, maxMatch)
	longest := min(int(m.Length), rest)
	best := 0
	here := chunk16(e.data, pos)
	for k := range uint32(repeatSlots) {
		back := int(recent >> (k * offsetBits) & offsetMask)
		if chunk16(e.data, pos-back) != here {
			continue
		}
		if length := extendMatch(e.data, pos, back, rest); length > best {
			best, offset = length, k
		}
	}
	switch {
	case best >= minMatch && best+1 >= longest:
		return best, offset
	case longest > 3 || longest == 3 && m.Offset < 1<<12:
		return longest, m.Offset + offsetBias
	}
	return 1, 0
}

// flatten makes the counts of symbols of matches, other than repeats, more
// alike: each is moved most of the way to their mean. The guess knows little of
// which matches the parser will like, and with costs that follow it too closely
// the parser would like just the same ones.
func (c *symbolCounts) flatten(mainSymbols int) {
	const scale, flatness = 16, 4
	for i := range c.main {
		c.main[i] *= scale
	}
	matches := c.main[numLiterals+repeatSlots*lengthHeaders : mainSymbols]
	total := uint32(0)
	for _, n := range matches {
		total += n
	}
	mean := total / uint32(len(matches))
	for i, n := range matches {
		matches[i] = (n + flatness*mean) / (1 + flatness)
	}
	for i := range c.length {
		c.length[i] *= scale
	}
}
