package wimfile

import (
	"encoding/binary"
	"math"
)

// ChunkLayout is how the chunks of a compressed resource that is not solid are
// arranged (WIM format sheet, sections 3.2 and 3.4):
//
//	ordinary  offsets of chunks 1..n-1 | chunks
//	pipable   (size, chunk) 0..n-1 | offsets of chunks 1..n-1
//
// An offset counts from the start of chunk 0, as if there were no sizes in
// front of chunks. A chunk as long as its content is stored raw.
type ChunkLayout struct {
	USize     int64 // uncompressed bytes of the resource
	ChunkSize int64 // uncompressed bytes of each chunk but the last
	Count     int64 // of chunks
	Width     int64 // bytes of a table entry: 4, or 8 from 4 GiB of content on
	Prefix    int64 // bytes in front of each chunk: 4 in a pipable file, else 0
}

// NewChunkLayout returns the layout of usize bytes in chunks of chunkSize,
// which is at least 1.
func NewChunkLayout(usize, chunkSize int64, pipable bool) ChunkLayout {
	l := ChunkLayout{USize: usize, ChunkSize: chunkSize, Count: ChunkCount(usize, chunkSize), Width: 4}
	if usize > math.MaxUint32 {
		l.Width = 8
	}
	if pipable {
		l.Prefix = 4
	}
	return l
}

// ChunkCount is usize / chunkSize, rounded up.
func ChunkCount(usize, chunkSize int64) int64 {
	if usize == 0 {
		return 0
	}
	return (usize-1)/chunkSize + 1
}

// ChunkLength is the uncompressed size of chunk i: the last one may be short.
func (l *ChunkLayout) ChunkLength(i int64) int64 {
	return min(l.ChunkSize, l.USize-i*l.ChunkSize)
}

// TableSize is the size of the table.
func (l *ChunkLayout) TableSize() int64 { return max(l.Count-1, 0) * l.Width }

// Fits says whether size bytes can hold the resource. Every chunk has at least
// one byte, so a size from a file bounds the number of chunks.
func (l *ChunkLayout) Fits(size int64) bool {
	return l.Count <= size && l.TableSize()+l.Count*(1+l.Prefix) <= size
}

// ChunkBytes is how many of the size bytes of a resource are in chunks,
// without what precedes each.
func (l *ChunkLayout) ChunkBytes(size int64) int64 {
	return size - l.TableSize() - l.Count*l.Prefix
}

// TableOffset is where in a resource of size bytes the table begins.
func (l *ChunkLayout) TableOffset(size int64) int64 {
	if l.Prefix != 0 {
		return size - l.TableSize()
	}
	return 0
}

// ChunkOffset is where in the resource the bytes of chunk i begin, for its
// offset in the table; that of chunk 0 is 0.
func (l *ChunkLayout) ChunkOffset(i, offset int64) int64 {
	if l.Prefix != 0 {
		return offset + l.Prefix*(i+1)
	}
	return l.TableSize() + offset
}

// ParseTable takes apart consecutive table entries and appends them to
// offsets. One beyond 2^63 becomes negative.
func (l *ChunkLayout) ParseTable(offsets []int64, raw []byte) []int64 {
	le := binary.LittleEndian
	for ; int64(len(raw)) >= l.Width; raw = raw[l.Width:] {
		if l.Width == 4 {
			offsets = append(offsets, int64(le.Uint32(raw)))
		} else {
			offsets = append(offsets, int64(le.Uint64(raw)))
		}
	}
	return offsets
}

// AppendTable appends the entries of chunks to b, for their offsets: of a whole
// resource those of chunks 1 to Count-1.
func (l *ChunkLayout) AppendTable(b []byte, offsets []int64) []byte {
	le := binary.LittleEndian
	for _, offset := range offsets {
		if l.Width == 4 {
			b = le.AppendUint32(b, uint32(offset))
		} else {
			b = le.AppendUint64(b, uint64(offset))
		}
	}
	return b
}

// AppendPrefix appends what precedes a chunk of size stored bytes to b.
func (l *ChunkLayout) AppendPrefix(b []byte, size int) []byte {
	if l.Prefix == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}
