package xpress_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/xpress"
)

// No variant reads outside of src or writes outside of dst, whether the chunk is
// whole, cut off or damaged.
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
