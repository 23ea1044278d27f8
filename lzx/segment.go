package lzx

import (
	"math/bits"

	"github.com/wimble-go/wimble/internal/match"
)

// A finder finds the matches of at least three bytes at a position:
// *match.Chains or *match.Tree.
type finder interface {
	Reset(chunk []byte)
	All(to []match.Match, pos, depth, nice int) []match.Match
}

// A segment is a part of the chunk whose matches are kept while its blocks are
// parsed, as often as it takes. Small chunks are one segment.
type segment struct {
	start, end int

	// places has, where nobody asked yet, the last position with the same hash
	// of two bytes, plus 1. Of the matches at a position each is longer than those
	// before, and none has a smaller offset. One more entry follows: see
	// [parser.relaxGap].
	places  match.Places
	matches []match.Match

	pieces []piece
	twos   [1 << twosBits]uint32 // the last position, plus 1, of two bytes, by hash
}

const (
	// maxSegment bounds the memory of a segment, and the size of blocks.
	maxSegment = 1 << 17

	// A position has about three matches in most data. If the whole reserve is
	// used, positions that are asked for later have none.
	matchesPerByte = 6

	// maxMatchesAt is the largest number of entries at one position: those of
	// the finder, one of two bytes, one of three, and the last.
	maxMatchesAt = maxDepth + 3

	maxMatch = longMatch + numLengthSymbols - 1 // 257

	twosBits = 14

	// A match of three bytes at the end of a window could reach 2 bytes farther
	// back than an offset can be.
	minRest = 3
)

func newSegment(size int) segment {
	return segment{
		places:  make(match.Places, size),
		matches: make([]match.Match, 0, matchesPerByte*size+maxMatchesAt),
		pieces:  make([]piece, 0, maxPieces+1),
	}
}

// reset begins a chunk.
func (s *segment) reset() { clear(s.twos[:]) }

// begin makes a segment from start to end. Its matches are found when they are
// asked for, but those of trees at once: trees grow in the order of positions.
func (s *segment) begin(e *Encoder, start, end int) {
	s.start, s.end = start, end
	s.matches = s.matches[:0]
	s.places = s.places[:end-start]
	for i := range s.places {
		two := chunk16(e.data, start+i)
		last := &s.twos[uint32(two)*0x9e3779b1>>(32-twosBits)]
		s.places[i] = match.NotSearched | *last
		*last = uint32(start + i + 1)
	}
	if !e.params.tree {
		return
	}
	for i := range s.places {
		if s.places.Searched(i) {
			e.finder.All(s.matches, start+i, e.params.depth, e.params.nice)
		} else {
			s.find(e, start+i)
		}
	}
}

// find finds the matches at a position that was not searched. Inside of one of
// nice bytes there are none: the parser is to take it.
func (s *segment) find(e *Encoder, pos int) {
	i := pos - s.start
	two := int(s.places[i]&^match.NotSearched) - 1
	s.places[i] = 0
	if pos > e.size-minRest {
		return
	}
	first := len(s.matches)
	found := s.matches
	if two >= 0 && chunk16(e.data, two) == chunk16(e.data, pos) {
		found = append(found, match.Match{Length: minMatch, Offset: uint32(pos - two)})
	}
	found = e.finder.All(found, pos, e.params.depth, e.params.nice)
	n := len(found) - first
	if n == 0 || len(found) > cap(found)-maxMatchesAt {
		return
	}
	m := found[len(found)-1]
	length := int(m.Length)
	s.matches = append(found, gapAfter(e.data, pos+length, e.size, int(m.Offset)))
	s.places.Set(i, first, n)
	if length >= e.params.nice {
		s.places.Take(i, length)
	}
}

// matchesAt returns the matches at a position.
func (s *segment) matchesAt(e *Encoder, pos int) []match.Match {
	i := pos - s.start
	if !s.places.Searched(i) {
		s.find(e, pos)
	}
	first, n := s.places.Get(i)
	return s.matches[first:][:n]
}

// gapAfter looks at pos, where a match with this offset ends, for a few
// literals that are followed by a repeat of the offset. It returns how many
// they are as Offset, and the length of the repeat, which is 0 if there is
// none.
func gapAfter(data []byte, pos, end, offset int) match.Match {
	x := chunk64(data, pos) ^ chunk64(data, pos-offset)
	// The top bit of each byte that is 0. (Above one that is, a byte of 1 may
	// be marked, too: only the first mark is certain.)
	const low = 0x0101010101010101
	zeros := (x - low) &^ x & (low << 7)
	gap := bits.TrailingZeros64(zeros) / 8
	if gap == 0 || gap > maxGap || x>>(8*gap+8)&0xff != 0 {
		return match.Match{}
	}
	rest := min(end-pos-gap, maxMatch)
	if rest < minMatch {
		return match.Match{}
	}
	return match.Match{Length: uint32(extendMatch(data, pos+gap, offset, rest)), Offset: uint32(gap)}
}

// extendMatch returns how many bytes are the same at pos and offset before, at
// most limit.
func extendMatch(data []byte, pos, offset, limit int) int {
	length := 0
	for length < limit {
		x := chunk64(data, pos+length) ^ chunk64(data, pos-offset+length)
		if x != 0 {
			return min(limit, length+bits.TrailingZeros64(x)/8)
		}
		length += 8
	}
	return limit
}
