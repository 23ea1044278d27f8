package wim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// selection says what is wanted of a node.
type selection uint8

const (
	notSelected selection = iota
	onTheWay              // a directory above what is wanted
	selected
)

// An extractedTree is the tree of an image on its way to a directory.
type extractedTree struct {
	*extraction
	tree        *FS
	dir         string // the target's absolute path
	prefix      string // of paths in reports
	directories openDirectories
	selected    []selection    // by node
	placed      []bool         // by node: it is selected and has a place in the target
	hardLinks   [][2]int32     // a node, and one that is another name of it
	failed      map[int32]bool // nodes with a problem, guarded by extraction.mu
}

// choose selects a node.
func (x *extractedTree) choose(i int32) {
	x.selected[i] = selected
	for i != 0 {
		i = x.tree.meta.nodes[i].parent
		x.selected[i] = max(x.selected[i], onTheWay)
	}
}

// chooseBelow selects what is below the nodes that are selected.
func (x *extractedTree) chooseBelow() {
	nodes := x.tree.meta.nodes
	for i := 1; i < len(nodes); i++ { // parents come before their children
		if x.selected[nodes[i].parent] == selected {
			x.selected[i] = selected
		}
	}
}

// each calls yield for each selected node that has a place, parents first.
func (x *extractedTree) each(yield func(i int32, n *node) error) error {
	for i := range x.tree.meta.nodes {
		if x.placed[i] {
			if err := yield(int32(i), &x.tree.meta.nodes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// place finds the selected nodes that the target can hold.
func (x *extractedTree) place(foldsCase bool) {
	nodes := x.tree.meta.nodes
	x.placed[0] = true
	for i := 1; i < len(nodes); i++ {
		if x.selected[i] == notSelected || !x.placed[nodes[i].parent] {
			continue
		}
		_, err := x.tree.hostName(int32(i))
		if err == nil && foldsCase {
			err = x.clash(int32(i))
		}
		if err != nil {
			x.problem(int32(i), err)
			continue
		}
		x.placed[i] = true
	}
}

// foldsCase says whether the target takes names that differ in case for the
// same, as file systems of Windows and macOS do and some of Linux.
func (x *extractedTree) foldsCase() (bool, error) {
	root := x.directories.root
	name := x.tempName()
	if err := root.Mkdir(name, 0o777); err != nil {
		return false, err
	}
	defer root.Remove(name)
	_, err := root.Lstat(strings.ToUpper(name))
	return err == nil, nil
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

// in calls work with the open directory that a node is in, and the node's name.
func (x *extractedTree) in(i int32, work func(dir *os.Root, name string) error) error {
	if i == 0 {
		return work(x.directories.root, ".")
	}
	parent, name := x.parent(i)
	dir, err := x.directories.acquire(parent)
	if err == nil {
		defer x.directories.release(dir)
		err = work(dir.root, name)
	}
	if err != nil {
		return fmt.Errorf("extracting %s: %w", x.pathOf(i), err)
	}
	return nil
}

// problem reports that a node was not extracted.
func (x *extractedTree) problem(i int32, err error) {
	x.mu.Lock()
	if x.failed == nil {
		x.failed = make(map[int32]bool)
	}
	x.failed[i] = true
	x.mu.Unlock()
	x.addProblem(x.pathOf(i), err)
}

// pathOf returns the path of a node, for messages.
func (x *extractedTree) pathOf(i int32) string { return path.Join(x.prefix, x.tree.meta.pathOf(i)) }

func (x *extractedTree) makeDirectories() error {
	return x.each(func(i int32, n *node) error {
		if !n.isDirectory() || i == 0 {
			return nil
		}
		return x.in(i, func(dir *os.Root, name string) error {
			err := dir.Mkdir(name, 0o777)
			if errors.Is(err, fs.ErrExist) {
				if info, statErr := dir.Lstat(name); statErr == nil && info.IsDir() {
					err = nil
				}
			}
			if err == nil {
				x.report.Directories++
			}
			return err
		})
	})
}

// planFiles sorts the selected files: by the content they need, and by those
// that become another name of a file. Files without content are made at once.
func (x *extractedTree) planFiles(contents map[*blob][]destination) error {
	first := make(map[uint64]int32) // of each hard link group
	return x.each(func(i int32, n *node) error {
		hashes := x.tree.meta.streamsOf(n)
		if n.isDirectory() || x.tree.isLink(i) || !hashes.hasData || n.attributes&AttributeEncrypted != 0 {
			return nil
		}
		if group := x.tree.hardLinkGroup(i); group != 0 {
			if k, ok := first[group]; ok {
				x.hardLinks = append(x.hardLinks, [2]int32{k, i})
				return nil
			}
			first[group] = i
		}
		b, err := x.tree.reader.lookup(hashes.data)
		switch {
		case err != nil:
			x.problem(i, err)
		case b == nil:
			return x.writeEmpty(i)
		default:
			contents[b] = append(contents[b], destination{x, i})
		}
		return nil
	})
}

func (x *extractedTree) writeEmpty(i int32) error {
	file, err := x.create(i)
	if err != nil {
		return err
	}
	return x.complete(file)
}

// makeHardLinks gives files their further names. The names may be in
// different directories, so these paths start at the root.
func (x *extractedTree) makeHardLinks() error {
	for _, l := range x.hardLinks {
		from, to := x.path(l[0]), x.path(l[1])
		if x.failed[l[0]] {
			x.problem(l[1], fmt.Errorf("it is a hard link of %s, which was not extracted", from))
			continue
		}
		root := x.directories.root
		if err := makeWay(root, to); err != nil {
			return err
		}
		if err := root.Link(from, to); err != nil {
			return err
		}
		x.report.Files++
	}
	return nil
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

// makeWay removes a file or link that stands where another is to be.
func makeWay(dir *os.Root, name string) error {
	if info, err := dir.Lstat(name); err != nil || info.IsDir() {
		return nil
	}
	return dir.Remove(name)
}

// maxLinkTarget is how long targets of links are at most: PATH_MAX of Linux
// without the terminator, and less than Windows allows.
const maxLinkTarget = 4095

// makeLinks makes symbolic links of symbolic links and junctions.
func (x *extractedTree) makeLinks() error {
	return x.each(func(i int32, n *node) error {
		if !x.tree.isLink(i) {
			return nil
		}
		target, err := x.linkTarget(i)
		if err == nil && (target == "" || len(target) > maxLinkTarget || strings.Contains(target, "\x00")) {
			err = fmt.Errorf("a link target of %d bytes that this system's links cannot have: %w", len(target), ErrUnsupported)
		}
		if err != nil {
			x.problem(i, err)
			return nil
		}
		x.report.Links++
		return x.in(i, func(dir *os.Root, name string) error {
			if err := makeWay(dir, name); err != nil {
				return err
			}
			if err := dir.Symlink(target, name); err != nil {
				return err
			}
			return setLinkTime(dir, name, x.tree.info(i).ModTime())
		})
	})
}

// linkTarget returns what a link's target is in the extracted tree. With
// FlagReparseFix a target that was inside of the captured tree is rooted in
// the new place of that tree.
func (x *extractedTree) linkTarget(i int32) (string, error) {
	point := x.tree.entry(i).Reparse
	link, err := point.Link()
	if err != nil {
		return "", err
	}
	target := link.Target()
	rooted := len(target) > 0 && target[0] == '/' && (len(target) < 2 || target[1] != '/')
	if rooted && x.tree.reader.Header.Flags&FlagReparseFix != 0 && point.Flags&reparseNotFixed == 0 {
		return filepath.Join(x.dir, filepath.FromSlash(path.Clean(target))), nil // without ".." at its start
	}
	return filepath.FromSlash(target), nil
}

// finishDirectories sets modes and times of directories, the deepest first,
// once nothing is written into them any more.
func (x *extractedTree) finishDirectories() error {
	var directories []int32
	x.each(func(i int32, n *node) error {
		if n.isDirectory() && x.selected[i] == selected && n.dentry >= 0 {
			directories = append(directories, i)
		}
		return nil
	})
	for _, i := range slices.Backward(directories) {
		info := x.tree.info(i)
		err := x.in(i, func(dir *os.Root, name string) error {
			if info.hasUnixData() {
				if err := dir.Chmod(name, info.Mode()); err != nil {
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

// isSpecial says whether the node is a device, a pipe or a socket.
func (f *FS) isSpecial(i int32) bool {
	return f.info(i).Mode()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket) != 0
}

// countNotRestored counts what was left out.
func (x *extractedTree) countNotRestored(counts map[string]int) {
	x.each(func(i int32, n *node) error {
		if x.selected[i] != selected || n.dentry < 0 {
			return nil
		}
		e := x.tree.entry(i)
		for what, has := range map[string]bool{
			"named streams":                       slices.ContainsFunc(e.Streams, func(s Stream) bool { return s.Name != "" }),
			"security descriptors":                e.SecurityDescriptor != nil,
			"short names":                         e.ShortName != "",
			"object ids":                          e.ObjectID != nil,
			"extended attributes":                 e.Xattrs != nil,
			"hidden, system and other attributes": e.Attributes&^restoredAttributes != 0,
			"owners":                              e.Unix != nil && (e.Unix.UID != uint32(os.Getuid()) || e.Unix.GID != uint32(os.Getgid())),
			"reparse points that are not links":   e.Reparse != nil && !e.Reparse.IsLink(),
			"files with EFS encryption":           n.attributes&AttributeEncrypted != 0 && !n.isDirectory(),
			"devices, pipes and sockets":          x.tree.isSpecial(i),
			"times of symbolic links":             !linkTimes && x.tree.isLink(i),
		} {
			if has {
				counts[what]++
			}
		}
		return nil
	})
}

// restoredAttributes are those that the kind, the content or the mode of the
// extracted file tell, or that mean nothing outside of NTFS.
const restoredAttributes = AttributeReadOnly | AttributeDirectory | AttributeArchive | AttributeNormal | AttributeReparsePoint |
	AttributeSparseFile | AttributeEncrypted | AttributeNotContentIndexed
