package xpress

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Counts that are Fibonacci numbers make the longest codewords: without a
// limit, one bit more for each rarer symbol. The symbol at the end is the first
// of them; with 21 literals there would be codewords of 21 bits.
func TestCodeLimit(t *testing.T) {
	var want []byte
	a, b := 1, 2
	for s := range 21 {
		want = append(want, bytes.Repeat([]byte{byte(s * 7)}, a)...)
		a, b = b, a+b
	}
	require.Len(t, want, 46366) // 2 less than the 24th Fibonacci number
	random := rand.New(rand.NewPCG(7, 8))
	random.Shuffle(len(want), func(i, j int) { want[i], want[j] = want[j], want[i] })

	e, err := NewEncoder(MaxChunk, DefaultLevel)
	require.NoError(t, err)
	e.items = e.items[:0]
	for _, b := range want {
		e.items = append(e.items, item(b))
	}
	e.items = append(e.items, endItem)
	e.code.reset()
	e.code.count(e.items)
	chunk := make([]byte, e.code.build())
	require.EqualValues(t, 15, slices.Max(e.code.lens[:]))
	e.write(chunk)

	got := make([]byte, len(want))
	require.NoError(t, NewDecoder().Decode(got, chunk))
	require.True(t, bytes.Equal(want, got))
}
