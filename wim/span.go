package wim

import "fmt"

// span is a checked byte range of a source: 0 <= offset, offset+size <= the
// size of the source.
type span struct {
	offset, size int64
}

// checkSpan checks a byte range of the file against the source's size.
func checkSpan(offset, size uint64, sourceSize int64) (span, error) {
	whole := uint64(sourceSize)
	if offset > whole || size > whole-offset {
		return span{}, fmt.Errorf("%d bytes at offset %d lie outside of the file, which has %d; it may be cut off: %w",
			size, offset, sourceSize, ErrFormat)
	}
	return span{int64(offset), int64(size)}, nil
}
