package wim

import (
	"errors"
	"fmt"
	"io"
)

// readFull fills buf from offset on. Data that ends early is
// io.ErrUnexpectedEOF, never a short read or a zero fill.
func readFull(r io.ReaderAt, buf []byte, offset int64) error {
	n, err := r.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at offset %d: %w", len(buf), offset, err)
}

// readStep is how much memory a size from the file may claim before bytes
// that back it have been read.
const readStep = 8 << 20

// readGrowing reads n bytes from offset on. The buffer grows with what was
// really read, so a size that the source cannot back costs no memory.
func readGrowing(r io.ReaderAt, n, offset int64) ([]byte, error) {
	buf := make([]byte, 0, min(n, readStep))
	for int64(len(buf)) < n {
		start := len(buf)
		step := min(n-int64(start), max(readStep, int64(start)))
		buf = append(buf, make([]byte, step)...)
		if err := readFull(r, buf[start:], offset+int64(start)); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

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
