package wimtest

import (
	"io"
	"sync/atomic"
)

// A CountingReader counts what is read from a source, by any number of
// goroutines.
type CountingReader struct {
	io.ReaderAt
	Calls, Bytes atomic.Int64
}

// ReadAt implements io.ReaderAt. It counts the bytes that are asked for.
func (c *CountingReader) ReadAt(p []byte, offset int64) (int, error) {
	c.Calls.Add(1)
	c.Bytes.Add(int64(len(p)))
	return c.ReaderAt.ReadAt(p, offset)
}
