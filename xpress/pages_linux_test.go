package xpress_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/xpress"
)

// No variant reads outside of src or writes outside of dst, whether the chunk
// is whole, cut off or damaged.
func TestPageEdges(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for _, v := range codectest.Vectors(t) {
		for name, d := range xpress.NewVariants() {
			t.Run(v.Name+"/"+name, func(t *testing.T) {
				codectest.AtPageEdges(t, d, v.Size, v.Chunk)
				for range 10 {
					damaged := bytes.Clone(v.Chunk[:1+random.IntN(len(v.Chunk))])
					damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
					codectest.AtPageEdges(t, d, 1+random.IntN(v.Size), damaged)
				}
			})
		}
	}
}

// The encoder neither, at any level.
func TestEncodePageEdges(t *testing.T) {
	edges := edgeChunks()
	for _, level := range []int{1, 20, 50, 60, 100} {
		e, err := xpress.NewEncoder(xpress.MaxChunk, level)
		require.NoError(t, err)
		for name, src := range edges {
			if len(src) <= 4096 || name == "text 65536" {
				codectest.EncodeAtPageEdges(t, e, src)
			}
		}
	}
}
