package lzx

// pieceSize is what blocks are made of.
const pieceSize = 4096

// split cuts the segment into blocks and returns where they end.
func (s *segment) split(e *Encoder) []int {
	s.ends = append(s.ends[:0], s.end)
	return s.ends
}
