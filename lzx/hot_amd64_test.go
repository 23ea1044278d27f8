//go:build !noasm && !purego

package lzx

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// The shuffles do what push and repeat do.
func TestShuffles(t *testing.T) {
	for i, s := range asmTables.slots[:maxSlots] {
		in, want := [4]uint32{10, 20, 30, 40}, newRecentOffsets(10, 20, 30)
		if i < repeatSlots {
			want = want.repeat(uint32(i))
		} else {
			want = want.push(40) & (1<<63 - 1)
		}
		var from, to [16]byte
		for j, v := range in {
			binary.LittleEndian.PutUint32(from[4*j:], v)
		}
		for j := range to {
			to[j] = from[s.shuffle[j]]
		}
		le := binary.LittleEndian
		require.Equal(t, want, newRecentOffsets(le.Uint32(to[:]), le.Uint32(to[4:]), le.Uint32(to[8:])))
	}
}
