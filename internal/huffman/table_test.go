package huffman

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

const escape = 1 << 31

// payloads puts the symbol above the length of the codeword.
func payloads(n int) []uint32 {
	payload := make([]uint32, n)
	for i := range payload {
		payload[i] = uint32(i) << 8
	}
	return payload
}

// newTable gives a table the least memory that it can have.
func newTable(symbols, bits, longest int, escape, step uint32) *Table {
	size := 1 << bits
	if longest > bits {
		size += symbols << (longest - bits - 1)
	}
	return NewTable(make([]uint32, size), symbols, bits, longest, escape, step)
}

// The code in the package comment: A=0, B=10, C=110, D=111.
func TestPackageExample(t *testing.T) {
	const a, b, c, d = 0<<8 | 1, 1<<8 | 2, 2<<8 | 3, 3<<8 | 3
	lengths, payload := []uint8{1, 2, 3, 3}, payloads(4)

	table := newTable(4, 4, 16, escape, 1)
	require.NoError(t, table.Build(lengths, payload))
	require.Equal(t, []uint32{a, a, a, a, a, a, a, a, b, b, b, b, c, c, d, d}, table.Main)
	require.Empty(t, table.Long)

	table = newTable(4, 2, 16, escape, 1)
	require.NoError(t, table.Build(lengths, payload))
	require.Equal(t, []uint32{a, a, b, escape}, table.Main)
	require.Equal(t, []uint32{c, d}, table.Long)
	require.Equal(t, uint64(0b110), table.LongBase)
	require.Equal(t, uint(61), table.LongShift)

	table = newTable(4, 1, 16, escape, 1)
	require.NoError(t, table.Build(lengths, payload))
	require.Equal(t, []uint32{a, escape}, table.Main)
	require.Equal(t, []uint32{b, b, c, d}, table.Long)
}

func TestStep(t *testing.T) {
	table := newTable(4, 2, 16, escape, 1<<4|1)
	require.NoError(t, table.Build([]uint8{1, 2, 3, 3}, payloads(4)))
	require.Equal(t, []uint32{0x011, 0x011, 0x122, escape}, table.Main)
	require.Equal(t, []uint32{0x233, 0x333}, table.Long)
}

// randomLengths returns the lengths of a complete code: it begins with one leaf
// and splits leaves that are not too deep.
func randomLengths(r *rand.Rand, symbols, used, longest int) []uint8 {
	leaves := []uint8{0}
	for len(leaves) < used {
		i := r.IntN(len(leaves))
		if r.IntN(3) == 0 { // makes deep codes likely
			i = len(leaves) - 1
		}
		if int(leaves[i]) < longest {
			leaves[i]++
			leaves = append(leaves, leaves[i])
		}
	}
	lengths := make([]uint8, symbols)
	for i, s := range r.Perm(symbols)[:used] {
		lengths[s] = leaves[i]
	}
	return lengths
}

// Every 16-bit input is decoded as walking the codewords does that the
// definition gives: numbers in (length, symbol) order, doubled at each new
// length.
func TestAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		symbols := 2 + r.IntN(700)
		used := 2 + r.IntN(symbols-1)
		bits := 1 + r.IntN(12)
		longest := 10 + r.IntN(7)
		lengths := randomLengths(r, symbols, used, longest)
		table := newTable(symbols, bits, longest, escape, 1)
		require.NoError(t, table.Build(lengths, payloads(symbols)))

		want := make([]uint32, 0, 1<<16)
		for length := 1; length <= 16; length++ {
			for symbol, l := range lengths {
				if int(l) == length {
					for range 1 << (16 - length) {
						want = append(want, uint32(symbol)<<8|uint32(length))
					}
				}
			}
		}
		require.Len(t, want, 1<<16)
		for input, entry := range want {
			if table.Lookup(uint64(input)<<48|uint64(input*7919)) != entry {
				require.Equal(t, entry, table.Lookup(uint64(input)<<48), "input %016b", input)
			}
		}
	}
}

func TestRejected(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		symbols := 2 + r.IntN(300)
		longest := 10 + r.IntN(7)
		lengths := randomLengths(r, symbols, 2+r.IntN(symbols-1), longest)
		table := newTable(symbols, 1+r.IntN(12), longest, escape, 1)
		payload := payloads(symbols)
		at := r.IntN(symbols)
		for lengths[at] == 0 {
			at = r.IntN(symbols)
		}
		good := lengths[at]
		lengths[at] = 0
		require.ErrorIs(t, table.Build(lengths, payload), ErrIncomplete)
		if good > 1 {
			lengths[at] = good - 1
			require.ErrorIs(t, table.Build(lengths, payload), ErrOversubscribed)
		}
		lengths[at] = uint8(longest + 1)
		require.ErrorIs(t, table.Build(lengths, payload), ErrOversubscribed)
		lengths[at] = 31
		require.ErrorIs(t, table.Build(lengths, payload), ErrOversubscribed)
		lengths[at] = good
		require.NoError(t, table.Build(lengths, payload))
	}
	table := newTable(10, 3, 16, escape, 1)
	require.Equal(t, ErrEmpty, table.Build(make([]uint8, 10), payloads(10)))
	require.Equal(t, make([]uint32, 8), table.Main)
	require.Zero(t, table.Lookup(1<<63))
	require.Equal(t, ErrEmpty, table.Build(nil, nil))
}

// A build is skipped only for the same lengths and the same payload, and never
// after one that failed.
func TestRebuild(t *testing.T) {
	table := newTable(4, 3, 16, escape, 1)
	one, two := payloads(4), payloads(4)
	two[0] |= 1 << 20
	a, b, bad := []uint8{1, 1, 0, 0}, []uint8{2, 2, 2, 2}, []uint8{1, 1, 1, 0}
	require.NoError(t, table.Build(a, one))
	require.NoError(t, table.Build(a, one))
	require.Equal(t, uint32(1), table.Lookup(0))
	require.NoError(t, table.Build(a, two))
	require.Equal(t, uint32(1<<20|1), table.Lookup(0))
	require.NoError(t, table.Build(b, two))
	require.Equal(t, uint32(1<<20|2), table.Lookup(0))
	require.Error(t, table.Build(bad, two))
	require.Error(t, table.Build(bad, two))
	require.NoError(t, table.Build(b, two))
	require.Equal(t, ErrEmpty, table.Build(make([]uint8, 4), two))
	require.NoError(t, table.Build(b, two))
	require.Equal(t, uint32(1<<20|2), table.Lookup(0))
}

func BenchmarkBuild(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	one, two := randomLengths(r, 496, 300, 16), randomLengths(r, 496, 300, 16)
	payload := payloads(496)
	table := newTable(496, 11, 16, escape, 1)
	for b.Loop() {
		if table.Build(one, payload) != nil || table.Build(two, payload) != nil {
			b.Fatal("not a complete code")
		}
	}
}
