package xpress_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/xpress"
)

// The longest match is of all bytes except the first; lengths around those that
// take one and three bytes more; the farthest offset is 65,535 less the match.
func TestMatchExtremes(t *testing.T) {
	for _, level := range []int{1, 30, 50, 60, 100} {
		e, err := xpress.NewEncoder(xpress.MaxChunk, level)
		require.NoError(t, err)

		// 256 bytes of lengths, 4 units at most, 3 length bytes: less than 270.
		chunk := encode(t, e, make([]byte, xpress.MaxChunk))
		require.NotNil(t, chunk)
		require.Less(t, len(chunk), 270)

		for _, length := range []int{3, 4, 16, 17, 18, 19, 272, 273, 274, 1000} {
			src := make([]byte, 0, 4096)
			random := rand.New(rand.NewPCG(9, uint64(length)))
			for range 1200 {
				src = append(src, byte(random.IntN(60)))
			}
			src = append(src, 99)
			src = append(src, src[:length]...)
			src = append(src, 98)
			require.NotNil(t, encode(t, e, src), "match of %d bytes, level %d", length, level)
		}

		src := bytes.Repeat([]byte("ab"), xpress.MaxChunk/2)
		random := rand.New(rand.NewPCG(11, 12))
		far := make([]byte, 40)
		for i := range far {
			far[i] = byte(random.Uint32())
		}
		copy(src, far)
		copy(src[len(src)-len(far):], far) // 65,496 bytes back
		require.NotNil(t, encode(t, e, src))
	}
}

// Every length up to 1,000 bytes, of content that gets smaller early and of
// such that does not.
func TestShortChunks(t *testing.T) {
	for _, level := range []int{1, 50, 60, 100} {
		e, err := xpress.NewEncoder(4096, level)
		require.NoError(t, err)
		text := bytes.Repeat([]byte("a chunk that is short; "), 50)
		for n := 1; n <= 1000; n++ {
			for _, src := range [][]byte{make([]byte, n), text[:n]} {
				chunk := encode(t, e, src)
				if n <= 260 {
					require.Nil(t, chunk, "260 bytes are the least there can be")
				} else if src[0] == 0 && n > 270 {
					require.NotNil(t, chunk)
				}
			}
		}
	}
}

// BenchmarkWorst is where the speed that the package's documentation promises
// for any content comes from.
func BenchmarkWorst(b *testing.B) {
	for _, level := range []int{1, 50, 60, 79, 100} {
		e, err := xpress.NewEncoder(xpress.MaxChunk, level)
		require.NoError(b, err)
		for name, src := range codectest.WorstChunks(xpress.MaxChunk) {
			b.Run(fmt.Sprintf("level %d/%s", level, name), func(b *testing.B) {
				dst := make([]byte, len(src))
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					e.Encode(dst, src)
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	src := edgeChunks()["text 32768"]
	for _, level := range []int{1, 10, 30, 50, 60, 100} {
		b.Run(fmt.Sprint("level ", level), func(b *testing.B) {
			e, err := xpress.NewEncoder(len(src), level)
			require.NoError(b, err)
			dst := make([]byte, len(src))
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				e.Encode(dst, src)
			}
		})
	}
}
