package wim

import (
	"context"
	"fmt"
	"io/fs"
)

// WithoutReplacing has [Edit.Add] fail where a file would take the place of
// one.
func WithoutReplacing() CaptureOption {
	return captureOption(func(o *captureOptions) { o.keepOld = true })
}

// Add adds a file, or a directory with all that is in it, of any file system:
// all that [Writer.Capture] takes of one. Contents are read when the image is
// written.
//
// If there is a directory at dst already, what is in src is laid over what is
// in it: files take the place of files of the same name, and directories are
// laid over directories, which stay what they are. A file takes the place of
// one that is at dst; the short name and the security descriptor stay, unless
// it has its own, and other names of the old file keep the old content. What
// would put a file in the place of a directory, or the other way round, is an
// error. Directories that are missing above dst are made.
//
// Entries without a security descriptor inherit one from the directory that
// they get into, as on Windows; see [WithSecurityDescriptor] for another.
func (e *Edit) Add(ctx context.Context, fsys fs.FS, src, dst string, opts ...CaptureOption) error {
	info, err := fs.Lstat(fsys, src)
	if err != nil {
		return err
	}
	c := newCapture(ctx, e.writer, fsys, &e.draft, nil, opts)
	err = c.run(src, info)
	root := e.draft.root
	e.draft.root = nil
	if err != nil {
		return err
	}
	puts, err := e.planPuts(root, dst, c.keepOld)
	if err != nil {
		return &fs.PathError{Op: "add", Path: dst, Err: err}
	}
	ids := make(map[uint64]uint64)
	for _, p := range puts {
		e.graft(p, ids)
	}
	e.writer.flags |= c.flags
	e.image.skipped = append(e.image.skipped, c.skipped...)
	e.image.excluded += c.excluded
	return nil
}

// editPut is a new file or directory, and where it is put.
type editPut struct {
	editTarget
	node *draftNode
}

// planPuts finds out what has to be put where, and whether all of it can be.
func (e *Edit) planPuts(root *draftNode, dst string, keepOld bool) ([]editPut, error) {
	t, err := e.target(dst, root.Dentry.IsDirectory())
	if err != nil {
		return nil, err
	}
	if t.old < 0 {
		return []editPut{{t, root}}, nil
	}
	if !root.Dentry.IsDirectory() {
		if keepOld {
			return nil, errKeepOld
		}
		return []editPut{{t, root}}, nil
	}
	var puts []editPut
	waiting := []overlay{{root, t.old}}
	for len(waiting) > 0 {
		o := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		olds := e.olds(o)
		for k, child := range o.node.children {
			old := olds[k]
			t := editTarget{dir: o.dir, element: pathElement(child.Dentry.Name), old: old}
			directory := child.Dentry.IsDirectory()
			switch {
			case old < 0:
			case directory && e.isDirectory(old):
				waiting = append(waiting, overlay{child, old})
				continue
			case directory:
				err = errFileInPlace
			case e.isDirectory(old):
				err = errDirectoryInPlace
			case keepOld:
				err = errKeepOld
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.pathOf(old), err)
			}
			puts = append(puts, editPut{t, child})
		}
	}
	return puts, nil
}

var errKeepOld error = &kindError{"there is a file, which is not to be replaced", fs.ErrExist}

// overlay is a new directory, and the one that it is laid over.
type overlay struct {
	node *draftNode
	dir  int32
}

// olds finds what the children of a new directory take the place of, -1 for
// nothing: what has the very name, and of the rest what has it in another case.
func (e *Edit) olds(o overlay) []int32 {
	olds := make([]int32, len(o.node.children))
	taken := make(map[int32]bool)
	for _, exactly := range []bool{true, false} {
		for k, child := range o.node.children {
			if exactly {
				olds[k] = -1
			}
			element := pathElement(child.Dentry.Name)
			i, found := e.child(o.dir, element)
			if olds[k] < 0 && found && !taken[i] && (!exactly || e.nodes[i].name == element) {
				olds[k], taken[i] = i, true
			}
		}
	}
	return olds
}

// graft puts something new into its place, with all that is in it. The ids of
// hard links become ids that the image does not have.
func (e *Edit) graft(p editPut, ids map[uint64]uint64) {
	renumber := func(n *draftNode) {
		if id := n.linkGroup(); id != 0 {
			if ids[id] == 0 {
				ids[id] = e.newLinkID()
			}
			n.Dentry.Link = ids[id]
		}
	}
	renumber(p.node)
	waiting := []overlay{{p.node, e.put(p.editTarget, p.node)}}
	for len(waiting) > 0 {
		o := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		names := make(map[string]bool, len(o.node.children))
		for _, child := range o.node.children {
			element := pathElement(child.Dentry.Name)
			for k := 2; names[element]; k++ { // as in a tree that is read
				element = fmt.Sprintf("%s~%d", pathElement(child.Dentry.Name), k)
			}
			names[element] = true
			renumber(child)
			child.Dentry.SetItems(child.Items)
			i := e.newNode(element, child)
			e.inherit(o.dir, child)
			e.attach(o.dir, i)
			waiting = append(waiting, overlay{child, i})
		}
		o.node.children = nil
	}
}
