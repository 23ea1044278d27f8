package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuffers(t *testing.T) {
	var b Buffers
	for _, n := range []int{0, 1, 2, 3, 4096, 4097, exactSize - 1, exactSize, exactSize + 1, 3 * exactSize} {
		for range 3 {
			buf := b.Get(n)
			require.Len(t, *buf, n)
			require.LessOrEqual(t, cap(*buf), 2*n+1, "a small slice is not lent a large one")
			b.Put(buf)
		}
	}
}
