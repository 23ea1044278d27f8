package pipeline

import (
	"math/bits"
	"sync"
)

// exactSize is the size from which on a slice has the capacity that was asked
// for. Below, it has that of the next power of two.
const exactSize = 1 << 20

// Buffers lends byte slices that live for one job, or for as long as its result
// waits for its turn: then there are many, so a small one must not be lent a
// large slice. The zero value is ready for use.
type Buffers struct {
	pools [64]sync.Pool // by the binary logarithm of the capacity, rounded down
}

// Get returns a slice of n bytes with arbitrary content.
func (b *Buffers) Get(n int) *[]byte {
	room := n
	if n < exactSize {
		room = 1 << bits.Len(uint(max(n, 1)-1)) // what is put back is then found again
	}
	if buf, ok := b.pool(room).Get().(*[]byte); ok && cap(*buf) >= n {
		*buf = (*buf)[:n]
		return buf
	}
	buf := make([]byte, n, room)
	return &buf
}

// Put takes back what Get returned.
func (b *Buffers) Put(buf *[]byte) { b.pool(cap(*buf)).Put(buf) }

func (b *Buffers) pool(room int) *sync.Pool { return &b.pools[bits.Len(uint(room))] }
