package lzx

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/match"
)

// searchFast makes the same words as searchPlain: chunks of all sizes come out
// equal.
func TestSearchFast(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	for _, window := range []int{1 << 15, 1 << 19} {
		for _, level := range []int{40, 50, 70, 100} {
			fast, err := NewEncoder(window, level)
			require.NoError(t, err)
			plain, err := NewEncoder(window, level)
			require.NoError(t, err)
			plain.plain = true
			rounds := 40
			if window > 1<<15 {
				rounds = 2
			}
			for round := range rounds {
				size := window - random.IntN(window/2)
				if round%4 == 0 {
					size = 1 + random.IntN(2000)
				}
				src := mixed(random, size)
				want, got := make([]byte, size), make([]byte, size)
				n := plain.Encode(want, src)
				require.Equal(t, n, fast.Encode(got, src))
				require.True(t, bytes.Equal(want[:n], got[:n]))
			}
		}
	}
}

// The positions inside of a match that is to be taken have none of their own,
// up to where another such match begins. It is that one which goes on.
func TestTakeLongest(t *testing.T) {
	e, err := NewEncoder(1<<15, 50)
	require.NoError(t, err)
	nice := e.params.nice
	random := rand.New(rand.NewPCG(23, 24))
	src := make([]byte, 2*maxMatch)
	for i := range src {
		src[i] = byte(random.Uint32())
	}
	again := len(src)
	src = append(src, src...)
	e.load(src)
	e.finder.Reset(src)
	e.seg.reset()
	e.seg.begin(e, 0, len(src))

	second := again + maxMatch - nice
	for _, pos := range []int{second, again, second} {
		found := e.seg.matchesAt(e, pos)
		require.Equal(t, match.Match{Length: maxMatch, Offset: uint32(again)}, found[len(found)-1])
	}
	for pos := again + 1; pos < second+maxMatch; pos++ {
		if pos != second {
			require.Empty(t, e.seg.matchesAt(e, pos), pos)
		}
	}
	require.NotEmpty(t, e.seg.matchesAt(e, second+maxMatch))
}

// mixed makes content of all kinds: random bytes, repeats of what was there,
// changed in places, and runs.
func mixed(random *rand.Rand, size int) []byte {
	out := []byte{1}
	symbols := 1 + random.IntN(256)
	for len(out) < size {
		n := 1 + random.IntN(40)
		if random.IntN(20) == 0 {
			n = random.IntN(1000)
		}
		offset := 1 + random.IntN(len(out))
		if random.IntN(2) == 0 {
			offset = 1 + random.IntN(min(len(out), 50))
		}
		literal := random.IntN(3) == 0
		for range n {
			b := out[len(out)-offset]
			if literal || random.IntN(15) == 0 {
				b = byte(random.IntN(symbols))
			}
			out = append(out, b)
		}
	}
	return out[:size]
}
