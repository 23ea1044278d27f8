package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The XML of the delta file says how many bytes its image has, and wimlib's
// listing which of its files are not in it.
func TestMissingBytes(t *testing.T) {
	open := func(file string) *ReadCloser {
		r, err := OpenReader(wimtest.FixturePath(t, file))
		require.NoError(t, err)
		t.Cleanup(func() { r.Close() })
		return r
	}
	for _, file := range wimtest.FixtureFiles(t) {
		if file != "delta.wim" {
			require.Zero(t, open(file).MissingBytes(), file)
		}
	}
	delta := open("delta.wim")
	held := make(map[string]bool)
	for b := range delta.Blobs() {
		held[b.SHA1.String()] = true
	}
	var missing uint64
	listing, err := wimtest.ParseListing(wimtest.FixtureBytes(t, "expected/later.dir.txt"))
	require.NoError(t, err)
	for _, entry := range listing {
		for _, s := range entry.Streams {
			if s.Size > 0 && !held[s.SHA1] {
				missing += uint64(s.Size)
			}
		}
	}
	require.Equal(t, missing, delta.MissingBytes())
}
