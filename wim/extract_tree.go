package wim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An extractedTree is the tree of an image on its way to a directory.
type extractedTree struct {
	*extraction
	*subset
	dir      string // the target's absolute path
	files    *filePlan
	made     []bool           // by node: a directory that did not exist
	existing map[int32]fileID // by node: what had its name before, other than a directory
	restored []metadataKinds  // by node, what it was given
	unlinked int              // hard links that became files of their own

	// Contents of files deep down, see stagedContent, and names near the root
	// that those have until all their hard links are made.
	staged  map[int32][]stagedUse
	anchors map[int32]string
}

// prepare makes what the content of files needs: the directories, and the plan
// of where it goes.
func (x *extractedTree) prepare() error {
	target, err := x.probe()
	if err != nil {
		return err
	}
	x.placeAll(target.foldsCase)
	if err := x.makeDirectories(); err != nil {
		return err
	}
	x.files = x.planFiles(target.hardLinks)
	if err := x.lookForExisting(); err != nil {
		return err
	}
	for _, i := range x.files.empty {
		if err := x.writeEmpty(i); err != nil {
			return err
		}
	}
	return nil
}

// finish makes what comes after the content of files.
func (x *extractedTree) finish() error {
	if err := x.makeHardLinks(); err != nil {
		return err
	}
	if err := x.makeLinks(); err != nil {
		return err
	}
	if x.host != nil {
		return nil // restoreMetadata does the rest
	}
	return x.finishDirectories()
}

// fileContents yields where the contents of files go.
func (x *extractedTree) fileContents() iter.Seq2[*blob, destination] {
	return func(yield func(*blob, destination) bool) {
		for _, blob := range x.files.blobs {
			for _, i := range x.files.contents[blob] {
				if !yield(blob, destination{x, i, ""}) {
					return
				}
			}
		}
	}
}

// placeAll finds the selected nodes that the target can hold.
func (x *extractedTree) placeAll(foldsCase bool) {
	x.place(func(i int32) error {
		_, err := x.tree.hostName(i)
		if err == nil && foldsCase {
			err = x.clash(i)
		}
		return err
	})
}

// A fileSystem is what the extraction has to know about that of the target.
type fileSystem struct {
	// foldsCase says that names that differ in case are the same, as on file
	// systems of Windows and macOS and on some of Linux.
	foldsCase bool
	// hardLinks says that a file can have names in several directories.
	hardLinks bool
}

// probe tries out what the file system of the target does.
func (x *extractedTree) probe() (is fileSystem, err error) {
	name := x.tempName()
	err = x.in(0, func(root *os.Root, _ string) error {
		if err := root.Mkdir(name, 0o777); err != nil {
			return err
		}
		defer root.Remove(name)
		_, err := root.Lstat(strings.ToUpper(name))
		is.foldsCase = err == nil

		file := x.tempName()
		if err := root.WriteFile(file, nil, 0o600); err != nil {
			return err
		}
		defer root.Remove(file)
		dir, err := root.OpenRoot(name)
		if err != nil {
			return err
		}
		defer dir.Close()
		if is.hardLinks = x.link(root, file, dir, file) == nil; is.hardLinks {
			return dir.Remove(file)
		}
		return nil
	})
	return is, err
}

// clash looks for a node that is placed already in the same directory and
// differs in nothing but case.
func (x *extractedTree) clash(i int32) error {
	n := &x.tree.meta.nodes[i]
	for other := range x.tree.sameFolded(n.parent, n.name) {
		if other != i && x.placed[other] {
			return fmt.Errorf("%q differs from it only in case, which is the same name on this file system: %w",
				x.tree.meta.nodes[other].name, ErrUnsupported)
		}
	}
	return nil
}

// parent returns the directory that a placed node is in and its name there.
func (x *extractedTree) parent(i int32) (parent int32, name string) {
	name, _ = x.tree.hostName(i) // place has checked it
	return x.tree.meta.nodes[i].parent, name
}

// treeDirectory names a directory of a tree.
type treeDirectory struct {
	tree *extractedTree
	node int32
}

// above is what [openDirectories] asks for. The first directory of a tree is
// its root.
func (d treeDirectory) above() (above treeDirectory, name string, first bool) {
	if d.node == 0 {
		return treeDirectory{}, d.tree.prefix, true
	}
	parent, name := d.tree.parent(d.node)
	return treeDirectory{d.tree, parent}, name, false
}

// in calls work with the open directory that a node is in, and the node's name.
func (x *extractedTree) in(i int32, work func(dir *os.Root, name string) error) error {
	parent, name := i, "."
	if i != 0 {
		parent, name = x.parent(i)
	}
	dir, err := x.directories.acquire(treeDirectory{x, parent})
	if err == nil {
		defer x.directories.release(dir)
		err = work(dir.root, name)
	}
	if err != nil {
		return x.targetError(x.path(i), err)
	}
	return nil
}

// targetError puts what could not be written, relative to the target, in place
// of a name that means nothing to anybody: that of a temporary file, or an
// element of a path.
func (x *extractedTree) targetError(path string, err error) error {
	op := "extract"
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		op, err = pathError.Op, pathError.Err
	case errors.As(err, &linkError):
		op, err = linkError.Op, linkError.Err
	case errors.Is(err, context.Cause(x.ctx)):
		return err
	}
	return &fs.PathError{Op: op, Path: filepath.Join(x.dir, path), Err: err}
}

// makeDirectories goes down each way before it begins the next, so that the
// directory above is at hand. Unix modes are there from the start, and what the
// owner needs to write into the directory.
func (x *extractedTree) makeDirectories() error {
	for i := range x.tree.meta.preorder() {
		if !x.placed[i] || i == 0 {
			continue
		}
		parent := x.tree.meta.nodes[i].parent
		if !x.placed[parent] {
			x.placed[i] = false
			continue
		}
		if !x.tree.meta.nodes[i].isDirectory() {
			continue
		}
		if err := context.Cause(x.ctx); err != nil {
			return err
		}
		mode := fs.FileMode(0o777)
		if x.setsMode(i) {
			mode = x.tree.info(i).Mode().Perm() | 0o700
		}
		err := x.in(i, func(dir *os.Root, name string) (err error) {
			x.made[i], err = makeDirectory(dir, name, mode)
			return err
		})
		if err != nil {
			return err
		}
		if !x.made[i] && x.made[parent] {
			x.problem(i, errAlias)
			x.placed[i] = false
			continue
		}
		x.report.Directories++
	}
	return nil
}

// setsMode says whether the entry gets the Unix mode of the image: not a
// directory on the way to what was asked for. Where there is a metadataHost,
// modes mean something else.
func (x *extractedTree) setsMode(i int32) bool {
	return x.host == nil && x.selected[i] == selected && x.tree.hasUnixData(i)
}

func (x *extractedTree) writeEmpty(i int32) error {
	file, err := x.create(destination{x, i, ""})
	if err != nil {
		return err
	}
	return x.complete(file)
}

// path returns where a placed node goes, relative to the root. Paths are not
// kept: those of a deep tree have many times its size.
func (x *extractedTree) path(i int32) string {
	var names []string
	for i != 0 {
		parent, name := x.parent(i)
		names = append(names, name)
		i = parent
	}
	slices.Reverse(names)
	return filepath.Join(names...)
}

// makeLinks makes symbolic links of symbolic links and junctions, or those
// themselves where there is a metadataHost.
func (x *extractedTree) makeLinks() error {
	return x.each(func(i int32, n *node) error {
		if err := context.Cause(x.ctx); err != nil {
			return err
		}
		if x.host != nil {
			return x.makeReparsePoint(i, n)
		}
		if !x.tree.isLink(i) {
			return nil
		}
		target, err := x.linkTarget(i)
		if err == nil {
			err = checkLinkTarget(target)
		}
		if err != nil {
			x.problem(i, err)
			return nil
		}
		err = x.in(i, func(dir *os.Root, name string) error {
			return x.makeSymlink(i, dir, name, target)
		})
		if errors.Is(err, errAlias) {
			x.problem(i, errAlias)
			return nil
		}
		if err == nil {
			x.report.Links++
		}
		return err
	})
}

// makeSymlink makes a symbolic link under a temporary name first, as files are
// made: what it replaces is there until then, and so is told from it.
func (x *extractedTree) makeSymlink(i int32, dir *os.Root, name, target string) error {
	temp := x.tempName()
	if err := dir.Symlink(target, temp); err != nil {
		return err
	}
	err := setLinkTime(dir, temp, x.tree.info(i).ModTime())
	if err == nil {
		err = x.checkName(i, dir, name)
	}
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		dir.Remove(temp)
	}
	return err
}

// linkTarget returns what a link's target is in the extracted tree.
func (x *extractedTree) linkTarget(i int32) (string, error) {
	point := x.tree.reparsePoint(i)
	link, err := point.Link()
	if err != nil {
		return "", err
	}
	target, inTree := x.tree.outwardTarget(point, link)
	if inTree {
		return filepath.Join(x.dir, filepath.FromSlash(target)), nil
	}
	return filepath.FromSlash(target), nil
}

// finishDirectories sets modes and times of directories, those below first,
// once nothing is written into them any more.
func (x *extractedTree) finishDirectories() error {
	var directories []int32
	for i := range x.tree.meta.preorder() {
		n := &x.tree.meta.nodes[i]
		if x.placed[i] && n.isDirectory() && x.selected[i] == selected && n.dentry >= 0 {
			directories = append(directories, i)
		}
	}
	for _, i := range slices.Backward(directories) {
		if err := context.Cause(x.ctx); err != nil {
			return err
		}
		info := x.tree.info(i)
		err := x.in(i, func(dir *os.Root, name string) error {
			if x.made[i] && x.tree.hasUnixData(i) {
				if err := x.setDirectoryMode(dir, name, extractedMode(info)); err != nil {
					return err
				}
			}
			return setTime(dir, name, info)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// setDirectoryMode gives a directory that was made its mode. The umask is known
// by what it took away then.
func (x *extractedTree) setDirectoryMode(dir *os.Root, name string, mode fs.FileMode) error {
	if !x.unixData {
		now, err := dir.Lstat(name)
		if err != nil {
			return err
		}
		mode &= now.Mode().Perm() | fs.ModeSticky
	}
	return dir.Chmod(name, mode)
}

// isSpecial says whether the node is a device, a pipe or a socket.
func (f *FS) isSpecial(i int32) bool {
	return f.info(i).Mode()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket) != 0
}
