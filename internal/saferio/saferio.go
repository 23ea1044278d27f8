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
	return Grow(n, func(buf []byte, at int64) error { return ReadFull(r, buf, offset+at) })
}

// Grow returns n bytes that fill delivers, piece by piece and in order: the
// piece buf begins at byte at. The first piece has 8 MiB, and the others as
// much as there is already.
func Grow(n int64, fill func(buf []byte, at int64) error) ([]byte, error) {
	buf := make([]byte, 0, min(n, chunk))
	for int64(len(buf)) < n {
		start := len(buf)
		step := min(n-int64(start), max(chunk, int64(start)))
		buf = append(buf, make([]byte, step)...)
		if err := fill(buf[start:], int64(start)); err != nil {
			return nil, err
		}
	}
	return buf, nil
}
