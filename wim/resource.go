package wim

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// chunkKey names a decoded chunk. The whole resource header is part of it: in
// a hostile file two resources may start at one offset and still differ.
type chunkKey struct {
	part     *part
	resource wimfile.ResourceHeader
	index    int64
}

// staysDamaged says of an error of a chunk that decoding it again would end the
// same way. It is kept instead of the chunk, or else each file in a damaged
// chunk would decode it again, up to the damage. Reading a source again may
// help.
func staysDamaged(err error) bool { return errors.Is(err, ErrFormat) }

// resource locates and decodes the chunks of one resource. Each chunk stands
// alone, so any number of goroutines may work on one resource.
//
// The four layouts (WIM format sheet, section 3) differ in where the chunk
// table is and in what it holds:
//
//	raw        the content itself, no chunks
//	ordinary   offsets of chunks 1..n-1 | chunks
//	solid      usize, chunk size, codec, sizes of chunks 0..n-1 | chunks
//	pipable    (size, chunk) 0..n-1 | offsets of chunks 1..n-1
type resource struct {
	part      *part
	env       *environment
	id        wimfile.ResourceHeader // identifies the resource within its part
	usize     int64
	codec     Compression
	chunkSize int64
	raw       bool // stored without compression: data is the content
	solid     bool
	data      span // the chunks; in a pipable resource with their prefixes

	layout      wimfile.ChunkLayout // of an ordinary or pipable resource
	tableOffset int64               // where the offsets of chunks 1..n-1 are
	boundaries  atomic.Pointer[boundaries]
}

// boundaries are the positions of some consecutive chunks, relative to the
// first chunk: chunk first+k is from at[k] to at[k+1].
type boundaries struct {
	first int64
	at    []int64
}

// boundariesStep is how many table entries are read at a time.
const boundariesStep = 4096

// openResource prepares to read a resource that is not solid. It reads nothing.
func (p *part) openResource(h wimfile.ResourceHeader) (*resource, error) {
	where, err := checkSpan(h.Offset, h.Size, p.size)
	if err != nil {
		return nil, err
	}
	res := &resource{part: p, env: p.env, id: h, usize: int64(h.USize), data: where}
	if h.USize > 1<<63-1 {
		return nil, formatErrorf("uncompressed size %d", h.USize)
	}
	if h.Flags&wimfile.ResourceCompressed == 0 {
		if h.Size != h.USize {
			return nil, formatErrorf("stored raw in %d bytes, but has %d", h.Size, h.USize)
		}
		res.raw = true
		return res, nil
	}
	res.codec, res.chunkSize = p.header.Compression, int64(p.header.ChunkSize)
	if res.codec == CompressionNone {
		return nil, fmt.Errorf("compressed, in a file that names no compression: %w", ErrUnsupported)
	}
	if err := p.env.checkChunkLimit(res.chunkSize); err != nil {
		return nil, err
	}
	if res.usize == 0 {
		return res, nil
	}
	res.layout = wimfile.NewChunkLayout(res.usize, res.chunkSize, p.header.Pipable)
	if !res.layout.Fits(where.size) {
		return nil, formatErrorf("%d bytes cannot hold the %d chunks of %d uncompressed bytes",
			h.Size, res.layout.Count, h.USize)
	}
	res.tableOffset = where.offset + res.layout.TableOffset(where.size)
	res.data.size -= res.layout.TableSize()
	if !p.header.Pipable {
		res.data.offset += res.layout.TableSize()
	}
	return res, nil
}

// chunkCount is ceil(usize / chunkSize).
func (res *resource) chunkCount() int64 { return wimfile.ChunkCount(res.usize, res.chunkSize) }

// chunkLength is the uncompressed size of chunk i: the last one may be short.
func (res *resource) chunkLength(i int64) int {
	return int(min(res.chunkSize, res.usize-i*res.chunkSize))
}

// chunkSpan returns where the compressed bytes of chunk i are in the part. The
// chunk table is read from source, the part's or a window of it.
func (res *resource) chunkSpan(source io.ReaderAt, i int64) (span, error) {
	b := res.boundaries.Load()
	if b == nil || i < b.first || i-b.first >= int64(len(b.at)-1) {
		var err error
		if b, err = res.readBoundaries(source, i); err != nil {
			return span{}, fmt.Errorf("chunk table: %w", err)
		}
		res.boundaries.Store(b)
	}
	start, end := b.at[i-b.first], b.at[i-b.first+1]
	limit := res.data.size - res.layout.Prefix*res.chunkCount()
	if start < 0 || end > limit || end <= start || end-start > int64(res.chunkLength(i)) {
		return span{}, formatErrorf("chunk %d of %d: bytes %d to %d of %d for %d uncompressed bytes",
			i, res.chunkCount(), start, end, limit, res.chunkLength(i))
	}
	return span{res.data.offset + start + res.layout.Prefix*(i+1), end - start}, nil
}

// readBoundaries reads the part of the chunk table that covers chunk i.
func (res *resource) readBoundaries(source io.ReaderAt, i int64) (*boundaries, error) {
	n := res.chunkCount()
	first := i - i%boundariesStep
	count := min(n-first, boundariesStep)
	at := make([]int64, 0, count+1)
	// Chunk 0 starts at 0, and chunk k where entry k-1 says. The last chunk
	// ends where the chunks end.
	if first == 0 {
		at = append(at, 0)
	}
	from, to := max(first, 1), min(first+count, n-1)
	if to >= from {
		raw := make([]byte, (to-from+1)*res.layout.Width)
		if err := saferio.ReadFull(source, raw, res.tableOffset+(from-1)*res.layout.Width); err != nil {
			return nil, err
		}
		at = res.layout.ParseTable(at, raw) // beyond 2^63 is negative, and so refused
	}
	if first+count == n {
		at = append(at, res.data.size-res.layout.Prefix*n)
	}
	return &boundaries{first, at}, nil
}

// readCompressed reads the compressed bytes of chunk i into a borrowed buffer.
func (res *resource) readCompressed(i int64) (*[]byte, error) {
	where, err := res.chunkSpan(res.part.source, i)
	if err != nil {
		return nil, err
	}
	buf := res.env.buffers.Get(int(where.size))
	if err := saferio.ReadFull(res.part.source, *buf, where.offset); err != nil {
		res.env.buffers.Put(buf)
		return nil, fmt.Errorf("chunk %d of %d: %w", i, res.chunkCount(), err)
	}
	return buf, nil
}

// decompress decodes the compressed bytes of chunk i, which has length
// len(dst). A chunk that did not shrink is stored raw.
func (res *resource) decompress(dst, src []byte, i int64) error {
	if len(src) == len(dst) {
		copy(dst, src)
		return nil
	}
	if res.codec == CompressionNone { // a solid resource may have chunks without a codec
		return fmt.Errorf("chunk %d of %d: compressed, in a resource that names no codec: %w", i, res.chunkCount(), ErrUnsupported)
	}
	if err := res.env.decoders.decode(res.codec, int(res.chunkSize), dst, src); err != nil {
		return fmt.Errorf("chunk %d of %d: %w: %w", i, res.chunkCount(), err, ErrFormat)
	}
	return nil
}

// decodeChunk reads chunk i into dst, which has its length.
func (res *resource) decodeChunk(dst []byte, i int64) error {
	src, err := res.readCompressed(i)
	if err != nil {
		return err
	}
	defer res.env.buffers.Put(src)
	return res.decompress(dst, *src, i)
}

// decodeFrom is decodeChunk with the bytes around it at hand in a window.
func (res *resource) decodeFrom(window *windowReader, dst []byte, i int64) error {
	where, err := res.chunkSpan(window, i)
	if err != nil {
		return err
	}
	if src := window.slice(where); src != nil {
		return res.decompress(dst, src, i)
	}
	return res.decodeChunk(dst, i)
}

// newChunk reads chunk i into new memory, which is allocated only once the
// compressed bytes are at hand.
func (res *resource) newChunk(i int64) ([]byte, error) {
	src, err := res.readCompressed(i)
	if err != nil {
		return nil, err
	}
	defer res.env.buffers.Put(src)
	dst := make([]byte, res.chunkLength(i))
	return dst, res.decompress(dst, *src, i)
}

// cachedChunk returns the content of chunk i out of the reader's cache. The
// caller must not change it.
func (res *resource) cachedChunk(i int64) ([]byte, error) {
	return res.env.cache.Get(chunkKey{res.part, res.id, i}, func() ([]byte, error) { return res.newChunk(i) })
}

// readAt reads uncompressed bytes from anywhere in the resource. It reads up
// to the resource's end and then returns io.EOF.
func (res *resource) readAt(p []byte, offset int64) (int, error) {
	return res.read(p, offset, res.cachedChunk)
}

// read is readAt, with chunk i from elsewhere where only a part of it is
// wanted.
func (res *resource) read(p []byte, offset int64, chunk func(i int64) ([]byte, error)) (int, error) {
	if res.raw {
		n := int(min(int64(len(p)), max(res.usize-offset, 0)))
		if err := saferio.ReadFull(res.part.source, p[:n], res.data.offset+offset); err != nil {
			return 0, err
		}
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	done := 0
	for done < len(p) {
		at := offset + int64(done)
		if at >= res.usize {
			return done, io.EOF
		}
		i := at / res.chunkSize
		inside := int(at - i*res.chunkSize)
		if length := res.chunkLength(i); inside == 0 && len(p)-done >= length && !res.solid {
			// A whole chunk is wanted: decode it in place, keep nothing.
			if err := res.decodeChunk(p[done:done+length], i); err != nil {
				return done, err
			}
			done += length
			continue
		}
		data, err := chunk(i)
		if err != nil {
			return done, err
		}
		done += copy(p[done:], data[inside:])
	}
	return done, nil
}

// chunkReader reads a resource in order. Unlike readAt it keeps the current
// chunk to itself, so that one sequential reader does not drive out of the
// cache what random readers use.
type chunkReader struct {
	resource *resource
	data     []byte // the current chunk, which is memory that is used again
	index    int64  // of the current chunk, -1 for none
}

func (c *chunkReader) readAt(p []byte, offset int64) (int, error) {
	return c.resource.read(p, offset, c.chunk)
}

// chunk makes chunk i the current one. Blobs share the chunks of a solid
// resource, so those come from the cache.
func (c *chunkReader) chunk(i int64) (data []byte, err error) {
	if i == c.index {
		return c.data, nil
	}
	c.index = -1
	length := c.resource.chunkLength(i)
	switch {
	case c.resource.solid:
		c.data, err = c.resource.cachedChunk(i)
	case cap(c.data) >= length:
		c.data = c.data[:length]
		err = c.resource.decodeChunk(c.data, i)
	default:
		c.data, err = c.resource.newChunk(i)
	}
	if err == nil {
		c.index = i
	}
	return c.data, err
}
