package match_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/match"
)

// naiveMatches are the matches of more than three bytes at pos, by looking at every
// position before, the nearest first.
func naiveMatches(chunk []byte, pos, limit int) (found []match.Match) {
	best := 3
	for at := pos - 1; at >= 0; at-- {
		length := 0
		for length < limit && pos+length < len(chunk) && chunk[at+length] == chunk[pos+length] {
			length++
		}
		if length > best {
			best = length
			found = append(found, match.Match{Length: uint32(length), Offset: uint32(pos - at)})
		}
	}
	return found
}

// Without a bound on the search a Tree finds all that there is.
func TestTreeFindsAll(t *testing.T) {
	const limit = 60
	random := rand.New(rand.NewPCG(1, 2))
	small, large := match.NewTree[uint16](2000, limit), match.NewTree[uint32](2000, limit)
	for range 50 {
		chunk := make([]byte, 1+random.IntN(2000))
		for i := range chunk {
			chunk[i] = byte(random.IntN(3))
			if i > 100 && random.IntN(10) > 0 {
				chunk[i] = chunk[i-[]int{7, 100}[i/300%2]]
			}
		}
		small.Reset(chunk)
		large.Reset(chunk)
		for pos := range chunk {
			found := small.All(nil, pos, 1<<20, limit)
			require.Equal(t, found, large.All(nil, pos, 1<<20, limit))
			if len(found) > 0 && found[0].Length == 3 {
				at := pos - int(found[0].Offset)
				require.Equal(t, chunk[at:at+3], chunk[pos:pos+3])
				require.NotEqual(t, chunk[at+3], chunk[pos+3])
				found = found[1:]
			}
			want := naiveMatches(chunk, pos, limit)
			require.Len(t, found, len(want), "at %d", pos)
			for i := range want {
				require.Equal(t, want[i], found[i], "at %d", pos)
			}
		}
	}
}

// With one, all that it finds is true, and longer from match to match.
func TestTreeIsBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	tree := match.NewTree[uint16](5000, 257)
	for _, symbols := range []int{1, 2, 20} {
		chunk := make([]byte, 5000)
		for i := range chunk {
			chunk[i] = byte(random.IntN(symbols))
		}
		tree.Reset(chunk)
		for pos := range chunk {
			const depth = 5
			found := tree.All(nil, pos, depth, 20)
			require.LessOrEqual(t, len(found), depth+1)
			longest := 2
			for _, m := range found {
				require.Greater(t, int(m.Length), longest)
				longest = int(m.Length)
				at := pos - int(m.Offset)
				require.Equal(t, chunk[at:at+longest], chunk[pos:pos+longest])
			}
		}
	}
}
