package lzms

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkFilter compares undo with the loop of section 6.9, for all variants, and
// with places near their overflow.
func checkFilter(t *testing.T, f *x86Filter, data []byte) {
	t.Helper()
	want := bytes.Clone(data)
	referenceFilter(want)
	for _, v := range variants {
		got := bytes.Clone(data)
		f.undo(got, v)
		require.True(t, bytes.Equal(want, got), "%s, base %#x", v, f.base)
	}
}

// x86Bytes returns bytes among which instructions that the filter knows, and
// bytes that look like the start of one, are frequent, with few addresses.
func x86Bytes(random *rand.Rand, size int) []byte {
	starts := []string{"\xE8", "\xE9", "\xFF\x15", "\xF0\x83\x05", "\x48\x8D\x05", "\x4C\x8D\x3D",
		"\x48\x8B\x05", "\x48\x8B\x0D", "\x4C\x8B\x05", "\x48\x8B\x15", "\x48\x89\x05", "\xC8\x8B\x05",
		"\xFF", "\xF0", "\x48", "\x4C\x8D", "\x90", "\xF0\x83", "\xFF\xE8", "\x15\xE9"}
	var b []byte
	for len(b) < size {
		b = append(b, starts[random.IntN(len(starts))]...)
		switch random.IntN(4) {
		case 0:
			b = append(b, byte(random.IntN(2)), byte(random.IntN(2)), 0, 0)
		case 1: // an absolute address from here, to one of a few places
			v := len(b) + random.IntN(4)
			b = append(b, byte(v), byte(v>>8), byte(v>>16), 0)
		case 2:
			b = append(b, make([]byte, random.IntN(1+random.IntN(2000)))...)
		}
	}
	return b[:size]
}

func TestFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	f := new(x86Filter)
	for range 200 {
		checkFilter(t, f, x86Bytes(random, random.IntN(20000)))
	}
	for size := range 150 {
		checkFilter(t, f, x86Bytes(random, size))
	}
}

// Places are 32-bit numbers that count on from chunk to chunk. This decodes
// chunks on the way to, and past, their greatest value.
func TestFilterOverflow(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	f := new(x86Filter)
	wraps := 0
	for range 500 {
		if f.base != 0 && f.base < math.MaxUint32-1<<21 {
			f.base = math.MaxUint32 - uint32(random.IntN(1<<20))
		}
		before := f.base
		checkFilter(t, f, x86Bytes(random, random.IntN(3000)))
		if f.base < before {
			wraps++
		}
	}
	require.Greater(t, wraps, 10)
}

// The values of places are right up to the last one that fits.
func TestFilterBase(t *testing.T) {
	const room = 1000
	f := new(x86Filter)
	require.EqualValues(t, reach+1, f.nextBase(room), "the first base")
	require.EqualValues(t, 2*(reach+1)+room, f.nextBase(room))

	f.seen[5] = 77
	f.base = math.MaxUint32 - uint32(room)
	require.EqualValues(t, uint32(math.MaxUint32-room), f.nextBase(room), "just fits")
	require.EqualValues(t, 77, f.seen[5])
	require.EqualValues(t, reach+1, f.nextBase(room), "after a clear")
	require.Zero(t, f.seen[5])

	f.seen[5] = 77
	f.base = math.MaxUint32 - uint32(room) + 1
	require.EqualValues(t, reach+1, f.nextBase(room), "does not fit")
	require.Zero(t, f.seen[5])
}

// Every value of the first three bytes of an instruction.
func TestFind(t *testing.T) {
	f := new(x86Filter)
	for b0 := range 256 {
		for b1 := range 256 {
			data := make([]byte, b1%33) // at all alignments
			for b2 := range 256 {
				data = append(data, byte(b0), byte(b1), byte(b2), 0x90)
			}
			n := len(data)
			data = append(data, make([]byte, tailSize)...)

			var want []uint16
			for i := range n {
				if isX86Start(data[i], data[i+1], data[i+2]) {
					want = append(want, uint16(i))
				}
			}
			for _, v := range variants {
				if got := f.found[:v.find(f, data, n)]; !slices.Equal(want, got) {
					require.Equal(t, want, got, "%s, bytes %#x %#x", v, b0, b1)
				}
			}
		}
	}
}

// As many instructions as there are bytes.
func TestFindMost(t *testing.T) {
	f := new(x86Filter)
	data := bytes.Repeat([]byte{0xE8}, filterBlock+tailSize)
	for _, n := range []int{1, 63, 64, 65, filterBlock - 1, filterBlock} {
		for _, v := range variants {
			require.Equal(t, n, v.find(f, data[:n+tailSize], n), v)
			for i, at := range f.found[:n] {
				require.EqualValues(t, i, at, v)
			}
		}
	}
}

// FuzzFilter compares all variants with the loop of section 6.9. It starts at a
// base that the input chooses.
func FuzzFilter(f *testing.F) {
	random := rand.New(rand.NewPCG(11, 12))
	for i := range 10 {
		f.Add(x86Bytes(random, 300*i), uint32(0))
		f.Add(x86Bytes(random, 300*i), math.MaxUint32-uint32(300*i))
	}
	filter := new(x86Filter)
	f.Fuzz(func(t *testing.T, data []byte, base uint32) {
		if base > filter.base { // else some places of the past would be ahead
			filter.base = base
		}
		checkFilter(t, filter, data)
	})
}
