package lzx

// Content of one kind is best in one block: its codes take room. Where the
// content changes, a new block has codes that suit it. So the segment is cut
// into pieces, the symbols of a simple parse are counted in each, and pieces
// that would not lose by it are joined to blocks.

// A piece is a part of a segment, or some that were joined.
type piece struct {
	end    int // where it ends in the chunk
	first  int // the first of its items, of a lazy parse
	counts symbolCounts
	size   uint64 // what it would take as a block, in costUnits
}

const (
	// pieceSize is at least how large pieces are. Chunks of the smallest window
	// are not split.
	pieceSize = 1 << 13

	maxPieces = maxSegment / pieceSize
)

// A symbol costs about so much in a block's codes, and all codes together so
// much more.
const (
	symbolHeader = 3 * costUnit
	blockHeader  = 250 * costUnit
)

// estimate sets the size that the piece would have as a block.
func (p *piece) estimate(mainSymbols int) {
	p.size = blockHeader + entropy(p.counts.main[:mainSymbols]) + entropy(p.counts.length[:])
}

// entropy returns what symbols take that are used so often, and their code.
func entropy(counts []uint32) uint64 {
	total, size := uint32(0), uint64(0)
	for _, n := range counts {
		if n != 0 {
			total += n
			size += symbolHeader - uint64(n)*uint64(logOf(n))
		}
	}
	if total == 0 {
		return 0
	}
	return size + uint64(total)*uint64(logOf(total))
}

// join joins the pieces of the segment to blocks: again and again the two
// neighbours that gain most by it. joined is room for one more piece.
func (s *segment) join(mainSymbols int) {
	pieces := s.pieces
	for i := range pieces {
		pieces[i].estimate(mainSymbols)
	}
	// gains[i] is what pieces i and i+1 would gain together.
	var gains [maxPieces]int64
	gain := func(i int) {
		both := &s.pieces[:maxPieces+1][maxPieces]
		both.counts = pieces[i].counts
		both.counts.add(&pieces[i+1].counts)
		both.estimate(mainSymbols)
		gains[i] = int64(pieces[i].size) + int64(pieces[i+1].size) - int64(both.size)
	}
	for i := range len(pieces) - 1 {
		gain(i)
	}
	for len(pieces) > 1 {
		best := 0
		for i := range len(pieces) - 1 {
			if gains[i] > gains[best] {
				best = i
			}
		}
		if gains[best] < 0 {
			break
		}
		first, second := &pieces[best], &pieces[best+1]
		first.size += second.size - uint64(gains[best])
		first.end = second.end
		first.counts.add(&second.counts)
		copy(pieces[best+1:], pieces[best+2:])
		copy(gains[best+1:], gains[best+2:])
		pieces = pieces[:len(pieces)-1]
		if best > 0 {
			gain(best - 1)
		}
		if best+1 < len(pieces) {
			gain(best)
		}
	}
	s.pieces = pieces
}
