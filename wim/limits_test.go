package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The limits that the comment of Limits promises are those that hold, for a
// field that is 0 or negative.
func TestDefaultLimits(t *testing.T) {
	for _, unset := range []int64{0, -1, -1 << 63} {
		l := Limits{XML: unset, BlobTable: unset, Metadata: unset, ChunkSize: unset}
		l.setDefaults()
		require.Equal(t, Limits{XML: 64 << 20, BlobTable: 512 << 20, Metadata: 256 << 20, ChunkSize: 64 << 20}, l)
	}
	l := Limits{XML: 1, BlobTable: 2, Metadata: 3, ChunkSize: 4, ChunkCache: 5}
	l.setDefaults()
	require.Equal(t, Limits{XML: 1, BlobTable: 2, Metadata: 3, ChunkSize: 4, ChunkCache: 5}, l)

	require.EqualValues(t, 16<<20, openCrafted(t, craftedHello()).cache.Budget)
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.Solid{USize: 5, ChunkSize: 32768, Codec: wimtest.CodecLZX, Chunks: [][]byte{[]byte("hello")}})
	withImage(w, w.AddSolidBlob([]byte("hello"), 0))
	for unset, want := range map[int64]int64{0: 256 << 20, -1: 256 << 20, 7: 7} {
		require.Equal(t, want, openCrafted(t, w, WithLimits(Limits{ChunkCache: unset})).cache.Budget)
	}
}
