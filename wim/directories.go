package wim

import (
	"container/list"
	"os"
	"sync"
)

// maxOpenDirectories is how many directories are kept open that nobody uses:
// those that were used last, and as many milestones. A milestone is
// as many levels below the one above it, so that the way up from one to the
// other finds all open that the way down has opened.
const maxOpenDirectories = 64

// openDirectories keeps the directories open that an extraction or a capture
// works in, which are named by keys of type K. An
// [os.Root] looks at every element of a path on every call; with the directory
// of a file at hand that is one element. (The 11,000 files of the Go source
// tree took 3.3 times as long as wimlib-imagex apply without this, and as long
// as that with it.)
//
// Every 64th level of a way down is a milestone. Milestones are kept apart, so that
// the way up from a deep directory costs a few opens for each level, and not all
// that is above it.
type openDirectories[K comparable] struct {
	top  *os.Root
	most int // maxOpenDirectories; less in tests
	// above returns the directory that a directory is in, and its name there. The
	// first directory of a tree is in the top, and has the name "" if it is that.
	above  func(K) (above K, name string, first bool)
	opened int // directories so far

	mu         sync.Mutex
	open       map[K]*openDirectory[K]
	recent     list.List // of *openDirectory that are not in use, the most recently used first
	milestones list.List // likewise
}

type openDirectory[K comparable] struct {
	key     K
	root    *os.Root
	level   int // 0 for the root of a tree
	users   int
	element *list.Element // in its list, while there are no users

	selfOnce sync.Once
	self     *os.File // the directory itself, see file
	selfErr  error
}

// listOf returns the list that the directory is in while nobody uses it.
func (d *openDirectories[K]) listOf(dir *openDirectory[K]) *list.List {
	if dir.level > 0 && dir.level%d.most == 0 {
		return &d.milestones
	}
	return &d.recent
}

// acquire returns the directory, which stays open until it is released.
func (d *openDirectories[K]) acquire(at K) (*openDirectory[K], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// The way down begins at the nearest directory that is open.
	var way []K
	for d.open[at] == nil {
		way = append(way, at)
		above, _, first := d.above(at)
		if first {
			break
		}
		at = above
	}
	var dir *openDirectory[K]
	if above := d.open[at]; above != nil {
		dir = above
		if dir.element != nil {
			d.listOf(dir).Remove(dir.element)
			dir.element = nil
		}
		dir.users++
	}
	for len(way) > 0 {
		next, err := d.openBelow(dir, way[len(way)-1])
		if dir != nil {
			d.releaseLocked(dir)
		}
		if err != nil {
			return nil, err
		}
		dir, way = next, way[:len(way)-1]
	}
	return dir, nil
}

// openBelow opens a directory in the one above, which is nil for the first one of
// a tree.
func (d *openDirectories[K]) openBelow(above *openDirectory[K], at K) (*openDirectory[K], error) {
	dir := &openDirectory[K]{key: at, users: 1}
	root := d.top
	if above != nil {
		root, dir.level = above.root, above.level+1
	}
	if _, name, _ := d.above(at); name == "" {
		dir.root = d.top
	} else {
		var err error
		if dir.root, err = root.OpenRoot(name); err != nil {
			return nil, err
		}
		d.opened++
	}
	if d.open == nil {
		d.open = make(map[K]*openDirectory[K])
	}
	d.open[at] = dir
	return dir, nil
}

func (d *openDirectories[K]) release(dir *openDirectory[K]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.releaseLocked(dir)
}

func (d *openDirectories[K]) releaseLocked(dir *openDirectory[K]) {
	if dir.users--; dir.users > 0 {
		return
	}
	unused := d.listOf(dir)
	dir.element = unused.PushFront(dir)
	if unused.Len() > d.most {
		d.close(unused.Back().Value.(*openDirectory[K]))
	}
}

func (d *openDirectories[K]) close(dir *openDirectory[K]) {
	d.listOf(dir).Remove(dir.element)
	delete(d.open, dir.key)
	if dir.self != nil {
		dir.self.Close()
	}
	if dir.root != d.top {
		dir.root.Close()
	}
}

// closeAll closes what nobody uses, and the top.
func (d *openDirectories[K]) closeAll() {
	for _, unused := range []*list.List{&d.recent, &d.milestones} {
		for unused.Len() > 0 {
			d.close(unused.Front().Value.(*openDirectory[K]))
		}
	}
	if d.top != nil {
		d.top.Close()
	}
}

// file returns the open directory itself, for what [os.Root] does not offer. It
// stays open as long as that.
func (d *openDirectory[K]) file() (*os.File, error) {
	d.selfOnce.Do(func() { d.self, d.selfErr = d.root.Open(".") })
	return d.self, d.selfErr
}
