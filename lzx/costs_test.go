package lzx

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogOf(t *testing.T) {
	for n := uint32(1); n < 1<<31; n += 1 + n/100 {
		require.InDelta(t, math.Log2(float64(n)), float64(logOf(n))/costUnit, 1.5/costUnit, "%d", n)
	}
}

// The slot of each offset is the one that the decoder's table says.
func TestSlotFor(t *testing.T) {
	for i := repeatSlots; i < maxSlots; i++ {
		first := uint32(slots[i].base) + offsetBias
		last := first + uint32(slots[i].mask)
		require.EqualValues(t, i, slotFor(first))
		require.EqualValues(t, i, slotFor(last))
	}
}

// Content that changes is cut where it does, and content that does not is not.
func TestJoin(t *testing.T) {
	pieces := func(kinds ...int) []piece {
		all := make([]piece, len(kinds), maxPieces+1)
		for i, kind := range kinds {
			all[i].end = (i + 1) * pieceSize
			for s := range 64 {
				all[i].counts.main[64*kind+s] = 100
			}
		}
		return all
	}
	for _, test := range []struct {
		kinds []int
		ends  []int
	}{
		{[]int{0}, []int{1}},
		{[]int{0, 0, 0}, []int{3}},
		{[]int{0, 0, 1, 1, 1}, []int{2, 5}},
		{[]int{0, 1, 0}, []int{1, 2, 3}},
		{[]int{2, 2, 0, 0, 1, 3, 3}, []int{2, 4, 5, 7}},
	} {
		s := segment{pieces: pieces(test.kinds...)}
		s.join(maxMainSymbols)
		var ends []int
		for _, p := range s.pieces {
			ends = append(ends, p.end/pieceSize)
		}
		require.Equal(t, test.ends, ends)
	}
}
