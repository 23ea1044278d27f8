package wimfile

import "encoding/binary"

// SolidHeaderSize is the size of a [SolidHeader].
const SolidHeaderSize = 16

// SolidHeader begins a solid resource (WIM format sheet, section 3.3):
//
//	SolidHeader | sizes of chunks 0..n-1, u32 each | chunks
type SolidHeader struct {
	USize     uint64 // uncompressed bytes of the whole resource
	ChunkSize uint32 // not that of the file's header
	Codec     Codec
}

// ParseSolidHeader takes apart the first SolidHeaderSize bytes of raw.
func ParseSolidHeader(raw []byte) SolidHeader {
	le := binary.LittleEndian
	return SolidHeader{le.Uint64(raw[0:]), le.Uint32(raw[8:]), Codec(le.Uint32(raw[12:]))}
}

// Append appends the header's bytes to b.
func (h SolidHeader) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, h.USize)
	b = le.AppendUint32(b, h.ChunkSize)
	return le.AppendUint32(b, uint32(h.Codec))
}

// ParseSolidSizes takes apart the sizes of a solid resource's chunks. It
// returns where each chunk begins, counted from the first one, and at the end
// where the last one ends.
func ParseSolidSizes(raw []byte) []int64 {
	starts := make([]int64, len(raw)/4+1)
	for i := range len(starts) - 1 {
		starts[i+1] = starts[i] + int64(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return starts
}

// AppendSolidSizes appends the chunk sizes to b, for the starts that
// [ParseSolidSizes] returns.
func AppendSolidSizes(b []byte, starts []int64) []byte {
	for i := range len(starts) - 1 {
		b = binary.LittleEndian.AppendUint32(b, uint32(starts[i+1]-starts[i]))
	}
	return b
}
