package udf

import (
	"io"
	"slices"

	"github.com/wimble-go/wimble/internal/saferio"
)

// maxExtents is of how many ranges a file may be. A file of 4.6 GB has one, or
// five that follow one another.
const maxExtents = 65536

// extent is a range of bytes of the source, or of zeros that are stored
// nowhere.
type extent struct {
	offset int64 // noOffset for zeros
	length int64
}

const noOffset = -1

// layout is where the bytes of a file, or of a partition, are: extents that
// follow one another.
type layout struct {
	extents []extent
	ends    []int64 // where each ends, among the bytes
}

func (l *layout) size() int64 {
	if len(l.ends) == 0 {
		return 0
	}
	return l.ends[len(l.ends)-1]
}

// add appends an extent. It becomes one with the last if it follows that in the
// source too.
func (l *layout) add(e extent) error {
	if e.length == 0 {
		return nil
	}
	end := l.size() + e.length
	if n := len(l.extents); n > 0 {
		last := &l.extents[n-1]
		if last.offset == noOffset && e.offset == noOffset || last.offset != noOffset && last.offset+last.length == e.offset {
			last.length += e.length
			l.ends[n-1] = end
			return nil
		}
		if n == maxExtents {
			return limitErrorf("content in more than %d pieces", maxExtents)
		}
	}
	l.extents, l.ends = append(l.extents, e), append(l.ends, end)
	return nil
}

// each calls f with the extents of a range, until f fails. The range is within
// the layout.
func (l *layout) each(offset, length int64, f func(extent) error) error {
	i, _ := slices.BinarySearch(l.ends, offset+1)
	for ; length > 0; i++ {
		e := l.extents[i]
		skip := offset - (l.ends[i] - e.length)
		if e.offset != noOffset {
			e.offset += skip
		}
		e.length = min(e.length-skip, length)
		if err := f(e); err != nil {
			return err
		}
		offset, length = offset+e.length, length-e.length
	}
	return nil
}

// content reads the bytes of a layout. A layout that is shorter than its size
// says gives an error where it ends.
type content struct {
	source io.ReaderAt
	layout layout
	size   int64
}

// ReadAt implements io.ReaderAt.
func (c *content) ReadAt(p []byte, offset int64) (n int, err error) {
	if offset < 0 {
		return 0, formatErrorf("offset %d", offset)
	}
	if offset >= c.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), c.size-offset)
	here := max(min(want, c.layout.size()-offset), 0)
	err = c.layout.each(offset, here, func(e extent) error {
		part := p[n:][:e.length]
		if e.offset == noOffset {
			clear(part)
		} else if err := saferio.ReadFull(c.source, part, e.offset); err != nil {
			return err
		}
		n += len(part)
		return nil
	})
	switch {
	case err != nil:
		return n, err
	case here < want:
		return n, formatErrorf("content of %d bytes, of which the volume says where %d are", c.size, c.layout.size())
	case int64(len(p)) > want:
		return n, io.EOF
	}
	return n, nil
}
