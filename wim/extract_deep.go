package wim

import (
	"context"
	"os"
)

// The files of a tree are written in the order in which their contents are
// stored, which may jump from one deep directory to another. What is more than
// 64 levels down is reached in the order of the tree alone, where the next
// directory is near the last one: its content is staged, in a file in the root
// of the tree, and copied from there in a pass of its own. No tree in use has
// so many levels.

// deep says whether a node is deep down.
func (x *extractedTree) deep(i int32) bool {
	for range x.directories.most {
		if i = x.tree.meta.nodes[i].parent; i == 0 {
			return false
		}
	}
	return true
}

// byDepth parts destinations into those near the root and those deep down.
func byDepth(places []destination) (near, deep []destination) {
	for _, at := range places {
		if at.tree.deep(at.node) {
			deep = append(deep, at)
		} else {
			near = append(near, at)
		}
	}
	return near, deep
}

// stagedContent is a content on its way to files deep down.
type stagedContent struct {
	file *newFile
	left int // files or streams that do not have it yet
}

// stagedUse is what a content was staged for: the file itself, or a stream.
type stagedUse struct {
	*stagedContent
	stream string
}

// stage makes a file for a content. Nobody else may read it: where it goes
// there can be less access than in the root.
func (x *extraction) stage(t *extractedTree) (*newFile, error) {
	if err := context.Cause(x.ctx); err != nil {
		return nil, err
	}
	file := &newFile{destination: destination{tree: t}, temp: x.tempName()}
	err := t.in(0, func(root *os.Root, _ string) (err error) {
		file.File, err = root.OpenFile(file.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.writing[file] = true // until all have the content
	return file, nil
}

// keepStaged closes a staged file that is written, and remembers what it is
// for.
func (x *extraction) keepStaged(file *newFile, deep []destination) {
	file.Close()
	content := &stagedContent{file, len(deep)}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, at := range deep {
		if at.tree.staged == nil {
			at.tree.staged = make(map[int32][]stagedUse)
		}
		at.tree.staged[at.node] = append(at.tree.staged[at.node], stagedUse{content, at.stream})
	}
}

// placeStaged copies what is staged.
func (x *extraction) placeStaged() error {
	for _, t := range x.trees {
		if t.staged == nil {
			continue
		}
		for i := range t.tree.meta.preorder() {
			for _, use := range t.staged[i] {
				if err := x.copyStaged(use.stagedContent, destination{t, i, use.stream}); err != nil {
					return err
				}
			}
		}
		t.staged = nil
	}
	return nil
}

func (x *extraction) copyStaged(content *stagedContent, to destination) error {
	from := &newFile{destination: content.file.destination}
	err := from.tree.in(0, func(root *os.Root, _ string) (err error) {
		from.File, err = root.Open(content.file.temp)
		return err
	})
	if err != nil {
		return err
	}
	written, err := x.copy(from, to)
	from.Close()
	if err != nil {
		return err
	}
	x.report.Bytes += written
	if content.left--; content.left > 0 {
		return nil
	}
	return x.discard(content.file)
}

// makeAnchors gives the files deep down that are to have hard links a name in
// the root. Their other names may be anywhere.
func (x *extractedTree) makeAnchors() error {
	x.anchors = make(map[int32]string)
	linked := make(map[int32]bool)
	for _, l := range x.files.hardLinks {
		if x.deep(l[0]) && x.failed[l[0]] == nil {
			linked[l[0]] = true
		}
	}
	for i := range x.tree.meta.preorder() {
		if !linked[i] {
			continue
		}
		if err := x.makeAnchor(i); err != nil {
			return err
		}
	}
	return nil
}

func (x *extractedTree) makeAnchor(i int32) error {
	return x.in(i, func(dir *os.Root, name string) error {
		return x.in(0, func(root *os.Root, _ string) error {
			if anchor := x.tempName(); x.link(dir, name, root, anchor) == nil {
				x.anchors[i] = anchor
			}
			return nil
		})
	})
}

// inAnchor is in for a file that is in its place, by whatever name is near.
func (x *extractedTree) inAnchor(i int32, work func(dir *os.Root, name string) error) error {
	anchor, ok := x.anchors[i]
	if !ok {
		return x.in(i, work)
	}
	return x.in(0, func(root *os.Root, _ string) error { return work(root, anchor) })
}

func (x *extractedTree) removeAnchors() {
	for _, anchor := range x.anchors {
		x.in(0, func(root *os.Root, _ string) error { return root.Remove(anchor) })
	}
	x.anchors = nil
}
