package wimtest

import (
	"encoding/binary"
	"io"
	"slices"
	"sort"
)

// Chunked is a compressed resource that is not solid: a table of offsets and
// chunks (WIM format sheet, sections 3.2 and 3.4). A chunk that has as many
// bytes as it has uncompressed is stored raw.
type Chunked struct {
	USize  uint64
	Chunks [][]byte // as stored
	// Offsets are those of chunks 1 to n-1; nil for the right ones.
	Offsets []uint64
	// Width is the size of an offset; 0 for the right one.
	Width int
	// Pipable puts sizes before the chunks and the table after them.
	Pipable bool
}

// Bytes writes the resource.
func (c Chunked) Bytes() []byte {
	le := binary.LittleEndian
	var chunks []byte
	var offsets []uint64
	at := uint64(0)
	for i, chunk := range c.Chunks {
		if i > 0 {
			offsets = append(offsets, at)
		}
		at += uint64(len(chunk))
		if c.Pipable {
			chunks = le.AppendUint32(chunks, uint32(len(chunk)))
		}
		chunks = append(chunks, chunk...)
	}
	if c.Offsets != nil {
		offsets = c.Offsets
	}
	width := c.Width
	if width == 0 {
		width = 4
		if c.USize >= 1<<32 {
			width = 8
		}
	}
	var table []byte
	for _, offset := range offsets {
		table = append(table, le.AppendUint64(nil, offset)[:width]...)
	}
	if c.Pipable {
		return append(chunks, table...)
	}
	return append(table, chunks...)
}

// Solid is a solid resource: a header, the sizes of the chunks, and the chunks
// (WIM format sheet, section 3.3).
type Solid struct {
	USize     uint64
	ChunkSize uint32
	Codec     uint32
	Chunks    [][]byte // as stored
	Sizes     []uint32 // nil for the right ones
}

// SolidOf makes a solid resource of content whose chunks are stored raw.
func SolidOf(content []byte, codec, chunkSize uint32) Solid {
	return Solid{USize: uint64(len(content)), ChunkSize: chunkSize, Codec: codec, Chunks: Split(content, int(chunkSize))}
}

// Bytes writes the resource.
func (s Solid) Bytes() []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, s.USize)
	b = le.AppendUint32(b, s.ChunkSize)
	b = le.AppendUint32(b, s.Codec)
	sizes := s.Sizes
	if sizes == nil {
		for _, chunk := range s.Chunks {
			sizes = append(sizes, uint32(len(chunk)))
		}
	}
	for _, size := range sizes {
		b = le.AppendUint32(b, size)
	}
	return append(b, slices.Concat(s.Chunks...)...)
}

// Split cuts content into chunks.
func Split(content []byte, chunkSize int) [][]byte {
	return slices.Collect(slices.Chunk(content, chunkSize))
}

// Sparse is a file of any size: bytes in memory, bytes that are computed when
// they are read, and zeros everywhere else. Appending is for one goroutine,
// reading for any number.
type Sparse struct {
	segments []segment // by offset
	size     int64
}

type segment struct {
	offset, size int64
	read         func(p []byte, offset int64) // offset counts from the segment's start
}

// Size is the size of the file so far.
func (s *Sparse) Size() int64 { return s.size }

// Append appends bytes.
func (s *Sparse) Append(data []byte) {
	s.AppendFunc(int64(len(data)), func(p []byte, offset int64) { copy(p, data[offset:]) })
}

// Skip appends zeros.
func (s *Sparse) Skip(n int64) { s.AppendFunc(n, func(p []byte, _ int64) { clear(p) }) }

// AppendFunc appends n bytes that are computed when they are read: read fills p
// with those from an offset on, all within the n bytes.
func (s *Sparse) AppendFunc(n int64, read func(p []byte, offset int64)) {
	if n > 0 {
		s.segments = append(s.segments, segment{s.size, n, read})
		s.size += n
	}
}

// AppendTable appends n numbers that are computed when they are read, each of
// width bytes.
func (s *Sparse) AppendTable(n int64, width int, number func(i int64) uint64) {
	s.AppendFunc(n*int64(width), func(p []byte, offset int64) {
		var raw [8]byte
		for done := 0; done < len(p); {
			at := offset + int64(done)
			binary.LittleEndian.PutUint64(raw[:], number(at/int64(width)))
			done += copy(p[done:], raw[at%int64(width):width])
		}
	})
}

// ReadAt implements io.ReaderAt.
func (s *Sparse) ReadAt(p []byte, offset int64) (int, error) {
	done := 0
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].offset+s.segments[i].size > offset })
	for ; i < len(s.segments) && done < len(p); i++ {
		g := s.segments[i]
		at := offset + int64(done) - g.offset
		n := int(min(int64(len(p)-done), g.size-at))
		g.read(p[done:done+n], at)
		done += n
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
