package lzx

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
)

// lazyKinds are the levels that parse lazily, for windows of one block and of
// more.
var lazyKinds = [][2]int{
	{1 << 15, 1}, {1 << 15, 5}, {1 << 15, 10}, {1 << 15, 20}, {1 << 15, 25},
	{1 << 16, 1}, {1 << 16, 10}, {1 << 16, 25},
}

// A plainPair encodes with the fast parse and without.
type plainPair struct{ fast, plain *Encoder }

func newPlainPair(t testing.TB, window, level int) plainPair {
	fast, err := NewEncoder(window, level)
	require.NoError(t, err)
	plain, err := NewEncoder(window, level)
	require.NoError(t, err)
	plain.plain = true
	return plainPair{fast, plain}
}

// parse returns the items of src.
func parse(e *Encoder, src []byte) []item {
	e.load(src)
	e.finder.Reset(e.data[:e.size])
	e.seg.reset()
	return e.parser.parseLazily(e, 0, e.size, e.pieceSize(), newRecentOffsets(1, 1, 1))
}

// requireEqual checks that both find the same items, count them and write them.
func (p plainPair) requireEqual(t testing.TB, src []byte) {
	plain, fast := parse(p.plain, src), parse(p.fast, src)
	if !slices.Equal(plain, fast) {
		require.Equal(t, plain, fast, "%q", src)
	}
	require.True(t, slices.Equal(p.plain.seg.pieces, p.fast.seg.pieces), "counts of %q", src)
	want, got := make([]byte, len(src)), make([]byte, len(src))
	n := p.plain.Encode(want, src)
	require.Equal(t, n, p.fast.Encode(got, src))
	require.True(t, bytes.Equal(want[:n], got[:n]))
}

// walkFast finds the items that walkPlain does.
func TestWalkFast(t *testing.T) {
	rounds := 24
	if codectest.AddressSanitizer || runtime.GOARCH != "amd64" { // slow, or both are one
		rounds = 1
	}
	random := rand.New(rand.NewPCG(31, 32))
	for _, kind := range lazyKinds {
		pair := newPlainPair(t, kind[0], kind[1])
		for round := range rounds {
			programs := make([]byte, 1+random.IntN(3000))
			for i := range programs {
				programs[i] = byte(random.Uint32())
			}
			size := 1 + random.IntN(kind[0])
			if round%2 == 0 {
				size = 1 + random.IntN(400)
			}
			pair.requireEqual(t, codectest.Repeats(programs, size))
		}
		for _, src := range codectest.WorstChunks(kind[0] * rounds / 24) {
			pair.requireEqual(t, src)
		}
		for range 12 * rounds {
			pair.requireEqual(t, codectest.Endings(random))
		}
	}
}

// A match up to the end of the chunk is better than one of all its bytes except
// the first, even if that one is nearer and goes on with zeros, as the padding
// does.
func TestWalkAtEnd(t *testing.T) {
	const far = 20000
	tail := []byte("0123456789AB")
	random := rand.New(rand.NewPCG(33, 34))
	src := append([]byte("begin"), tail...)
	for len(src) < far-9 {
		src = append(src, byte(128+random.IntN(128)))
	}
	src = append(append(src, tail[1:]...), 0, 1, 2)
	src = append(src, tail...)
	for _, kind := range lazyKinds {
		pair := newPlainPair(t, kind[0], kind[1])
		for _, e := range []*Encoder{pair.plain, pair.fast} {
			items := parse(e, src)
			last := items[len(items)-1]
			require.EqualValues(t, len(tail), last.length)
			require.EqualValues(t, far+offsetBias, last.offset)
		}
	}
}

// FuzzLazy checks the same.
func FuzzLazy(f *testing.F) {
	f.Add([]byte("lazy"), uint16(4096), byte(0))
	f.Add([]byte{200, 1, 7, 10, 'a', 0, 20, 'b', 3, 255, 250, 61, 130, 2, 9}, uint16(300), byte(2))
	f.Add([]byte{250, 0, 59}, uint16(65535), byte(6))
	pairs := make([]plainPair, len(lazyKinds))
	for i, kind := range lazyKinds {
		pairs[i] = newPlainPair(f, kind[0], kind[1])
	}
	f.Fuzz(func(t *testing.T, programs []byte, size uint16, kind byte) {
		k := int(kind) % len(pairs)
		pairs[k].requireEqual(t, codectest.Repeats(programs, int(size)%lazyKinds[k][0]+1))
	})
}
