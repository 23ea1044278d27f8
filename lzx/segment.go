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

	// counts has the number of matches at each position. Each match is longer
	// than those before, and none has a smaller offset. One more entry follows
	// those of a position that has any: see [parser.relaxGap].
	counts  []uint8
	matches []match.Match

	pieces []piece
	twos   [1 << twosBits]uint32 // the last position, plus 1, of two bytes, by hash
}

const (
	// maxSegment bounds the memory of a segment, and the size of blocks.
	maxSegment = 1 << 17

	// A position has about three matches in most data. If the whole reserve is
	// used, the rest of the segment has no more.
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
		counts:  make([]uint8, size),
		matches: make([]match.Match, 0, matchesPerByte*size+maxMatchesAt),
		pieces:  make([]piece, 0, maxPieces+1),
	}
}

// reset begins a chunk.
func (s *segment) reset() { clear(s.twos[:]) }

// fill finds the matches from start to end. Inside of a match of nice bytes
// there are none: the parser is to take it.
func (s *segment) fill(e *Encoder, start, end int) {
	s.start, s.end = start, end
	found := s.matches[:0]
	reserve := cap(found) - maxMatchesAt
	counts := s.counts[:end-start]
	clear(counts)
	data := e.data
	for pos := start; pos < end && pos <= e.size-minRest; pos++ {
		before := len(found)
		two := chunk16(data, pos)
		last := &s.twos[uint32(two)*0x9e3779b1>>(32-twosBits)]
		if at := int(*last) - 1; at >= 0 && chunk16(data, at) == two {
			found = append(found, match.Match{Length: minMatch, Offset: uint32(pos - at)})
		}
		*last = uint32(pos + 1)
		found = e.finder.All(found, pos, e.params.depth, e.params.nice)
		n := len(found) - before
		if n == 0 {
			continue
		}
		if len(found) > reserve {
			found = found[:before]
			continue
		}
		counts[pos-start] = uint8(n)
		m := found[len(found)-1]
		length := int(m.Length)
		found = append(found, gapAfter(data, pos+length, e.size, int(m.Offset)))
		if length >= e.params.nice {
			skipped := min(pos+length, end) - 1
			if e.params.tree {
				for p := pos + 1; p <= skipped; p++ {
					e.finder.All(found, p, e.params.depth, e.params.nice)
				}
			}
			pos = skipped
		}
	}
	s.matches = found
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
