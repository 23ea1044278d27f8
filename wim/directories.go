package wim

import (
	"container/list"
	"os"
	"sync"
)

// maxOpenDirectories is how many directories an extraction keeps open that it
// does not use: those that it used last, and as many milestones. A milestone is
// as many levels below the one above it, so that the way up from one to the
// other finds all open that the way down has opened.
const maxOpenDirectories = 64

// openDirectories keeps the directories open that an extraction works in. An
// [os.Root] looks at every element of a path on every call; with the directory
// of a file at hand that is one element. (The 11,000 files of the Go source
// tree took 3.3 times as long as wimlib-imagex apply without this, and as long
// as that with it.)
//
// Every 64th level of a way down is a milestone. Milestones are kept apart, so that
// the way up from a deep directory costs a few opens for each level, and not all
// that is above it.
type openDirectories struct {
	top    *os.Root
	most   int // maxOpenDirectories; less in tests
	opened int // directories so far

	mu         sync.Mutex
	open       map[treeDirectory]*openDirectory
	recent     list.List // of *openDirectory that are not in use, the most recently used first
	milestones list.List // likewise
}

// treeDirectory names a directory of a tree.
type treeDirectory struct {
	tree *extractedTree
	node int32
}

type openDirectory struct {
	treeDirectory
	root    *os.Root
	level   int // 0 for the root of a tree
	users   int
	element *list.Element // in its list, while there are no users
}

// listOf returns the list that the directory is in while nobody uses it.
func (d *openDirectories) listOf(dir *openDirectory) *list.List {
	if dir.level > 0 && dir.level%d.most == 0 {
		return &d.milestones
	}
	return &d.recent
}

// acquire returns the directory, which stays open until it is released.
func (d *openDirectories) acquire(at treeDirectory) (*openDirectory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// The way down begins at the nearest directory that is open.
	var way []treeDirectory
	for d.open[at] == nil {
		way = append(way, at)
		if at.node == 0 {
			break
		}
		at.node, _ = at.tree.parent(at.node)
	}
	var dir *openDirectory
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

// openBelow opens a directory in the one above, which is nil for the root of a tree.
func (d *openDirectories) openBelow(above *openDirectory, at treeDirectory) (*openDirectory, error) {
	dir := &openDirectory{treeDirectory: at, users: 1}
	root, name := d.top, at.tree.prefix
	if above != nil {
		root, dir.level = above.root, above.level+1
		_, name = at.tree.parent(at.node)
	}
	if name == "" {
		dir.root = d.top
	} else {
		var err error
		if dir.root, err = root.OpenRoot(name); err != nil {
			return nil, err
		}
		d.opened++
	}
	d.open[at] = dir
	return dir, nil
}

func (d *openDirectories) release(dir *openDirectory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.releaseLocked(dir)
}

func (d *openDirectories) releaseLocked(dir *openDirectory) {
	if dir.users--; dir.users > 0 {
		return
	}
	unused := d.listOf(dir)
	dir.element = unused.PushFront(dir)
	if unused.Len() > d.most {
		d.close(unused.Back().Value.(*openDirectory))
	}
}

func (d *openDirectories) close(dir *openDirectory) {
	d.listOf(dir).Remove(dir.element)
	delete(d.open, dir.treeDirectory)
	if dir.root != d.top {
		dir.root.Close()
	}
}

// closeAll closes what nobody uses, and the top.
func (d *openDirectories) closeAll() {
	for _, unused := range []*list.List{&d.recent, &d.milestones} {
		for unused.Len() > 0 {
			d.close(unused.Front().Value.(*openDirectory))
		}
	}
	if d.top != nil {
		d.top.Close()
	}
}
