package wim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// ExtractReport is what [Image.Extract] did.
type ExtractReport struct {
	Files       int // names of files, hard links included
	Directories int
	Links       int   // symbolic links and junctions
	Bytes       int64 // of content that was written
	// NotRestored lists what the image has and the target could not be given.
	NotRestored []NotRestored
	// Problems are the entries that could not be extracted.
	Problems []Problem
	// MoreProblems counts the problems that are not listed, since the list has
	// 64 MiB of text already.
	MoreProblems int
}

// NotRestored is a kind of metadata that was left out.
type NotRestored struct {
	What  string // such as "security descriptors"
	Count int    // entries that have it
}

// WithPaths limits [Image.Extract] to some files and directories, with all
// that is below those. They keep their place: "Windows/notepad.exe" is written
// to Windows/notepad.exe below the target.
func WithPaths(paths ...string) BulkOption {
	return func(b *bulk) { b.paths = append(b.paths, paths...) }
}

// Extract writes the image to a directory, which is made if need be: files,
// directories, hard links, symbolic links and junctions, times of last
// modification, and the read-only attribute. Existing files are replaced, each
// only when its new content is complete.
//
// Nothing is written outside of dir, whatever the names and links in the image
// say. An absolute link target is rooted in dir if the file's header asks for
// that with FlagReparseFix.
//
// Entries that are damaged or that the target cannot hold are left out; the
// report names them, and the error is then not nil. A target that cannot be
// written ends the extraction.
func (image *Image) Extract(ctx context.Context, dir string, opts ...BulkOption) (*ExtractReport, error) {
	tree, err := image.FS()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	x := &extraction{
		tree: tree, dir: absolute, token: rand.Text(), report: &ExtractReport{},
		selected: make([]selection, len(tree.meta.nodes)),
		placed:   make([]bool, len(tree.meta.nodes)),
	}
	x.directories = openDirectories{root: root, parent: x.parent, open: make(map[int32]*openDirectory)}
	defer x.directories.closeAll()
	err = x.run(ctx, newBulk(opts))
	x.summarize()
	if err == nil && len(x.report.Problems) > 0 {
		err = fmt.Errorf("%d problems, the first: %w", len(x.report.Problems)+x.report.MoreProblems, x.report.Problems[0].Err)
	}
	return x.report, err
}

// selection says what is wanted of a node.
type selection uint8

const (
	notSelected selection = iota
	onTheWay              // a directory above what is wanted
	selected
)

// extraction is one run of Extract.
type extraction struct {
	tree        *FS
	dir         string // the target's absolute path
	directories openDirectories
	selected    []selection // by node
	placed      []bool      // by node: it is selected and has a place in the target
	token       string      // in the names of temporary files: no entry of an image has such a name
	temps       atomic.Int64

	mu      sync.Mutex
	report  *ExtractReport
	text    reportText
	failed  map[int32]bool // nodes with a problem
	writing map[*newFile]bool
}

func (x *extraction) run(ctx context.Context, b *bulk) error {
	if err := x.choose(b.paths); err != nil {
		return err
	}
	x.place()
	if err := x.makeDirectories(); err != nil {
		return err
	}
	defer x.discardAll()
	contents, hardLinks, err := x.planFiles()
	if err != nil {
		return err
	}
	blobs := make([]*blob, 0, len(contents))
	for blob := range contents {
		blobs = append(blobs, blob)
	}
	b.open = func(blob *blob) (blobSink, error) { return x.newFileSink(contents[blob]) }
	if err := b.run(ctx, blobs); err != nil {
		return err
	}
	// Links come last, so that nothing can be written through them.
	if err := x.makeHardLinks(hardLinks); err != nil {
		return err
	}
	if err := x.makeLinks(); err != nil {
		return err
	}
	return x.finishDirectories()
}

// choose marks the nodes that the paths select.
func (x *extraction) choose(paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	nodes := x.tree.meta.nodes
	for _, path := range paths {
		i, err := x.tree.resolve(path, false)
		if err != nil {
			return &fs.PathError{Op: "extract", Path: path, Err: err}
		}
		x.selected[i] = selected
		for up := i; up != 0; {
			up = nodes[up].parent
			x.selected[up] = max(x.selected[up], onTheWay)
		}
	}
	// Parents come before their children.
	for i := 1; i < len(nodes); i++ {
		if x.selected[nodes[i].parent] == selected {
			x.selected[i] = selected
		}
	}
	return nil
}

// each calls yield for each selected node that has a place, parents first.
func (x *extraction) each(yield func(i int32, n *node) error) error {
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
func (x *extraction) place() {
	nodes := x.tree.meta.nodes
	x.placed[0] = true
	for i := 1; i < len(nodes); i++ {
		if x.selected[i] == notSelected || !x.placed[nodes[i].parent] {
			continue
		}
		if _, err := x.tree.hostName(int32(i)); err != nil {
			x.problem(int32(i), err)
			continue
		}
		x.placed[i] = true
	}
}

// parent returns the directory that a placed node is in and its name there.
func (x *extraction) parent(i int32) (parent int32, name string) {
	name, _ = x.tree.hostName(i) // place has checked it
	return x.tree.meta.nodes[i].parent, name
}

// in calls work with the open directory that a node is in, and the node's name.
func (x *extraction) in(i int32, work func(dir *os.Root, name string) error) error {
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
		return fmt.Errorf("extracting %s: %w", x.tree.meta.pathOf(i), err)
	}
	return nil
}

func (x *extraction) problem(i int32, err error) {
	path := x.tree.meta.pathOf(i)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed == nil {
		x.failed = make(map[int32]bool)
	}
	x.failed[i] = true
	if !x.text.take(len(path) + problemOverhead) {
		x.report.MoreProblems++
		return
	}
	x.report.Problems = append(x.report.Problems, Problem{
		Err:      &fs.PathError{Op: "extract", Path: path, Err: err},
		Affected: []string{path},
	})
}

func (x *extraction) makeDirectories() error {
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
func (x *extraction) planFiles() (contents map[*blob][]int32, hardLinks [][2]int32, err error) {
	contents = make(map[*blob][]int32)
	first := make(map[uint64]int32) // of each hard link group
	err = x.each(func(i int32, n *node) error {
		hashes := x.tree.meta.streamsOf(n)
		if n.isDirectory() || x.tree.isLink(i) || !hashes.hasData || n.attributes&AttributeEncrypted != 0 {
			return nil
		}
		if group := x.tree.hardLinkGroup(i); group != 0 {
			if k, ok := first[group]; ok {
				hardLinks = append(hardLinks, [2]int32{k, i})
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
			contents[b] = append(contents[b], i)
		}
		return nil
	})
	return contents, hardLinks, err
}

func (x *extraction) writeEmpty(i int32) error {
	file, err := x.create(i)
	if err != nil {
		return err
	}
	return x.complete(file)
}

// makeHardLinks gives files their further names. The names may be in
// different directories, so these paths start at the root.
func (x *extraction) makeHardLinks(links [][2]int32) error {
	for _, l := range links {
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
func (x *extraction) path(i int32) string {
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
func (x *extraction) makeLinks() error {
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
			return dir.Symlink(target, name)
		})
	})
}

// linkTarget returns what a link's target is in the extracted tree. With
// FlagReparseFix a target that was inside of the captured tree is rooted in
// the new place of that tree.
func (x *extraction) linkTarget(i int32) (string, error) {
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
func (x *extraction) finishDirectories() error {
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

// summarize counts what was left out.
func (x *extraction) summarize() {
	counts := make(map[string]int)
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
			"times of symbolic links":             x.tree.isLink(i),
		} {
			if has {
				counts[what]++
			}
		}
		return nil
	})
	for what, count := range counts {
		x.report.NotRestored = append(x.report.NotRestored, NotRestored{what, count})
	}
	slices.SortFunc(x.report.NotRestored, func(a, b NotRestored) int { return b.Count - a.Count })
}

// restoredAttributes are those that the kind, the content or the mode of the
// extracted file tell, or that mean nothing outside of NTFS.
const restoredAttributes = AttributeReadOnly | AttributeDirectory | AttributeArchive | AttributeNormal | AttributeReparsePoint |
	AttributeSparseFile | AttributeEncrypted | AttributeNotContentIndexed
