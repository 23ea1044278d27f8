package lzx

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
)

// The check values are those of the WIM format sheet, appendix C. The bases of
// the slots 0 and 1, which are not used, are -2 and -1.
func TestSlotTables(t *testing.T) {
	var footers, bases []byte
	for i, s := range slots[:maxSlots] {
		base := uint32(s.base)
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
		require.Equal(t, uint32(i), slotOf(verbatimMain[0][numLiterals+i*lengthHeaders]+entryStep))
		s := &slots[i]
		last := uint64(1)<<s.footer - 1
		require.Equal(t, s.base, s.newOffset(^last))
		require.Equal(t, s.base+last, s.newOffset(^uint64(0)))
		require.Equal(t, s.base+last/3, s.newOffset(last/3|1<<63))
	}
}

func TestRecentOffsets(t *testing.T) {
	const largest = 1<<21 - 3
	q := newRecentOffsets(1, 2, largest)
	require.Equal(t, uint64(1), q.newest())
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
	require.Equal(t, uint64(9), q.pushIf(9, &slots[40]).newest())
	literal := &slots[slotOf(verbatimMain[0]['a']+entryStep)]
	require.Equal(t, q, q.pushIf(literal.newOffset(^uint64(0)), literal))
}
