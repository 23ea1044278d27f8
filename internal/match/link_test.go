package match

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
)

// A link leads to the last position before with the same hash, and to 0 if
// there is none: here as a map would have it.
func TestLinks(t *testing.T) {
	c16, c32 := NewChains[uint16](1<<16), NewChains[uint32](1<<16)
	programs := []byte("links of all positions, what ever they are")
	for _, size := range []int{1, 4, 7, 8, 9, 15, 16, 17, 300, 5000, 1 << 14, 1<<14 + 9, 1<<16 - 1, 1 << 16} {
		chunk := codectest.Repeats(programs, size)
		c16.Reset(chunk)
		c32.Reset(chunk)
		padded := append(chunk, 0, 0, 0)
		bits4, bits3 := hashBits(size)
		last4, last3 := map[uint32]int{}, map[uint32]int{}
		for i := range size {
			b := padded[i:]
			v3 := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
			h4 := (v3 | uint32(b[3])<<24) * hashFactor >> (32 - bits4)
			h3 := v3 << 8 * hashFactor >> (32 - bits3)
			want := []int{last4[h4], last3[h3]}
			for _, got := range [][]int{
				{int(c16.link4[i]), int(c16.link3[i])},
				{int(c32.link4[i]), int(c32.link3[i])},
			} {
				if got[0] != want[0] || got[1] != want[1] {
					require.Equal(t, want, got, "size %d, position %d", size, i)
				}
			}
			last4[h4], last3[h3] = i, i
		}
	}
}
