package wim

import (
	"math/bits"
	"slices"
	"sync"
)

// largeBuffers keeps the large buffers of one bulk operation, for the chunks of up
// to 64 MiB that solid resources have, or for what they are decoded from. Left to the
// garbage collector, those that are done with would stay until it has run, and it
// waits until as much again as is in use was allocated: verifying 550 MB in nine such
// chunks took 494 MB at the peak, and takes 296 (bench/wims, windows-solid). Buffers
// that are not large come from the reader's.
type largeBuffers struct {
	mu   sync.Mutex
	free []*[]byte
}

// largeBuffer is the size from which on a buffer is large.
const largeBuffer = 8 << 20

// get returns a slice of n bytes with arbitrary content; from is asked for it if
// n is not large.
func (l *largeBuffers) get(n int, from *buffers) *[]byte {
	if n < largeBuffer {
		return from.get(n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fits := slices.IndexFunc(l.free, func(buf *[]byte) bool { return cap(*buf) >= n })
	if fits < 0 {
		// Compressed chunks differ in size, and this one is to fit the next.
		buf := make([]byte, n, 1<<bits.Len(uint(n-1)))
		return &buf
	}
	buf := l.free[fits]
	l.free = slices.Delete(l.free, fits, fits+1)
	*buf = (*buf)[:n]
	return buf
}

// put takes back what get returned for the same from.
func (l *largeBuffers) put(buf *[]byte, from *buffers) {
	if len(*buf) < largeBuffer {
		from.put(buf)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, buf)
}
