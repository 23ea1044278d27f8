package wimfile

import "encoding/binary"

// BlobHeaderSize is the size of a [BlobHeader].
const BlobHeaderSize = 40

// BlobHeaderMagic begins each [BlobHeader].
const BlobHeaderMagic = 0x2B9B9BA2443DB9D8

// BlobHeader precedes every resource of a pipable file, the blob table and the
// XML document included. Offsets in resource headers lead to its end (WIM
// format sheet, section 1.8).
type BlobHeader struct {
	Magic uint64 // BlobHeaderMagic
	USize uint64
	SHA1  [20]byte
	Flags uint32 // those of a resource header
}

// ParseBlobHeader takes apart the first BlobHeaderSize bytes of raw.
func ParseBlobHeader(raw []byte) BlobHeader {
	le := binary.LittleEndian
	return BlobHeader{le.Uint64(raw[0:]), le.Uint64(raw[8:]), [20]byte(raw[16:]), le.Uint32(raw[36:])}
}

// Append appends the header's bytes to b.
func (h *BlobHeader) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, h.Magic)
	b = le.AppendUint64(b, h.USize)
	b = append(b, h.SHA1[:]...)
	return le.AppendUint32(b, h.Flags)
}
