package pipeline

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
)

// LargeBuffers lends byte slices as [Buffers] does, and keeps the large ones of
// one operation itself. Left to the garbage collector, those that are done with
// would stay until it has run, and it waits until as much again as is in use
// was allocated: verifying 550 MB in nine chunks of 64 MiB took 494 MB at the
// peak, and takes 296 (bench/wims, windows-solid). The zero value is ready for
// use.
//
// Before it allocates a buffer, Get drops free buffers of at least that total
// size, so the total stays within twice the peak in use. (Twice, because a
// request may be served by a buffer of the next size class.)
type LargeBuffers struct {
	mu   sync.Mutex
	free []*[]byte // sorted by capacity
}

// largeBuffer is the size from which on a buffer is large.
const largeBuffer = 8 << 20

// Get returns a slice of n bytes with arbitrary content; from is asked for it
// if n is not large.
func (l *LargeBuffers) Get(n int, from *Buffers) *[]byte {
	if n < largeBuffer {
		return from.Get(n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Compressed chunks differ in size, and a buffer is to fit the next one
	// too.
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

// Put takes back what Get returned for the same from.
func (l *LargeBuffers) Put(buf *[]byte, from *Buffers) {
	if len(*buf) < largeBuffer {
		from.Put(buf)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at, _ := slices.BinarySearchFunc(l.free, cap(*buf), byCapacity)
	l.free = slices.Insert(l.free, at, buf)
}
