package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A solid resource without a codec can be read where its chunks are stored raw.
// A chunk that is not is unsupported, whatever decoders are at hand from
// earlier reads.
func TestHostileSolidCodecNone(t *testing.T) {
	data := counted(1000)
	w := wimtest.NewWIM()
	// LZMS chunks that cannot be decoded leave a decoder behind for later ones.
	w.AddSolid(wimtest.Solid{USize: 32768, ChunkSize: 32768, Codec: wimtest.CodecLZMS, Chunks: [][]byte{make([]byte, 100)}})
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecNone, 256))
	w.AddSolid(wimtest.Solid{USize: 32768, ChunkSize: 32768, Codec: wimtest.CodecNone, Chunks: [][]byte{make([]byte, 100)}})
	bad := w.AddSolidBlob(counted(20), 0)
	good := w.AddSolidBlob(data[100:900], 32768+100)
	packed := w.AddSolidBlob(counted(10), 32768+1000)
	withImage(w, bad, good, packed)
	tree := craftedTree(t, openCrafted(t, w))
	for range 10 {
		_, err := tree.ReadFile("0")
		require.Error(t, err)
		requireNoFile(t, tree, "2", ErrUnsupported)
	}
	requireFile(t, tree, "1", data[100:900])

	// Chunks of few bytes would cost more memory than they hold.
	for _, size := range []uint32{0, 1, 128, 300} {
		w := wimtest.NewWIM()
		solid := wimtest.SolidOf(data[:256], wimtest.CodecNone, 256)
		solid.ChunkSize = size
		w.AddSolid(solid)
		withImage(w, w.AddSolidBlob(data[:10], 0))
		_, err := craftedTree(t, openCrafted(t, w)).ReadFile("0")
		require.Error(t, err)
		require.ErrorContains(t, err, "chunk size")
	}
}
