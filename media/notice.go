//go:build linux || windows

package media

import "github.com/fsnotify/fsnotify"

// maxNotices is how many folders the system is asked to tell of. More are
// looked at only when it is time.
const maxNotices = 1000

// notice is what the system tells of changes in folders. On the BSDs and macOS
// that takes an open file for each file, so that it is not used there.
type notice struct {
	wake    chan struct{}
	watcher *fsnotify.Watcher // nil if the system has none to give
	folders map[string]bool   // that are watched; whether the look that is on has them
}

func newNotice() *notice {
	n := &notice{wake: make(chan struct{}, 1), folders: map[string]bool{}}
	var err error
	if n.watcher, err = fsnotify.NewWatcher(); err != nil {
		n.watcher = nil
		return n
	}
	go n.run(n.watcher)
	return n
}

// run passes on that there was something, until the watcher is closed.
func (n *notice) run(w *fsnotify.Watcher) {
	for {
		select {
		case _, ok := <-w.Events:
			if !ok {
				return
			}
		case _, ok := <-w.Errors:
			if !ok {
				return
			}
		}
		select {
		case n.wake <- struct{}{}:
		default:
		}
	}
}

// begin begins a look.
func (n *notice) begin() {
	for f := range n.folders {
		n.folders[f] = false
	}
}

// add has the system tell of a folder, before the look reads it: what happens
// meanwhile wakes the next look. A folder that cannot be watched is looked at
// when it is time.
func (n *notice) add(folder string) {
	if n.watcher == nil {
		return
	}
	_, has := n.folders[folder]
	if (has || len(n.folders) < maxNotices) && n.watcher.Add(folder) == nil { // which may be another than it was
		n.folders[folder] = true
	}
}

// end forgets the folders that the look did not have.
func (n *notice) end() {
	for f, has := range n.folders {
		if !has {
			_ = n.watcher.Remove(f)
			delete(n.folders, f)
		}
	}
}

func (n *notice) close() {
	if n.watcher != nil {
		_ = n.watcher.Close()
	}
}
