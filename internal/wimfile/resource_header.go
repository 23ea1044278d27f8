package wimfile

import "encoding/binary"

// ResourceHeaderSize is the size of a [ResourceHeader].
const ResourceHeaderSize = 24

// MaxResourceSize is the greatest stored size that a resource header can name.
const MaxResourceSize = 1<<56 - 1

// The flags of a resource header (WIM format sheet, section 1.2).
const (
	ResourceFree       = 0x01
	ResourceMetadata   = 0x02 // an image's metadata, the blob table or the XML
	ResourceCompressed = 0x04 // in chunks
	ResourceSpanned    = 0x08
	ResourceSolid      = 0x10 // a solid resource, or a blob in one
)

// ResourceHeader says where in the file a resource is (WIM format sheet,
// section 1.2).
type ResourceHeader struct {
	Size   uint64 // bytes in the file, at most MaxResourceSize
	Flags  uint8
	Offset uint64
	USize  uint64 // uncompressed bytes
}

// ParseResourceHeader takes apart the first ResourceHeaderSize bytes of raw.
func ParseResourceHeader(raw []byte) ResourceHeader {
	le := binary.LittleEndian
	sizeAndFlags := le.Uint64(raw[0:])
	return ResourceHeader{
		Size:   sizeAndFlags & MaxResourceSize,
		Flags:  uint8(sizeAndFlags >> 56),
		Offset: le.Uint64(raw[8:]),
		USize:  le.Uint64(raw[16:]),
	}
}

// Append appends the bytes of the resource header to b.
func (h ResourceHeader) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, h.Size&MaxResourceSize|uint64(h.Flags)<<56)
	b = le.AppendUint64(b, h.Offset)
	return le.AppendUint64(b, h.USize)
}
