package pipeline

import (
	"container/list"
	"sync"
)

// A Cache keeps the results that were used last, up to a number of bytes, and
// always the last one. A result that several goroutines want at once is worked
// out by one of them. Its fields are set before it is used.
type Cache[K comparable] struct {
	Budget int64 // in bytes
	// KeepError says whether an error is a result too, which is not worked out
	// again. Nil keeps none.
	KeepError func(error) bool

	mu      sync.Mutex
	used    int64
	entries map[K]*cached[K]
	recent  list.List // of *cached[K], the most recently used first
}

type cached[K comparable] struct {
	key     K
	done    chan struct{} // closed when data and err are set
	data    []byte
	err     error
	element *list.Element // nil while it is being worked out
}

// cacheOverhead is what an entry costs beside its data.
const cacheOverhead = 512

func (e *cached[K]) cost() int64 { return int64(len(e.data)) + cacheOverhead }

// Get returns what the cache has for a key, or else what work returns. The
// caller must not change it.
func (c *Cache[K]) Get(key K, work func() ([]byte, error)) ([]byte, error) {
	c.mu.Lock()
	if e := c.entries[key]; e != nil {
		if e.element != nil {
			c.recent.MoveToFront(e.element)
		}
		c.mu.Unlock()
		<-e.done
		return e.data, e.err
	}
	e := &cached[K]{key: key, done: make(chan struct{})}
	if c.entries == nil {
		c.entries = make(map[K]*cached[K])
	}
	c.entries[key] = e
	c.mu.Unlock()

	if e.data, e.err = work(); e.err != nil {
		e.data = nil
	}
	close(e.done)

	c.mu.Lock()
	defer c.mu.Unlock()
	if e.err != nil && (c.KeepError == nil || !c.KeepError(e.err)) {
		delete(c.entries, key)
		return nil, e.err
	}
	e.element = c.recent.PushFront(e)
	c.used += e.cost()
	for c.used > c.Budget && c.recent.Len() > 1 {
		oldest := c.recent.Remove(c.recent.Back()).(*cached[K])
		delete(c.entries, oldest.key)
		c.used -= oldest.cost()
	}
	return e.data, e.err
}
