package wim

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"sync"

	"github.com/wimble-go/wimble/internal/saferio"
)

// content is the bytes of one blob: a range of a resource's uncompressed data.
type content struct {
	resource *resource // nil for empty content
	offset   int64
	size     int64
	sha1     SHA1
}

// ReadAt implements io.ReaderAt. A part of a blob cannot be checked against
// its SHA-1.
func (c *content) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("negative offset %d: %w", offset, fs.ErrInvalid)
	}
	if offset >= c.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), c.size-offset))
	done, err := c.resource.readAt(p[:n], c.offset+offset)
	if err != nil && (done < n || !errors.Is(err, io.EOF)) {
		return done, c.wrap(err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (c *content) wrap(err error) error {
	return fmt.Errorf("blob %v: %w", c.sha1, c.resource.part.cause(err))
}

// blobReader reads a blob as a file is read. Read and Seek share a position
// and take turns; ReadAt calls are independent of everything.
type blobReader struct {
	content

	mu       sync.Mutex
	position int64
	hash     hash.Hash // of the content up to hashed
	hashed   int64
	verdict  error // ErrChecksum, once the whole content was read and is wrong

	chunks chunkReader
}

func newBlobReader(c content) *blobReader {
	return &blobReader{content: c, hash: sha1.New(), chunks: chunkReader{resource: c.resource, index: -1}}
}

// Read implements io.Reader. A read from the start to the end checks the
// SHA-1: the read that delivers the last byte then returns ErrChecksum, and so
// do those after it.
func (b *blobReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read(p)
}

func (b *blobReader) read(p []byte) (int, error) {
	if b.position >= b.size {
		if b.verdict != nil {
			return 0, b.verdict
		}
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.size-b.position)]
	n, err := b.chunks.readAt(p, b.offset+b.position)
	if b.position == b.hashed {
		b.hash.Write(p[:n])
		b.hashed += int64(n)
	}
	b.position += int64(n)
	if err != nil {
		return n, b.wrap(err)
	}
	if b.hashed == b.size && b.position == b.size && n > 0 {
		if got := SHA1(b.hash.Sum(nil)); got != b.sha1 {
			b.verdict = b.wrap(fmt.Errorf("the content has SHA-1 %v: %w", got, ErrChecksum))
			return n, b.verdict
		}
	}
	return n, nil
}

// Seek implements io.Seeker. Going back to the start makes the next whole read
// check the SHA-1 again.
func (b *blobReader) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += b.position
	case io.SeekEnd:
		offset += b.size
	default:
		return 0, fmt.Errorf("seek: whence %d: %w", whence, fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek: negative position %d: %w", offset, fs.ErrInvalid)
	}
	if offset == 0 && b.hashed != 0 {
		b.hash.Reset()
		b.hashed, b.verdict = 0, nil
	}
	b.position = offset
	return offset, nil
}

// copyBuffer is how much writeTo reads at a time.
const copyBuffer = 256 << 10

// writeTo writes what is left, in few large writes. It tells errors of the
// blob from those of the writer.
func (b *blobReader) writeTo(w io.Writer) (written int64, readErr, writeErr error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size == 0 {
		return 0, nil, nil
	}
	buffers := &b.resource.env.buffers
	buf := buffers.Get(int(min(b.size, copyBuffer)))
	defer buffers.Put(buf)
	for {
		n, err := b.read(*buf)
		if n > 0 {
			wrote, err := w.Write((*buf)[:n])
			written += int64(wrote)
			if err != nil {
				return written, nil, err
			}
		}
		if err == io.EOF {
			return written, nil, nil
		}
		if err != nil {
			return written, err, nil
		}
	}
}

// readAll reads a whole blob into memory and checks its SHA-1. The limit
// guards the memory, which grows with what was really decoded.
func (c content) readAll(limit int64) ([]byte, error) {
	if c.size == 0 {
		return []byte{}, nil
	}
	if c.size > limit {
		return nil, c.wrap(fmt.Errorf("%d bytes, the limit is %d: %w", c.size, limit, ErrLimit))
	}
	r := newBlobReader(c)
	data, err := saferio.Grow(c.size, func(buf []byte, _ int64) error {
		_, err := io.ReadFull(r, buf)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, r.verdict // io.ReadFull drops an error that comes with the last byte
}
