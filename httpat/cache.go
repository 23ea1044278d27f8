package httpat

import (
	"container/list"
	"errors"
	"io"
	"sync"
)

const (
	blockSize = 256 << 10
	maxSpan   = 8 << 20 // the largest request
)

// A block is the content from index*blockSize on. Only the last one of a file
// is shorter than blockSize.
type block struct {
	index int64
	ready chan struct{} // closed when data or err is there
	data  []byte
	err   error

	place *list.Element // among the blocks that have arrived
}

// cache has the blocks that were used last, and those that are on their way.
type cache struct {
	limit int64 // of the bytes of blocks that have arrived

	mu     sync.Mutex
	known  map[int64]*block
	recent list.List // the blocks that have arrived, the last used one first
	size   int64
}

// get returns the blocks first to last. Of those, and of the blocks up to
// ahead, missing has the ones that the caller has to fetch, in spans of blocks
// that follow each other. Blocks that are not needed yet are fetched together
// with others, or when half of them are missing, so that requests are large.
func (c *cache) get(first, last, ahead int64) (blocks []*block, missing [][]*block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[int64]*block{}
	}
	for i := first; i <= last; i++ {
		b := c.known[i]
		switch {
		case b == nil:
			b = c.claim(i, &missing)
		case b.place != nil:
			c.recent.MoveToFront(b.place)
		}
		blocks = append(blocks, b)
	}
	absent := int64(0)
	for i := last + 1; i <= ahead; i++ {
		if c.known[i] == nil {
			absent++
		}
	}
	if missing == nil && 2*absent < ahead-last {
		return blocks, nil
	}
	for i := last + 1; i <= ahead; i++ {
		if c.known[i] == nil {
			c.claim(i, &missing)
		}
	}
	return blocks, missing
}

// claim makes a block that the caller fetches, and adds it to the spans.
func (c *cache) claim(index int64, spans *[][]*block) *block {
	b := &block{index: index, ready: make(chan struct{})}
	c.known[index] = b
	if n := len(*spans); n > 0 {
		span := (*spans)[n-1]
		if span[len(span)-1].index == index-1 && len(span) < maxSpan/blockSize {
			(*spans)[n-1] = append(span, b)
			return b
		}
	}
	*spans = append(*spans, []*block{b})
	return b
}

// arrived makes the data of a block known, and drops blocks that were not used
// for the longest time.
func (c *cache) arrived(b *block, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.data = data
	b.place = c.recent.PushFront(b)
	c.size += int64(len(data))
	for c.size > c.limit {
		oldest := c.recent.Remove(c.recent.Back()).(*block)
		delete(c.known, oldest.index)
		c.size -= int64(len(oldest.data))
	}
	close(b.ready)
}

// failed makes an error of a block known. The next read of it tries again.
func (c *cache) failed(b *block, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.err = err
	delete(c.known, b.index)
	close(b.ready)
}

// filler fills blocks that follow each other, with bytes that may come from
// several answers.
type filler struct {
	cache  *cache
	blocks []*block          // those that are not ready
	size   func(int64) int64 // how many bytes the file has from an offset on
	buf    []byte            // the first block's content
	n      int               // how much of buf has been read
}

// fill reads from an answer until its end, or until all blocks are full.
func (f *filler) fill(answer io.Reader) (total int64, err error) {
	for len(f.blocks) > 0 {
		if f.buf == nil {
			f.buf, f.n = make([]byte, min(blockSize, f.size(f.blocks[0].index*blockSize))), 0
		}
		n, err := io.ReadFull(answer, f.buf[f.n:])
		f.n += n
		total += int64(n)
		if f.n < len(f.buf) {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return total, err
		}
		f.cache.arrived(f.blocks[0], f.buf)
		f.blocks, f.buf = f.blocks[1:], nil
	}
	return total, nil
}
