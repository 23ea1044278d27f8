package wim

import (
	"strconv"
	"time"
)

// newImageElement returns the XML element of a new image, with the elements that
// every image has in Microsoft's order.
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
	var directories, files, total, linked int64
	seen := make(map[uint64]bool)
	for n := range d.all() {
		switch {
		case n == d.root:
		case n.Dentry.IsDirectory():
			directories++
		default:
			files++
		}
		size := int64(0)
		for b := range n.contents() {
			size += b.stored().size
		}
		total += size
		if group := n.linkGroup(); group != 0 {
			if seen[group] {
				linked += size
			}
			seen[group] = true
		}
	}
	for _, field := range []struct {
		name  string
		value int64
	}{{"DIRCOUNT", directories}, {"FILECOUNT", files}, {"TOTALBYTES", total}, {"HARDLINKBYTES", linked}} {
		e.set(field.name, strconv.FormatInt(field.value, 10))
	}
}
