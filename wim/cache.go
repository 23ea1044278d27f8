package wim

import (
	"container/list"
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

// get returns the chunk, decoding it if need be. An error is not kept.
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

	e.data, e.err = decode()
	close(e.decoded)

	c.mu.Lock()
	defer c.mu.Unlock()
	if e.err != nil {
		delete(c.entries, key)
		return e.data, e.err
	}
	e.element = c.recent.PushFront(e)
	c.used += int64(len(e.data))
	for c.used > c.budget && c.recent.Len() > 1 {
		oldest := c.recent.Remove(c.recent.Back()).(*cachedChunk)
		delete(c.entries, oldest.key)
		c.used -= int64(len(oldest.data))
	}
	return e.data, nil
}
