//go:build linux

package match

import (
	"testing"
	"unsafe"

	"github.com/wimble-go/wimble/internal/codectest"
)

// Links are made without leaving the chunk with its padding, the links and the
// hash tables.
func TestLinkPageEdges(t *testing.T) {
	for _, size := range []int{1, 7, 8, 9, 4096, 4103} {
		chunk := codectest.Repeats([]byte("pages"), size)
		for side := range 2 {
			c := NewChains[uint16](size)
			words := func(n int) []uint16 {
				return unsafe.Slice((*uint16)(unsafe.Pointer(&codectest.PageEdges(t, 2*n)[side][0])), n)
			}
			c.data = codectest.PageEdges(t, len(c.data))[side]
			c.link4, c.link3 = words(len(c.link4)), words(len(c.link3))
			c.head4, c.head3 = words(len(c.head4)), words(len(c.head3))
			c.Reset(chunk)
		}
	}
}
