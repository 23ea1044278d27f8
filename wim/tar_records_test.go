package wim

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The time of creation is formatted as archive/tar formats that of
// modification.
func TestPAXTime(t *testing.T) {
	const epoch = 116444736000000000 // 1970 in units of 100 ns
	for f, want := range map[Filetime]string{
		epoch:                "0",
		epoch + 10_000_000:   "1",
		epoch + 1:            "0.0000001",
		epoch + 15_000_000:   "1.5",
		epoch - 10_000_000:   "-1",
		epoch - 2_500_000:    "-0.25",
		epoch - 12_500_000:   "-1.25",
		epoch - 1:            "-0.0000001",
		1:                    "-11644473599.9999999",
		18446744073709551615: "1833029933770.9551615", // 2^64-1 less epoch
	} {
		require.Equal(t, want, paxTime(f))
		if !strings.Contains(want, ".") {
			continue // archive/tar does not write a record
		}
		var out bytes.Buffer
		require.NoError(t, tar.NewWriter(&out).WriteHeader(&tar.Header{Name: "x", Format: tar.FormatPAX, ModTime: f.Time()}))
		h, err := tar.NewReader(&out).Next()
		require.NoError(t, err)
		require.Equal(t, h.PAXRecords["mtime"], want)
	}
}
