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
	for slot := range maxSlots {
		base := int32(mantissa(slot)<<footerBits(slot)) - 2
		if slot < 2 {
			base = int32(slot) - 2
		}
		footers = append(footers, byte(footerBits(slot)))
		bases = binary.LittleEndian.AppendUint32(bases, uint32(base))
	}
	require.Equal(t, uint32(0x8c9beb13), crc32.ChecksumIEEE(footers))
	require.Equal(t, uint32(0x6aadc579), crc32.ChecksumIEEE(bases))
}

// A mantissa with no bits of the footer set is the slot's base.
func TestNewOffset(t *testing.T) {
	for slot := repeatSlots; slot < maxSlots; slot++ {
		base := mantissa(slot)<<footerBits(slot) - 2
		e := verbatimMain[numLiterals+slot*lengthHeaders]
		last := uint64(1)<<footerBits(slot) - 1
		require.Equal(t, base, newOffset(0, e))
		require.Equal(t, base+uint32(last), newOffset(^uint64(0), e))
		require.Equal(t, base+uint32(last/3), newOffset(last/3<<1<<(63-footerBits(slot)), e))
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
	require.Equal(t, uint32(9), q.pushIf(9, flagNew).newest())
	require.Equal(t, uint32(8), q.pushIf(9, flagLiteral).newest())
}
