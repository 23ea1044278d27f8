// Package saferio reads from an [io.ReaderAt] at places, and of sizes, that a
// hostile file names.
package saferio

import (
	"errors"
	"fmt"
	"io"
)

// chunk is how much memory a size may claim before bytes that back it have been
// read.
const chunk = 8 << 20

// ReadFull fills buf from an offset. Data that ends early is
// [io.ErrUnexpectedEOF], never a short read or a zero fill.
func ReadFull(r io.ReaderAt, buf []byte, offset int64) error {
	n, err := r.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at offset %d: %w", len(buf), offset, err)
}

// ReadData reads n bytes from an offset. The buffer grows with what was really
// read, so a size that the source cannot back costs no memory.
func ReadData(r io.ReaderAt, n, offset int64) ([]byte, error) {
	buf := make([]byte, 0, min(n, chunk))
	for int64(len(buf)) < n {
		start := len(buf)
		step := min(n-int64(start), max(chunk, int64(start)))
		buf = append(buf, make([]byte, step)...)
		if err := ReadFull(r, buf[start:], offset+int64(start)); err != nil {
			return nil, err
		}
	}
	return buf, nil
}
