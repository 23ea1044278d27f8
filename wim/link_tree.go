package wim

import (
	"io"
	"io/fs"
	"strings"
	"sync"
)

// A linkTree is a tree with links in it, in which paths are looked up: an [FS]
// or an [Edit]. Its nodes are numbers, 0 is the root.
type linkTree interface {
	// resolve finds the node of a path. Links inside the path are followed; the
	// last element is followed if followLast is set.
	resolve(path string, followLast bool) (int32, error)
	info(i int32) entryInfo
	list(dir int32) []fs.DirEntry

	child(dir int32, name string) (i int32, found bool)
	parent(i int32) int32
	isDirectory(i int32) bool
	isLink(i int32) bool
	linkTarget(i int32) (string, error)
}

// The bounds of links: how many a path may lead through, and how many elements
// their targets may have together.
const (
	maxLinks        = 40
	maxLinkElements = 4096
)

var (
	errTooManyLinks error = &kindError{"too many levels of links", ErrLimit}
	errLongLinks    error = &kindError{"links with too many elements in their targets", ErrLimit}
	errNotDirectory error = &kindError{"not a directory", fs.ErrNotExist}
	errIsDirectory  error = &kindError{"is a directory", fs.ErrInvalid}
	errOutside      error = &kindError{"the link leads out of the image", fs.ErrNotExist}
)

// walkPath finds the node that a path leads to from a directory. Links inside
// of the path are followed; its last element is followed if followLast is set.
func walkPath(t linkTree, at int32, path string, followLast bool) (node int32, links int, err error) {
	elements := 0
	for rest := path; rest != ""; {
		var name string
		if links > 0 {
			if elements++; elements > maxLinkElements {
				return 0, links, errLongLinks
			}
		}
		name, rest, _ = strings.Cut(rest, "/")
		if !t.isDirectory(at) {
			return 0, links, errNotDirectory
		}
		switch name {
		case "", ".":
			continue
		case "..":
			if at == 0 {
				return 0, links, errOutside
			}
			at = t.parent(at)
			continue
		}
		next, found := t.child(at, name)
		if !found {
			return 0, links, fs.ErrNotExist
		}
		if !t.isLink(next) || (rest == "" && !followLast) {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return 0, links, errTooManyLinks
		}
		target, err := t.linkTarget(next)
		if err != nil {
			return 0, links, err
		}
		if strings.HasPrefix(target, "//") {
			return 0, links, errOutside
		}
		if rooted, ok := strings.CutPrefix(target, "/"); ok {
			at, target = 0, rooted
		}
		// A link's target is made of elements, "." and ".." too; what came
		// after the link follows.
		rest = strings.TrimSuffix(target+"/"+rest, "/")
	}
	return at, links, nil
}

// resolveOrLink resolves a path and follows links. For a dangling link it
// returns the link itself, and in broken why it dangles.
func resolveOrLink(t linkTree, path string) (i int32, broken, err error) {
	i, err = t.resolve(path, true)
	if err == nil {
		return i, nil, nil
	}
	link, linkErr := t.resolve(path, false)
	if linkErr != nil || !t.isLink(link) {
		return 0, nil, err
	}
	return link, err, nil
}

func stat(t linkTree, name string) (fs.FileInfo, error) {
	i, _, err := resolveOrLink(t, name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return t.info(i), nil
}

func lstat(t linkTree, name string) (fs.FileInfo, error) {
	i, err := t.resolve(name, false)
	if err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return t.info(i), nil
}

func readLink(t linkTree, name string) (string, error) {
	i, err := t.resolve(name, false)
	if err == nil && !t.isLink(i) {
		err = fs.ErrInvalid
	}
	var target string
	if err == nil {
		target, err = t.linkTarget(i)
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

func readDir(t linkTree, name string) ([]fs.DirEntry, error) {
	i, err := t.resolve(name, true)
	if err == nil && !t.isDirectory(i) {
		err = errNotDirectory
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return t.list(i), nil
}

// entryInfo describes a node in both ways that io/fs has.
type entryInfo interface {
	fs.FileInfo
	fs.DirEntry
}

// directory is an open directory.
type directory struct {
	info    fs.FileInfo
	path    string
	count   int
	entries func(from, count int) []fs.DirEntry

	mu   sync.Mutex
	done int // entries already returned
}

func (d *directory) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *directory) Close() error               { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errIsDirectory}
}

// ReadDir implements fs.ReadDirFile.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	count := d.count - d.done
	if n > 0 {
		if count == 0 {
			return nil, io.EOF
		}
		count = min(count, n)
	}
	list := d.entries(d.done, count)
	d.done += count
	return list, nil
}
