package lzms

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"
)

// The check values are those of the WIM format sheet, appendix C.
func TestSlotTables(t *testing.T) {
	for _, test := range []struct {
		name        string
		slots       []slot
		base, extra uint32
	}{
		{"offset", offsets.slot[:799], 0x6ffb4437, 0x661ea487},
		{"length", lengths.slot[:54], 0xff946a48, 0x3647af3f},
	} {
		var base, extra []byte
		for _, s := range test.slots {
			base = binary.LittleEndian.AppendUint32(base, s.base)
			extra = append(extra, byte(bits.Len32(s.mask)))
		}
		require.Equal(t, test.base, crc32.ChecksumIEEE(base), "%s bases", test.name)
		require.Equal(t, test.extra, crc32.ChecksumIEEE(extra), "%s extra bits", test.name)
	}
}

// The numbers are those of the WIM format sheet, section 6.7.
func TestOffsetSlots(t *testing.T) {
	for size, want := range map[int]int{
		2: 1, 3: 2, 100: 24, 4096: 83,
		32 << 10: 142, 64 << 10: 171, 128 << 10: 203, 256 << 10: 237, 512 << 10: 275,
		1 << 20: 317, 2 << 20: 368, 4 << 20: 430, 8 << 20: 494, 16 << 20: 565,
		32 << 20: 643, 64 << 20: 729, 128 << 20: 799, 256 << 20: 799, 1 << 30: 799,
	} {
		require.Equal(t, want, offsetSlots(size), "size %d", size)
	}
}
