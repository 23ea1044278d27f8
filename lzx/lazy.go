package lzx

import (
	"math/bits"
)

// A longestFinder finds the longest match at a position: *match.Chains.
type longestFinder interface {
	finder
	Longest(pos, length, depth, nice int) (int, int)
}

// parseLazily chooses the items of a segment in one walk. It cuts the segment
// into pieces of at least size bytes on the way, and returns all items.
func (p *parser) parseLazily(e *Encoder, start, end, size int, recent recentOffsets) []item {
	s := &e.seg
	s.pieces = s.pieces[:0]
	w := lazyWalk{items: p.items, pos: start, end: end, recent: recent}
	for w.pos < end {
		s.pieces = append(s.pieces, piece{first: w.n})
		b := &s.pieces[len(s.pieces)-1]
		stop := w.pos + size
		if end-stop < size {
			stop = end
		}
		w.counts = &b.counts
		e.walkFast(&w, stop)
		e.walkPlain(&w, stop)
		b.end = w.pos
	}
	p.recent = w.recent
	return w.items[:w.n]
}

// A lazyWalk is where a lazy parse is.
type lazyWalk struct {
	items    []item // the first n are done
	n        int
	pos, end int
	recent   recentOffsets
	counts   *symbolCounts // of the items of the piece
}

// addLiteral adds an item.
func (w *lazyWalk) addLiteral(b byte) {
	w.items[w.n] = w.counts.addLiteral(b)
	w.n++
	w.pos++
}

// walkPlain walks to stop, or to the end of a match that begins before. At each
// position it takes the best match, unless the next position has a better one,
// for which a literal is worth its while.
func (e *Encoder) walkPlain(w *lazyWalk, stop int) {
	for w.pos < stop {
		m := e.bestMatch(w.pos, min(w.end-w.pos, maxMatch), 0, w.recent)
		for m.length > 0 && m.length < e.params.nice {
			next := e.bestMatch(w.pos+1, min(w.end-w.pos-1, maxMatch), m.length-1, w.recent)
			if next.score <= m.score+literalScore {
				break
			}
			w.addLiteral(e.data[w.pos])
			m = next
		}
		if m.length == 0 {
			w.addLiteral(e.data[w.pos])
			continue
		}
		w.items[w.n] = w.counts.addMatch(m.length, m.offset)
		w.n++
		w.recent = w.recent.after(m.offset)
		w.pos += m.length
	}
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
