package lzx_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/lzx"
)

// No variant reads outside of src or writes outside of dst, whether the chunk
// is whole, cut off or damaged.
func TestPageEdges(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for _, v := range codectest.Vectors(t) {
		decoders, err := lzx.NewVariants(v.Window)
		require.NoError(t, err)
		for name, d := range decoders {
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

// encoded lets AtPageEdges see an encoder: it decodes what it encodes.
type encoded struct {
	encoder *lzx.Encoder
	decoder *lzx.Decoder
}

func (e encoded) Decode(dst, src []byte) error {
	n := e.encoder.Encode(dst, src)
	if n == 0 {
		copy(dst, src)
		return nil
	}
	chunk := bytes.Clone(dst[:n])
	return e.decoder.Decode(dst, chunk)
}

func TestEncodePageEdges(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	d := newDecoder(t, 1<<15)
	for _, level := range []int{1, 50, 100} {
		both := encoded{newEncoder(t, 1<<15, level), d}
		for _, content := range contents {
			for _, size := range []int{1, 2, 3, 10, 1 + random.IntN(3000), 1 << 15} {
				codectest.AtPageEdges(t, both, size, content.make(random, size))
			}
		}
	}
}
