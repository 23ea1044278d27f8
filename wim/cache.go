package wim

import (
	"container/list"
	"errors"
	"sync"
)

// chunkKey names a decoded chunk. The whole resource header is part of it: in
// a hostile file two resources may start at one offset and still differ.
type chunkKey struct {
	part     *part
	resource resourceHeader
	index    int64
}

// chunkCache keeps the decoded chunks that were used last, up to a number of
// bytes, and always the last one: files that share a chunk are often read one
// after the other. A chunk that several goroutines want at once is decoded by
// one of them.
type chunkCache struct {
	budget int64

	mu      sync.Mutex
	used    int64
	entries map[chunkKey]*cachedChunk
	recent  list.List // of *cachedChunk, the most recently used first
}

type cachedChunk struct {
	key     chunkKey
	decoded chan struct{} // closed when data and err are set
	data    []byte
	err     error
	element *list.Element // nil while it is being decoded
}

// chunkOverhead is what an entry costs beside its data.
const chunkOverhead = 512

func (e *cachedChunk) cost() int64 { return int64(len(e.data)) + chunkOverhead }

// get returns the chunk, decoding it if need be. That a chunk is damaged is kept
// as well: else each file in a damaged chunk would decode it again, up to the
// damage. An error of the source is not, since reading again may help.
func (c *chunkCache) get(key chunkKey, decode func() ([]byte, error)) ([]byte, error) {
	c.mu.Lock()
	if e := c.entries[key]; e != nil {
		if e.element != nil {
			c.recent.MoveToFront(e.element)
		}
		c.mu.Unlock()
		<-e.decoded
		return e.data, e.err
	}
	e := &cachedChunk{key: key, decoded: make(chan struct{})}
	if c.entries == nil {
		c.entries = make(map[chunkKey]*cachedChunk)
	}
	c.entries[key] = e
	c.mu.Unlock()

	if e.data, e.err = decode(); e.err != nil {
		e.data = nil
	}
	close(e.decoded)

	c.mu.Lock()
	defer c.mu.Unlock()
	if e.err != nil && !errors.Is(e.err, ErrFormat) {
		delete(c.entries, key)
		return nil, e.err
	}
	e.element = c.recent.PushFront(e)
	c.used += e.cost()
	for c.used > c.budget && c.recent.Len() > 1 {
		oldest := c.recent.Remove(c.recent.Back()).(*cachedChunk)
		delete(c.entries, oldest.key)
		c.used -= oldest.cost()
	}
	return e.data, e.err
}
