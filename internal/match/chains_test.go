package match_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/match"
)

// common returns how many bytes at pos equal those at from.
func common(chunk []byte, from, pos int) int {
	n := 0
	for pos+n < len(chunk) && chunk[from+n] == chunk[pos+n] {
		n++
	}
	return n
}

// longestOfAll tries every position before pos, the nearest first.
func longestOfAll(chunk []byte, pos int) (length, offset int) {
	for from := pos - 1; from >= 0; from-- {
		if n := common(chunk, from, pos); n > length {
			length, offset = n, pos-from
		}
	}
	return length, offset
}

func chunks() map[string][]byte {
	random := rand.New(rand.NewPCG(5, 6))
	all := map[string][]byte{}
	for _, n := range []int{1, 3, 4, 5, 17, 300, 1200} {
		for symbols := 1; symbols <= 64; symbols *= 4 {
			chunk := make([]byte, n)
			for i := range chunk {
				chunk[i] = byte(random.IntN(symbols))
				if i > 40 && random.IntN(9) == 0 {
					chunk[i] = chunk[i-random.IntN(40)]
				}
			}
			all[fmt.Sprintf("%d bytes of %d symbols", n, symbols)] = chunk
		}
	}
	return all
}

// With as many candidates as there are positions, the longest match is found,
// and the nearest of its length; one of 4 bytes or more cannot be missed except
// by the rule that a first candidate by chance ends a search that starts from
// nothing.
func TestLongest(t *testing.T) {
	for name, chunk := range chunks() {
		t.Run(name, func(t *testing.T) {
			testLongest(t, match.NewChains[uint16](4096), chunk)
			testLongest(t, match.NewChains[uint32](len(chunk)), chunk)
		})
	}
}

func testLongest[P match.Position](t *testing.T, c *match.Chains[P], chunk []byte) {
	c.Reset(chunk)
	missed, found := 0, 0
	for pos := 1; pos < len(chunk); pos++ {
		wantLength, wantOffset := longestOfAll(chunk, pos)
		for _, length := range []int{2, 3, 7} {
			n, offset := c.Longest(pos, length, len(chunk), len(chunk))
			if offset == 0 {
				require.Equal(t, length, n)
				if wantLength > length && wantLength > 3 {
					missed++
					require.Equal(t, 2, length, "position %d: a match of %d is missed", pos, wantLength)
				}
				continue
			}
			found++
			require.Greater(t, n, length)
			require.Equal(t, n, common(chunk, pos-offset, pos), "position %d", pos)
			if length == 2 && n == 3 && wantLength > 3 {
				missed++
				continue
			}
			require.Equal(t, wantLength, n, "position %d", pos)
			if n > 3 {
				require.Equal(t, wantOffset, offset, "position %d", pos)
			}
		}
		var last match.Match
		matches := c.All(nil, pos, len(chunk), len(chunk))
		for _, m := range matches {
			require.Greater(t, m.Length, last.Length)
			require.Greater(t, m.Offset, last.Offset)
			require.Equal(t, int(m.Length), min(int(m.Length), common(chunk, pos-int(m.Offset), pos)))
			last = m
		}
		if wantLength > 3 {
			require.Equal(t, match.Match{Length: uint32(wantLength), Offset: uint32(wantOffset)}, last)
		}
	}
	require.LessOrEqual(t, missed*20, found)
}

// A search stops at a match that is long enough, and depth bounds it.
func TestNiceAndDepth(t *testing.T) {
	// "abcd" 3 times, followed by more and more of what follows the last one.
	chunk := []byte("abcdefgh..abcdef..abcd..abcdefgh")
	c := match.NewChains[uint16](len(chunk))
	c.Reset(chunk)
	pos := len(chunk) - len("abcdefgh")
	for _, test := range []struct{ depth, nice, length, offset int }{
		{9, 9, 8, 24}, {3, 9, 8, 24}, {2, 9, 6, 14}, {1, 9, 4, 6}, {9, 4, 4, 6}, {9, 5, 6, 14},
	} {
		length, offset := c.Longest(pos, 2, test.depth, test.nice)
		require.Equal(t, []int{test.length, test.offset}, []int{length, offset}, "%+v", test)
		all := c.All(nil, pos, test.depth, test.nice)
		require.Equal(t, match.Match{Length: uint32(test.length), Offset: uint32(test.offset)}, all[len(all)-1])
	}
}

// A search for more than what it has follows the rarest part of that: a far
// match is found in few steps, though many places begin like it.
func TestRarest(t *testing.T) {
	chunk := []byte("abcdefghij")
	for i := range byte(40) {
		chunk = append(chunk, 'a', 'b', 'c', 'd', 'e', 128+i)
	}
	pos := len(chunk)
	chunk = append(chunk, "abcdefghij"...)
	c := match.NewChains[uint16](len(chunk))
	c.Reset(chunk)
	for _, length := range []int{2, 5, 9} { // 5 bytes are in 40 places
		n, offset := c.Longest(pos, length, 2, 100)
		require.Equal(t, []int{10, pos}, []int{n, offset})
	}
	require.Equal(t, []match.Match{{Length: 5, Offset: 6}, {Length: 10, Offset: uint32(pos)}}, c.All(nil, pos, 2, 100))
}

// What a finder tells depends on the chunk alone, not on a longer one before.
func TestReset(t *testing.T) {
	used := match.NewChains[uint16](4096)
	for name, chunk := range chunks() {
		fresh := match.NewChains[uint16](len(chunk))
		used.Reset(chunk)
		fresh.Reset(chunk)
		for pos := 1; pos < len(chunk); pos++ {
			n, offset := used.Longest(pos, 2, 8, 32)
			wantN, wantOffset := fresh.Longest(pos, 2, 8, 32)
			require.Equal(t, []int{wantN, wantOffset}, []int{n, offset}, "%s, position %d", name, pos)
			require.Equal(t, fresh.All(nil, pos, 8, 32), used.All(nil, pos, 8, 32))
		}
	}
}
