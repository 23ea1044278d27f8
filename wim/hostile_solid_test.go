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

// A solid resource that cannot be read takes its own blobs with it, not those of
// the resources behind it in the run.
func TestHostileSolidNeighbours(t *testing.T) {
	data := counted(100_000)
	for name, damage := range map[string]struct {
		solid func(s *wimtest.Solid)
		entry func(e *wimtest.TableEntry)
		kind  error
	}{
		"size in the table too large": {entry: func(e *wimtest.TableEntry) { e.Size += 90_000 }, kind: ErrFormat},
		"size in the table too small": {entry: func(e *wimtest.TableEntry) { e.Size -= 1 }, kind: ErrFormat},
		"chunk sizes that do not add up": {solid: func(s *wimtest.Solid) {
			s.Sizes = []uint32{32768, 32768, 32768, 9}
		}, kind: ErrFormat},
		"chunk size above the limit": {solid: func(s *wimtest.Solid) {
			s.ChunkSize, s.Codec, s.Chunks = 1<<30, wimtest.CodecLZMS, [][]byte{data}
		}, kind: ErrLimit},
		"unknown codec": {solid: func(s *wimtest.Solid) { s.Codec = 4 }, kind: ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			w := wimtest.NewWIM()
			first := wimtest.SolidOf(data, wimtest.CodecLZX, 32768)
			if damage.solid != nil {
				damage.solid(&first)
			}
			i := w.AddSolid(first)
			if damage.entry != nil {
				damage.entry(&w.Table[i])
			}
			w.AddSolid(wimtest.SolidOf(data[1:], wimtest.CodecXPRESS, 4096))
			lost := w.AddSolidBlob(data[7:77], 7)
			good := w.AddSolidBlob(data[2:80_000], 100_001)
			withImage(w, lost, good)
			r := openCrafted(t, w)
			requireNoFile(t, craftedTree(t, r), "0", damage.kind)
			requireFile(t, craftedTree(t, r), "1", data[2:80_000])
			problems := verifyCrafted(t, r).Problems
			if name == "size in the table too large" {
				require.ErrorContains(t, problems[0].Err, "1 resources overlap others")
				problems = problems[1:]
			}
			require.Len(t, problems, 1)
			requireClear(t, problems[0].Err, damage.kind)
			require.Equal(t, []string{"1:0"}, problems[0].Affected)
		})
	}
}
