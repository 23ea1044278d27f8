package console

import (
	"net/http"
	"sync"
)

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

// imageKey names the image that a request is about.
func (s *Server) imageKey(r *http.Request) (imageKey, error) {
	index, err := imageIndex(r)
	if err != nil {
		return imageKey{}, err
	}
	p, err := s.pkg(r)
	if err != nil {
		return imageKey{}, err
	}
	return imageKey{p.ID, p.Generation, index}, nil
}

// key names the image that was opened.
func (o *opened) key() imageKey {
	return imageKey{o.Package.ID, o.Package.Generation, o.image.Index}
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
