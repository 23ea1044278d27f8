package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A file can have solid resources with chunks of several sizes. What was large
// enough for those of one size is not kept beside that for those of the next.
func TestLargeBuffersBound(t *testing.T) {
	const inUse = 192 << 20
	var l LargeBuffers
	var r Buffers
	kept := func() (sum int) {
		for _, buf := range l.free {
			sum += cap(*buf)
		}
		return sum
	}
	for _, size := range []int{8 << 20, 16 << 20, 32 << 20, 64 << 20, 8 << 20, 32 << 20, 16 << 20} {
		for range 3 {
			var using []*[]byte
			for range inUse / size {
				buf := l.Get(size, &r)
				require.Len(t, *buf, size)
				require.LessOrEqual(t, cap(*buf), 2*size)
				using = append(using, buf)
			}
			for _, buf := range using {
				l.Put(buf, &r)
			}
			require.LessOrEqual(t, kept(), 2*inUse)
		}
		require.GreaterOrEqual(t, kept(), inUse, "what is in use again and again is kept")
	}
	small := l.Get(largeBuffer-1, &r)
	before := kept()
	l.Put(small, &r)
	require.Equal(t, before, kept(), "a buffer that is not large goes back to the others")
}
