//go:build linux

package match

import (
	"testing"

	"github.com/wimble-go/wimble/internal/codectest"
)

// Links are made without leaving the chunk with its padding, the links and the
// hash tables.
func TestLinkPageEdges(t *testing.T) {
	for _, size := range []int{1, 7, 8, 9, 4096, 4103} {
		chunk := codectest.Repeats([]byte("pages"), size)
		for side := range 2 {
			c := NewChains[uint16](size)
			c.data = codectest.OnPageEdge(t, c.data, side)
			for _, words := range []*[]uint16{&c.link4, &c.link3, &c.head4, &c.head3} {
				*words = codectest.OnPageEdge(t, *words, side)
			}
			c.Reset(chunk)
		}
	}
}
