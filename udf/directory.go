package udf

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/utf16le"
)

const (
	// maxDirectory is how large a directory may be, and maxDirectories how
	// large all may be that are looked into. One with 100,000 names of 60
	// characters has 10 MB; the directories of a Windows disc have some 100 KB.
	maxDirectory   = 16 << 20
	maxDirectories = 64 << 20

	// maxDepth is how deep directories may lie.
	maxDepth = 512
)

// tree is what is known of the directories.
type tree struct {
	mu          sync.Mutex
	places      map[address]place
	directories map[address]*directory // that were read
	sum         int64                  // of their sizes
}

// place is where in the tree a directory is: the first in which it was found.
// So no directory is in itself, and there are no more paths than directories.
type place struct {
	parent address
	index  int // among the parent's children
}

// child is a file identifier.
type child struct {
	name  string
	at    address
	index int // in the directory, as it is stored
}

// directory is a directory that was read.
type directory struct {
	children []child // sorted by name
	err      error   // why there are no more children
}

const (
	identifierDeleted = 4
	identifierParent  = 8
)

// claim makes sure that a directory is in no other place.
func (t *tree) claim(at address, in place) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.places[at]
	if !ok {
		t.places[at] = in
	} else if known != in {
		return formatErrorf("directory at %v is in two places of the tree", at)
	}
	return nil
}

// directory reads a directory. It is kept then.
func (r *Reader) directory(e *entry) (*directory, error) {
	t := &r.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.directories[e.at]; d != nil {
		return d, nil
	}
	// Directories that share their extents would make much out of little.
	if e.size > maxDirectory || e.size > min(maxDirectories, r.size)-t.sum {
		return nil, limitErrorf("directory of %d bytes, after %d bytes of others", e.size, t.sum)
	}
	t.sum += e.size
	section, err := r.open(e)
	if err != nil {
		return nil, err
	}
	data, err := saferio.ReadData(section, e.size, 0)
	if err != nil {
		return nil, err
	}
	d := parseDirectory(data)
	t.directories[e.at] = d
	return d, nil
}

// parseDirectory parses file identifiers. What comes before a malformed one
// counts.
func parseDirectory(data []byte) *directory {
	d := &directory{}
	for at := 0; at < len(data); {
		c, n, err := parseIdentifier(data[at:])
		if err != nil {
			d.err = fmt.Errorf("file identifier at offset %d of the directory: %w", at, err)
			break
		}
		if c != nil {
			c.index = len(d.children)
			d.children = append(d.children, *c)
		}
		at += n
	}
	slices.SortStableFunc(d.children, func(a, b child) int { return cmp.Compare(a.name, b.name) })
	d.tellApart()
	return d
}

// parseIdentifier parses a file identifier, and returns how long it is. Those
// of the parent directory, and deleted ones, are nil.
func parseIdentifier(b []byte) (*child, int, error) {
	const fixed = 38
	if len(b) < fixed {
		return nil, 0, formatErrorf("%d bytes, of at least %d", len(b), fixed)
	}
	name, use := int(b[19]), int(u16(b[36:]))
	n := (fixed + use + name + 3) &^ 3
	if n > len(b) {
		return nil, 0, formatErrorf("%d bytes, of %d", len(b), n)
	}
	if err := requireTag(b[:n], tagFileIdentifier); err != nil {
		return nil, 0, err
	}
	if b[18]&(identifierDeleted|identifierParent) != 0 {
		return nil, n, nil
	}
	units, err := decodeCS0(b[fixed+use:][:name])
	if err != nil {
		return nil, 0, err
	}
	return &child{name: pathElement(units), at: longAddress(b[20:])}, n, nil
}

// pathElement turns a name into an element of a path of io/fs. What that cannot
// hold is written as %uXXXX: slashes, backslashes, NUL, unpaired surrogates,
// and the names "." and ".."; an entry without a name is called "%u".
func pathElement(units []uint16) string {
	if len(units) == 0 {
		return "%u"
	}
	dots := len(units) <= 2 && !slices.ContainsFunc(units, func(u uint16) bool { return u != '.' })
	return utf16le.Escape(units, func(r rune) bool { return dots || r == '/' || r == '\\' || r == 0 })
}

// tellApart gives the later ones of children with one name others: "name~2".
func (d *directory) tellApart() {
	used := make(map[string]bool, len(d.children))
	for _, c := range d.children {
		used[c.name] = true
	}
	if len(used) == len(d.children) {
		return
	}
	next := make(map[string]int)
	for i := range d.children {
		c := &d.children[i]
		n := next[c.name]
		if n == 0 { // the first keeps its name
			next[c.name] = 2
			continue
		}
		name := c.name
		for used[c.name] {
			c.name = fmt.Sprintf("%s~%d", name, n)
			n++
		}
		next[name], used[c.name] = n, true
	}
	slices.SortFunc(d.children, func(a, b child) int { return cmp.Compare(a.name, b.name) })
}

// find returns the child of a name: exactly, or else without regard to case.
func (d *directory) find(name string) (*child, bool) {
	i, found := slices.BinarySearchFunc(d.children, name, func(c child, name string) int { return cmp.Compare(c.name, name) })
	if found {
		return &d.children[i], true
	}
	name = utf16le.Fold(name)
	for i := range d.children {
		if utf16le.Fold(d.children[i].name) == name {
			return &d.children[i], true
		}
	}
	return nil, false
}
