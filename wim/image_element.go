package wim

import (
	"strconv"
	"time"
)

// newImageElement returns the XML element of a new image, with the elements
// that every image has in Microsoft's order.
func newImageElement(now time.Time) *Element {
	e := &Element{Name: "IMAGE"}
	for _, name := range []string{"DIRCOUNT", "FILECOUNT", "TOTALBYTES", "HARDLINKBYTES"} {
		e.set(name, "0") // the names are good
	}
	e.setTime("CREATIONTIME", now)
	e.setTime("LASTMODIFICATIONTIME", now)
	return e
}

// setStatistics sets the numbers that describe the tree (WIM format sheet,
// section 12.2). The root is not counted, as with Microsoft's tools.
func (d *draft) setStatistics(e *Element) {
	var s statistics
	for n := range d.all() {
		size := int64(0)
		for b := range n.contents() {
			size += b.stored().size
		}
		s.add(n == d.root, n.Dentry.IsDirectory(), n.linkGroup(), size)
	}
	s.set(e)
}

// statistics are the numbers that describe a tree.
type statistics struct {
	directories, files, total, linked int64
	groups                            map[uint64]bool // of hard links, that were met
}

// add adds an entry whose streams have size bytes together.
func (s *statistics) add(root, directory bool, group uint64, size int64) {
	switch {
	case root:
	case directory:
		s.directories++
	default:
		s.files++
	}
	s.total += size
	if group == 0 {
		return
	}
	if s.groups == nil {
		s.groups = make(map[uint64]bool)
	}
	if s.groups[group] {
		s.linked += size
	}
	s.groups[group] = true
}

// set sets the elements of an image.
func (s *statistics) set(e *Element) {
	for _, field := range []struct {
		name  string
		value int64
	}{{"DIRCOUNT", s.directories}, {"FILECOUNT", s.files}, {"TOTALBYTES", s.total}, {"HARDLINKBYTES", s.linked}} {
		e.set(field.name, strconv.FormatInt(field.value, 10))
	}
}
