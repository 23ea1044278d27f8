package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// A header that is read and appended is the same, for one that this package can
// write.
func TestHeaderIsKept(t *testing.T) {
	stored := wimfile.Header{
		Magic: wimfile.Magic, Size: 208, Version: 0x10D00, Flags: 0x200082, ChunkSize: 8192, GUID: [16]byte{1, 2},
		PartNumber: 2, TotalParts: 3, ImageCount: 4, BootIndex: 9,
		BlobTable: wimfile.ResourceHeader{Size: 50, Flags: 2, Offset: 1000, USize: 50},
		XML:       wimfile.ResourceHeader{Size: 60, Flags: 2, Offset: 1050, USize: 60},
		Integrity: wimfile.ResourceHeader{Size: 32, Offset: 1110, USize: 32},
		Unused:    [60]byte{7, 59: 8},
	}
	raw := [headerSize]byte(stored.Append(nil))
	h, err := parseHeader(&raw)
	require.NoError(t, err)
	require.Equal(t, CompressionXPRESS, h.Compression)
	require.Equal(t, raw[:], h.append(nil, wimfile.ResourceHeader{}))
}
