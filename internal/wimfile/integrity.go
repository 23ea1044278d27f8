package wimfile

import "encoding/binary"

// IntegrityHeaderSize is the size of an [IntegrityHeader].
const IntegrityHeaderSize = 12

// IntegrityChunkSize is the chunk size that all known writers use: 10 MiB.
const IntegrityChunkSize = 10 << 20

// IntegrityHeader begins the integrity table. The SHA-1 of each chunk follows
// it, 20 bytes each. The chunks cover the file from the end of the header to
// the end of the blob table (WIM format sheet, section 10).
type IntegrityHeader struct {
	Size      uint32 // of the whole table
	Count     uint32 // of chunks
	ChunkSize uint32
}

// NewIntegrityHeader returns the header of a table for a file whose blob table
// ends at an offset.
func NewIntegrityHeader(end int64, chunkSize uint32) IntegrityHeader {
	count := ChunkCount(end-HeaderSize, int64(chunkSize))
	return IntegrityHeader{uint32(IntegrityHeaderSize + 20*count), uint32(count), chunkSize}
}

// ParseIntegrityHeader takes apart the first IntegrityHeaderSize bytes of raw.
func ParseIntegrityHeader(raw []byte) IntegrityHeader {
	le := binary.LittleEndian
	return IntegrityHeader{le.Uint32(raw[0:]), le.Uint32(raw[4:]), le.Uint32(raw[8:])}
}

// Append appends the header's bytes to b.
func (h IntegrityHeader) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, h.Size)
	b = le.AppendUint32(b, h.Count)
	return le.AppendUint32(b, h.ChunkSize)
}
