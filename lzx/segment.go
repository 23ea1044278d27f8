package lzx

import "github.com/wimble-go/wimble/internal/match"

// A segment is a part of the chunk whose matches are kept while its blocks are
// parsed, as often as it takes. Small chunks are one segment.
type segment struct {
	start, end int
	counts     []uint8 // matches of each position
	matches    []match.Match
	firsts     []uint32 // where in matches those of every pieceSize-th position begin
	ends       []int    // of the blocks
}

const (
	// maxSegment bounds the memory of a segment, and the size of blocks.
	maxSegment = 1 << 16

	// A position has three matches in most data. When the whole reserve is used,
	// the rest of the segment has no more.
	matchesPerByte = 8

	// maxMatchesAt is how many different lengths there are.
	maxMatchesAt = maxMatch - minMatch + 1

	maxMatch = longMatch + numLengthSymbols - 1 // 257
)

func newSegment(size int) segment {
	return segment{
		counts:  make([]uint8, size),
		matches: make([]match.Match, 0, matchesPerByte*size+maxMatchesAt),
		firsts:  make([]uint32, 0, size/pieceSize+1),
		ends:    make([]int, 0, size/pieceSize+1),
	}
}

// fill finds the matches of all positions from start to end. In a match of enough
// bytes there are none: the parser will take it.
func (s *segment) fill(e *Encoder, start, end int) {
	s.start, s.end = start, end
	found := s.matches[:0]
	s.firsts = s.firsts[:0]
	skip := 0
	reserve := cap(found) - maxMatchesAt
	for pos := start; pos < end; pos++ {
		if (pos-start)%pieceSize == 0 {
			s.firsts = append(s.firsts, uint32(len(found)))
		}
		s.counts[pos-start] = 0
		rest := e.size + 1 - pos
		if rest < match.MinRest {
			continue
		}
		before := len(found)
		found = e.tree.Find(found, e.data, pos, min(rest, maxMatch), e.params.enough, e.params.depth)
		if skip > 0 || before >= reserve {
			found = found[:before]
			skip--
			continue
		}
		if len(found) > before {
			s.counts[pos-start] = uint8(len(found) - before)
			if length := int(found[len(found)-1].Length); length >= e.params.enough {
				skip = length - 1
			}
		}
	}
	s.matches = found
}
