package lzx

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
)

// The check values are those of the WIM format sheet, appendix C. The bases of the
// slots 0 and 1, which are not used, are -2 and -1.
func TestSlotTables(t *testing.T) {
	var footers, bases []byte
	for i, s := range slots[:maxSlots] {
		base := s.base
		if i < repeatSlots {
			base = uint32(i - 2)
		}
		footers = append(footers, byte(s.footer))
		bases = binary.LittleEndian.AppendUint32(bases, base)
	}
	require.Equal(t, uint32(0x8c9beb13), crc32.ChecksumIEEE(footers))
	require.Equal(t, uint32(0x6aadc579), crc32.ChecksumIEEE(bases))
}

func TestNewOffset(t *testing.T) {
	for i := repeatSlots; i < maxSlots; i++ {
		s := slotOf(verbatimMain[0][numLiterals+i*lengthHeaders] + entryStep)
		require.Equal(t, &slots[i], s)
		last := uint32(1)<<s.footer - 1
		require.Equal(t, s.base, s.newOffset(^uint64(last)))
		require.Equal(t, s.base+last, s.newOffset(^uint64(0)))
		require.Equal(t, s.base+last/3, s.newOffset(uint64(last/3)|1<<63))
	}
}

// The shuffles do what push and repeat do.
func TestShuffles(t *testing.T) {
	for i, s := range slots[:maxSlots] {
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

func TestRecentOffsets(t *testing.T) {
	const largest = 1<<21 - 3
	q := newRecentOffsets(1, 2, largest)
	require.Equal(t, uint32(1), q.newest())
	require.Equal(t, newRecentOffsets(1, 2, largest), q.repeat(0))
	require.Equal(t, newRecentOffsets(2, 1, largest), q.repeat(1))
	require.Equal(t, newRecentOffsets(largest, 2, 1), q.repeat(2))
	for range 3 {
		q = q.push(largest)
	}
	// The top bit is left over.
	require.Equal(t, newRecentOffsets(largest, largest, largest), q&^(1<<63))
	q = q.push(7).push(8)
	require.Equal(t, newRecentOffsets(largest, 7, 8), q.repeat(2)&^(1<<63))
	require.Equal(t, uint32(9), q.pushIf(9, &slots[40]).newest())
	require.Equal(t, uint32(8), q.pushIf(9, slotOf(verbatimMain[0]['a']+entryStep)).newest())
}
