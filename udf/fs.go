package udf

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/wimble-go/wimble/internal/saferio"
)

var (
	_ fs.StatFS     = (*Reader)(nil)
	_ fs.ReadDirFS  = (*Reader)(nil)
	_ fs.ReadFileFS = (*Reader)(nil)
)

// node is a file or a directory that was looked up.
type node struct {
	*entry
	name  string // "." for the root
	depth int
}

// lookup finds a path. Its error is without the path.
func (r *Reader) lookup(name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	n := &node{entry: r.root, name: "."}
	if name == "." {
		return n, nil
	}
	for element := range strings.SplitSeq(name, "/") {
		if !n.isDirectory() {
			return nil, fs.ErrNotExist
		}
		d, err := r.directory(n.entry)
		if err != nil {
			return nil, err
		}
		c, found := d.find(element)
		if !found {
			if d.err != nil { // it may have been there
				return nil, d.err
			}
			return nil, fs.ErrNotExist
		}
		if n, err = r.child(n, c); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// child returns the node of a child.
func (r *Reader) child(parent *node, c *child) (*node, error) {
	e, err := r.readEntry(c.at)
	if err != nil {
		return nil, fmt.Errorf("file entry at %v: %w", c.at, err)
	}
	n := &node{entry: e, name: c.name, depth: parent.depth + 1}
	if e.isDirectory() {
		if n.depth > maxDepth {
			return nil, limitErrorf("directories deeper than %d", maxDepth)
		}
		if err := r.tree.claim(c.at, place{parent.at, c.index}); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Open opens a file or a directory. Files are [*File]s. What is neither, such
// as a symbolic link, can be listed and described, but not opened: the error is
// of kind [ErrUnsupported].
func (r *Reader) Open(name string) (fs.File, error) {
	n, err := r.lookup(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if n.isDirectory() {
		return &openDirectory{reader: r, node: n, path: name}, nil
	}
	if !n.isFile() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: unsupportedf("file of type %d", n.kind)}
	}
	section, err := r.open(n.entry)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &File{SectionReader: section, node: n}, nil
}

// Stat describes a file or a directory.
func (r *Reader) Stat(name string) (fs.FileInfo, error) {
	n, err := r.lookup(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return fileInfo{n}, nil
}

// ReadFile reads a whole file.
func (r *Reader) ReadFile(name string) ([]byte, error) {
	file, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	f, ok := file.(*File)
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	data, err := saferio.ReadData(f, f.Size(), 0)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

// ReadDir lists a directory, sorted by name. An entry that cannot be read is
// listed as an irregular file, and its Info method tells why. If the directory
// itself is damaged, what comes before the damage is returned with an error.
func (r *Reader) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := r.lookup(name)
	if err == nil && !n.isDirectory() {
		err = fs.ErrInvalid
	}
	var list []fs.DirEntry
	if err == nil {
		list, err = r.list(n)
	}
	if err != nil {
		err = &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return list, err
}

// list describes the children of a directory.
func (r *Reader) list(n *node) ([]fs.DirEntry, error) {
	d, err := r.directory(n.entry)
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, len(d.children))
	for i := range d.children {
		c := &d.children[i]
		child, err := r.child(n, c)
		if err != nil {
			list[i] = unreadable{c.name, err}
			continue
		}
		list[i] = fs.FileInfoToDirEntry(fileInfo{child})
	}
	return list, d.err
}

// unreadable is an entry of a directory that cannot be read.
type unreadable struct {
	name string
	err  error
}

func (u unreadable) Name() string               { return u.name }
func (u unreadable) IsDir() bool                { return false }
func (u unreadable) Type() fs.FileMode          { return fs.ModeIrregular }
func (u unreadable) Info() (fs.FileInfo, error) { return nil, u.err }

// fileInfo describes a node.
type fileInfo struct{ node *node }

func (i fileInfo) Name() string       { return i.node.name }
func (i fileInfo) Mode() fs.FileMode  { return i.node.mode() }
func (i fileInfo) ModTime() time.Time { return i.node.modified }
func (i fileInfo) IsDir() bool        { return i.node.isDirectory() }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

// Size is the size of a file, and 0 for anything else.
func (i fileInfo) Size() int64 {
	if !i.node.isFile() {
		return 0
	}
	return i.node.size
}

// File is an open file. It may be read by many goroutines at once with ReadAt.
//
// A file whose content is one range of the volume is a section of the source
// that [NewReader] was given; its Outer method tells the range.
type File struct {
	*io.SectionReader
	node *node
}

// Stat describes the file.
func (f *File) Stat() (fs.FileInfo, error) { return fileInfo{f.node}, nil }

// Close does nothing; the source stays open.
func (f *File) Close() error { return nil }

// openDirectory is an open directory.
type openDirectory struct {
	reader *Reader
	node   *node
	path   string

	mu   sync.Mutex
	list []fs.DirEntry // what was not returned yet
	err  error         // what comes after it
	read bool
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return fileInfo{d.node}, nil }
func (d *openDirectory) Close() error               { return nil }

func (d *openDirectory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.read {
		d.list, d.err = d.reader.list(d.node)
		if d.err != nil {
			d.err = &fs.PathError{Op: "readdir", Path: d.path, Err: d.err}
		}
		d.read = true
	}
	if n <= 0 {
		list, err := d.list, d.err
		d.list, d.err = nil, nil
		return list, err
	}
	if len(d.list) == 0 {
		if err := d.err; err != nil {
			d.err = nil
			return nil, err
		}
		return nil, io.EOF
	}
	n = min(n, len(d.list))
	list := d.list[:n:n]
	d.list = d.list[n:]
	return list, nil
}
