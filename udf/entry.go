package udf

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Types of files.
const (
	kindUnspecified = 0
	kindDirectory   = 4
	kindFile        = 5
	kindBlockDevice = 6
	kindCharDevice  = 7
	kindPipe        = 9
	kindSocket      = 10
	kindSymlink     = 12
	kindRealTime    = 249
	kindMetadata    = 250
)

// Forms of the descriptors of extents.
const (
	formShort    = 0 // a length and a block
	formLong     = 1 // a partition as well
	formEmbedded = 3 // no descriptors: the content itself
)

// Types of extents, the first two bits of their lengths.
const (
	extentRecorded = 0
	extentMore     = 3 // more descriptors
	// The others are of zeros.
)

// maxMore is how many blocks of more descriptors a file may have.
const maxMore = 64

// entry is a file entry, or an extended one.
type entry struct {
	at          address
	kind        uint8
	form        uint8
	size        int64
	permissions uint32
	modified    time.Time
	descriptors []byte // of extents, or the content
}

func (e *entry) isDirectory() bool { return e.kind == kindDirectory }

// isFile says whether the entry has content to read.
func (e *entry) isFile() bool {
	return e.kind == kindFile || e.kind == kindUnspecified || e.kind == kindRealTime
}

// mode returns the mode: that of something that can be read by all and written
// by nobody. Of the permissions, the right to execute a file counts.
func (e *entry) mode() fs.FileMode {
	const execute = 1 | 1<<5 | 1<<10 // others, group, owner
	switch e.kind {
	case kindDirectory:
		return fs.ModeDir | 0o555
	case kindSymlink:
		return fs.ModeSymlink | 0o777
	case kindBlockDevice:
		return fs.ModeDevice | 0o444
	case kindCharDevice:
		return fs.ModeDevice | fs.ModeCharDevice | 0o444
	case kindPipe:
		return fs.ModeNamedPipe | 0o444
	case kindSocket:
		return fs.ModeSocket | 0o444
	}
	mode := fs.FileMode(0o444)
	if !e.isFile() {
		mode |= fs.ModeIrregular
	}
	if e.permissions&execute != 0 {
		mode |= 0o111
	}
	return mode
}

// readEntry reads the entry at a block.
func (r *Reader) readEntry(at address) (*entry, error) {
	b, err := r.readBlock(at)
	if err != nil {
		return nil, err
	}
	id, err := checkTag(b)
	if err != nil {
		return nil, err
	}
	fixed, modified := 176, 84
	switch id {
	case tagFileEntry:
	case tagExtendedEntry:
		fixed, modified = 216, 92
	case tagIndirectEntry:
		return nil, unsupportedf("entry that leads to another one")
	default:
		return nil, formatErrorf("descriptor with the id %d, which is not a file's", id)
	}
	if strategy := u16(b[20:]); strategy != 4 && strategy != 4096 {
		return nil, unsupportedf("entry of strategy %d", strategy)
	}
	e := &entry{
		at: at, kind: b[27], form: uint8(u16(b[34:]) & 7), permissions: u32(b[44:]),
		modified: timestamp(b[modified:][:12]),
	}
	size := u64(b[56:])
	if e.size = int64(size); e.size < 0 {
		return nil, formatErrorf("entry of %d bytes", size)
	}
	attributes, descriptors := int64(u32(b[fixed-8:])), int64(u32(b[fixed-4:]))
	if attributes+descriptors > r.blockSize-int64(fixed) {
		return nil, formatErrorf("entry with %d bytes of attributes and %d of descriptors in a block of %d", attributes, descriptors, r.blockSize)
	}
	e.descriptors = bytes.Clone(b[int64(fixed)+attributes:][:descriptors])
	return e, nil
}

// layoutOf finds the content of an entry, except one that has it embedded. It
// has no more than the size of the entry.
func (r *Reader) layoutOf(e *entry) (layout, error) {
	width := 8
	switch e.form {
	case formShort:
	case formLong:
		width = 16
	default:
		return layout{}, unsupportedf("entry with descriptors of form %d", e.form)
	}
	var l layout
	list, more := e.descriptors, 0
	for len(list) >= width && l.size() < e.size {
		d := list[:width]
		list = list[width:]
		kind, length := u32(d)>>30, int64(u32(d)&(1<<30-1))
		if length == 0 {
			break
		}
		at := address{u32(d[4:]), e.at.partition}
		if width == 16 {
			at.partition = u16(d[8:])
		}
		switch kind {
		case extentMore:
			if more++; more > maxMore {
				return l, limitErrorf("more than %d blocks of descriptors", maxMore)
			}
			var err error
			if list, err = r.moreDescriptors(at); err != nil {
				return l, fmt.Errorf("more descriptors at %v: %w", at, err)
			}
		case extentRecorded:
			if err := r.locate(at, min(length, e.size-l.size()), &l); err != nil {
				return l, err
			}
		default:
			if err := l.add(extent{noOffset, min(length, e.size-l.size())}); err != nil {
				return l, err
			}
		}
	}
	for _, x := range l.extents {
		if x.offset != noOffset && (x.offset > r.size || x.length > r.size-x.offset) {
			return l, formatErrorf("%d bytes at offset %d lie outside of the file, which has %d; it may be cut off", x.length, x.offset, r.size)
		}
	}
	return l, nil
}

// moreDescriptors reads an allocation extent descriptor.
func (r *Reader) moreDescriptors(at address) ([]byte, error) {
	b, err := r.readBlock(at)
	if err == nil {
		err = requireTag(b, tagAllocExtent)
	}
	if err != nil {
		return nil, err
	}
	const fixed = 24
	n := int64(u32(b[20:]))
	if n > r.blockSize-fixed {
		return nil, formatErrorf("%d bytes of descriptors in a block of %d", n, r.blockSize)
	}
	return b[fixed:][:n], nil
}

// open returns the content of an entry. One that is in one piece is read from
// the source itself.
func (r *Reader) open(e *entry) (*io.SectionReader, error) {
	if e.form == formEmbedded {
		if e.size > int64(len(e.descriptors)) {
			return nil, formatErrorf("content of %d bytes, of which %d are there", e.size, len(e.descriptors))
		}
		return io.NewSectionReader(bytes.NewReader(e.descriptors), 0, e.size), nil
	}
	l, err := r.layoutOf(e)
	if err != nil {
		return nil, err
	}
	if len(l.extents) == 1 && l.size() == e.size && l.extents[0].offset != noOffset {
		return io.NewSectionReader(r.source, l.extents[0].offset, e.size), nil
	}
	return io.NewSectionReader(&content{r.source, l, e.size}, 0, e.size), nil
}
