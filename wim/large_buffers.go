package wim

import (
	"cmp"
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
//
// A new buffer takes the place of as much of what is free, so that the sum stays below
// what was in use at one time: twice that, since one of the next capacity does as well.
type largeBuffers struct {
	mu   sync.Mutex
	free []*[]byte // sorted by capacity
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
	// Compressed chunks differ in size, and a buffer is to fit the next one too.
	capacity := 1 << bits.Len(uint(n-1))
	at, _ := slices.BinarySearchFunc(l.free, capacity, byCapacity)
	if at < len(l.free) && cap(*l.free[at]) <= 2*capacity {
		buf := l.free[at]
		l.free = slices.Delete(l.free, at, at+1)
		*buf = (*buf)[:n]
		return buf
	}
	for dropped := 0; dropped < capacity && len(l.free) > 0; l.free = slices.Delete(l.free, 0, 1) {
		dropped += cap(*l.free[0])
	}
	buf := make([]byte, n, capacity)
	return &buf
}

func byCapacity(buf *[]byte, capacity int) int { return cmp.Compare(cap(*buf), capacity) }

// put takes back what get returned for the same from.
func (l *largeBuffers) put(buf *[]byte, from *buffers) {
	if len(*buf) < largeBuffer {
		from.put(buf)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at, _ := slices.BinarySearchFunc(l.free, cap(*buf), byCapacity)
	l.free = slices.Insert(l.free, at, buf)
}
