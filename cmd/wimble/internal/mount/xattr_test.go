package mount

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// Windows does not count the GUID of a tag that is not Microsoft's: the length of
// 20 bytes of data is 20 with such a tag's high bit set, and 20 - 16 without.
func TestReparseBuffer(t *testing.T) {
	data := make([]byte, 20)
	for tag, length := range map[wim.ReparseTag]byte{0x80000017: 20, 0x00000042: 4} {
		buffer, err := reparseBuffer(wim.NewReparsePoint(tag, data))
		require.NoError(t, err)
		require.Len(t, buffer, 8+20)
		require.Equal(t, []byte{length, 0}, buffer[4:6])
	}
}
