package console

import "sync"

// recent keeps what was found out last about images, by much reading of them.
type recent[T any] struct {
	slots slots // for finding it out
	most  int   // how many are kept

	mu   sync.Mutex
	keys []imageKey // the newest last
	kept map[imageKey]*T
}

// imageKey names an image as it was when its package was read.
type imageKey struct {
	id                string
	generation, image int
}

func newRecent[T any](atATime, most int) *recent[T] {
	return &recent[T]{slots: make(slots, atATime), most: most, kept: map[imageKey]*T{}}
}

// get returns what is kept of an image, nil if nothing is.
func (c *recent[T]) get(key imageKey) *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[key]
}

func (c *recent[T]) put(key imageKey, value *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[key] == nil {
		c.keys = append(c.keys, key)
	}
	c.kept[key] = value
	if len(c.keys) > c.most {
		delete(c.kept, c.keys[0])
		c.keys = c.keys[1:]
	}
}
