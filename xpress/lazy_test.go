package xpress

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
)

// lazyLevels are all that parse lazily.
var lazyLevels = []int{1, 5, 10, 20, 30, 40, 50, 55}

// A plainPair encodes with the fast parse and without.
type plainPair struct{ fast, plain *Encoder }

func newPlainPair(t testing.TB, level int) plainPair {
	fast, err := NewEncoder(MaxChunk, level)
	require.NoError(t, err)
	plain, err := NewEncoder(MaxChunk, level)
	require.NoError(t, err)
	plain.plain = true
	return plainPair{fast, plain}
}

// parse returns the items of src when they have been counted.
func parse(e *Encoder, src []byte) []item {
	e.chains.Reset(src)
	e.code.reset()
	e.code.count(e.items[e.parseLazily(src):])
	return e.items
}

// requireEqual checks that both find the same items, count them and write them.
func (p plainPair) requireEqual(t testing.TB, src []byte) {
	if !slices.Equal(parse(p.plain, src), parse(p.fast, src)) {
		require.Equal(t, p.plain.items, p.fast.items, "%q", src)
	}
	if p.plain.code.freqs != p.fast.code.freqs {
		require.Equal(t, p.plain.code.freqs, p.fast.code.freqs)
	}
	require.Equal(t, p.plain.code.huge, p.fast.code.huge)
	want, got := make([]byte, len(src)), make([]byte, len(src))
	n := p.plain.Encode(want, src)
	require.Equal(t, n, p.fast.Encode(got, src))
	require.True(t, bytes.Equal(want[:n], got[:n]))
}

// lazilyFast finds the items that lazilyPlain does.
func TestLazilyFast(t *testing.T) {
	rounds := 24
	if codectest.AddressSanitizer || runtime.GOARCH != "amd64" { // slow, or both are one
		rounds = 1
	}
	random := rand.New(rand.NewPCG(31, 32))
	for _, level := range lazyLevels {
		pair := newPlainPair(t, level)
		for round := range rounds {
			programs := make([]byte, 1+random.IntN(3000))
			for i := range programs {
				programs[i] = byte(random.Uint32())
			}
			size := 1 + random.IntN(MaxChunk)
			if round%2 == 0 {
				size = 261 + random.IntN(400)
			}
			pair.requireEqual(t, codectest.Repeats(programs, size))
		}
		for _, src := range codectest.WorstChunks(MaxChunk * rounds / 24) {
			pair.requireEqual(t, src)
		}
		for range 12 * rounds {
			pair.requireEqual(t, codectest.Endings(random))
		}
	}
}

// FuzzLazy checks the same.
func FuzzLazy(f *testing.F) {
	f.Add([]byte("lazy"), uint16(4096), byte(0))
	f.Add([]byte{200, 1, 7, 10, 'a', 0, 20, 'b', 3, 255, 250, 61, 130, 2, 9}, uint16(300), byte(6))
	f.Add([]byte{250, 0, 59}, uint16(65535), byte(3))
	pairs := make([]plainPair, len(lazyLevels))
	for i, level := range lazyLevels {
		pairs[i] = newPlainPair(f, level)
	}
	f.Fuzz(func(t *testing.T, programs []byte, size uint16, level byte) {
		src := codectest.Repeats(programs, int(size)+1)
		pairs[int(level)%len(pairs)].requireEqual(t, src)
	})
}
