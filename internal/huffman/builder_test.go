package huffman_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/huffman"
)

// kraft is the sum of 2^-length over all codewords, in units of 2^-16.
func kraft(lens []uint8) int {
	sum := 0
	for _, l := range lens {
		if l > 0 {
			sum += 1 << (16 - l)
		}
	}
	return sum
}

func totalLength(lens []uint8, freqs []uint32) uint64 {
	sum := uint64(0)
	for s, f := range freqs {
		sum += uint64(f) * uint64(lens[s])
	}
	return sum
}

// leastLength tries every complete code of at most limit bits: every way to
// spread sorted symbols over lengths, longest first.
func leastLength(freqs []uint32, limit int) uint64 {
	var used []uint32
	for _, f := range freqs {
		if f > 0 {
			used = append(used, f)
		}
	}
	slices.Sort(used)
	slices.Reverse(used)
	best := uint64(math.MaxUint64)
	var try func(rest []uint32, length, nodes int, sum uint64)
	// nodes is how many codewords of this length there could be.
	try = func(rest []uint32, length, nodes int, sum uint64) {
		if len(rest) == 0 {
			if nodes == 0 {
				best = min(best, sum)
			}
			return
		}
		if length > limit || nodes == 0 {
			return
		}
		for n := 0; n <= min(nodes, len(rest)); n++ {
			try(rest[n:], length+1, 2*(nodes-n), sum)
			if n < len(rest) {
				sum += uint64(rest[n]) * uint64(length)
			}
		}
	}
	try(used, 1, 2, 0)
	return best
}

func TestLengthsAreBest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var b huffman.Builder
	for range 3000 {
		n := 2 + random.IntN(9)
		limit := 1
		for 1<<limit < n {
			limit++
		}
		limit += random.IntN(3)
		freqs := make([]uint32, n)
		for i := range freqs {
			freqs[i] = 1 + random.Uint32()>>random.IntN(32)%(1<<20)
		}
		lens := make([]uint8, n)
		b.Lengths(lens, freqs, limit)
		require.Equal(t, 1<<16, kraft(lens), "%v %v", freqs, lens)
		require.LessOrEqual(t, int(slices.Max(lens)), limit)
		require.Equal(t, leastLength(freqs, limit), totalLength(lens, freqs), "%v %v limit %d", freqs, lens, limit)
	}
}

// Fibonacci numbers make the longest codewords: every internal node is as heavy
// as the next leaf, so that without a limit the lengths are 1, 2, 3 ... n-1,
// n-1.
func TestFibonacci(t *testing.T) {
	freqs := []uint32{1, 1}
	for len(freqs) < 40 {
		freqs = append(freqs, freqs[len(freqs)-1]+freqs[len(freqs)-2])
	}
	var b huffman.Builder
	lens := make([]uint8, 17)
	b.Lengths(lens, freqs[:17], 16)
	require.Equal(t, []uint8{16, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, lens)

	for n := 14; n <= 40; n++ {
		for limit := 6; limit < min(n-1, 16); limit++ {
			lens := make([]uint8, n)
			b.Lengths(lens, freqs[:n], limit)
			require.Equal(t, 1<<16, kraft(lens))
			require.EqualValues(t, limit, slices.Max(lens))
			// Trying all lengths takes seconds for 17 symbols.
			if n == 14 && limit > 9 || n == 17 && limit > 12 && !testing.Short() {
				require.Equal(t, leastLength(freqs[:n], limit), totalLength(lens, freqs[:n]))
			}
		}
	}
}

func TestFewSymbols(t *testing.T) {
	var b huffman.Builder
	lens := []uint8{9, 9, 9, 9}
	b.Lengths(lens, []uint32{0, 0, 0, 0}, 7)
	require.Equal(t, []uint8{0, 0, 0, 0}, lens)
	b.Lengths(lens, []uint32{0, 0, 7, 0}, 7)
	require.Equal(t, []uint8{0, 0, 1, 0}, lens)
	b.Lengths(lens, []uint32{1, 0, 7, 0}, 7)
	require.Equal(t, []uint8{1, 0, 1, 0}, lens)

	// As many as there are codewords.
	lens = make([]uint8, 512)
	freqs := make([]uint32, 512)
	for i := range freqs {
		freqs[i] = 1 << (i % 32)
	}
	b.Lengths(lens, freqs, 9)
	require.Equal(t, slices.Repeat([]uint8{9}, 512), lens)
	require.Panics(t, func() { b.Lengths(lens, freqs, 8) })
}

// The code of RFC 1951, section 3.2.2.
func TestCodewords(t *testing.T) {
	var b huffman.Builder
	codes := make([]uint16, 8)
	b.Codewords(codes, []uint8{3, 3, 3, 3, 3, 2, 4, 4})
	require.Equal(t, []uint16{0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111}, codes)
}

// A code does not depend on those before, and nothing is allocated.
func TestBuilderIsReused(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var used huffman.Builder
	used.Lengths(make([]uint8, 512), make([]uint32, 512), 15)
	for range 200 {
		freqs := make([]uint32, 1+random.IntN(512))
		for i := range freqs {
			freqs[i] = random.Uint32() >> random.IntN(40)
		}
		want, got := make([]uint8, len(freqs)), make([]uint8, len(freqs))
		new(huffman.Builder).Lengths(want, freqs, 9)
		used.Lengths(got, freqs, 9)
		require.Equal(t, want, got)
		require.Zero(t, testing.AllocsPerRun(1, func() { used.Lengths(got, freqs, 9) }))
	}
}

// FuzzLengths checks what a decoder would: the lengths are those of a complete
// code.
func FuzzLengths(f *testing.F) {
	f.Add([]byte{1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233}, byte(4))
	f.Add([]byte{0, 0, 3}, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, more byte) {
		data = data[:min(len(data), 1<<12)]
		freqs, n := make([]uint32, len(data)), 0
		for i, b := range data {
			freqs[i] = uint32(b&15) << (b >> 4 * 2 % 28)
			if freqs[i] > 0 {
				n++
			}
		}
		limit := 1
		for 1<<limit < n {
			limit++
		}
		limit = min(limit+int(more%16), 16)
		lens := make([]uint8, len(data))
		var b huffman.Builder
		b.Lengths(lens, freqs, limit)
		for s, f := range freqs {
			require.Equal(t, f > 0, lens[s] > 0)
			require.LessOrEqual(t, int(lens[s]), limit)
		}
		if n > 1 {
			require.Equal(t, 1<<16, kraft(lens))
		}
	})
}

func BenchmarkLengths(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	freqs := make([]uint32, 512)
	for i := range freqs[:350] {
		freqs[i] = random.Uint32() >> (22 + random.IntN(10))
	}
	lens := make([]uint8, len(freqs))
	var builder huffman.Builder
	for b.Loop() {
		builder.Lengths(lens, freqs, 15)
	}
}
