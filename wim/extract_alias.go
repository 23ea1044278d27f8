package wim

import (
	"fmt"
	"io/fs"
	"os"
)

// errAlias is the problem of a name that a file system takes for another one: a
// short name, another form of the same letters, a trailing dot.
var errAlias = fmt.Errorf("something else that was extracted has this name on this file system: %w", fs.ErrExist)

// lookForExisting finds out which names answer before the first file is made.
// In a directory that was made none does.
func (x *extractedTree) lookForExisting() error {
	return x.each(func(i int32, n *node) error {
		if i == 0 || n.isDirectory() && !x.tree.isLink(i) || x.made[n.parent] {
			return nil
		}
		return x.in(i, func(dir *os.Root, name string) error {
			if info, err := dir.Lstat(name); err == nil {
				x.existing[i] = idOf(info)
			}
			return nil
		})
	})
}

// checkName returns errAlias if something has the name of a node that did not
// have it before this extraction.
func (x *extractedTree) checkName(i int32, dir *os.Root, name string) error {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil
	}
	if before, existed := x.existing[i]; !existed || before != idOf(info) {
		return errAlias
	}
	return nil
}

// makeWay removes a file or link that stands where another is to be, and was
// there before this extraction.
func (x *extractedTree) makeWay(i int32, dir *os.Root, name string) error {
	if err := x.checkName(i, dir, name); err != nil {
		return err
	}
	return makeWay(dir, name)
}

// makeWay removes a file or link.
func makeWay(dir *os.Root, name string) error {
	if info, err := dir.Lstat(name); err != nil || info.IsDir() {
		return nil
	}
	return dir.Remove(name)
}
