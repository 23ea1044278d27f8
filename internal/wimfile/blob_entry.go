package wimfile

import "encoding/binary"

// BlobEntrySize is the size of a [BlobEntry].
const BlobEntrySize = 50

// SolidMarker is the uncompressed size in the entry of a solid resource, to
// tell it from the entries of the blobs in it (WIM format sheet, section 2.4).
const SolidMarker = 1 << 32

// BlobEntry is an entry of the blob table, which is nothing but entries (WIM
// format sheet, section 2.1). The entry of a blob in a solid resource has the
// blob's uncompressed size as Size, an Offset that counts in the content of the
// run's solid resources, and 0 as USize.
type BlobEntry struct {
	ResourceHeader
	PartNumber uint16 // the part that holds the resource, 1-based
	References uint32 // how often the images use the blob
	SHA1       [20]byte
}

// ParseBlobEntry takes apart the first BlobEntrySize bytes of raw.
func ParseBlobEntry(raw []byte) BlobEntry {
	le := binary.LittleEndian
	return BlobEntry{
		ResourceHeader: ParseResourceHeader(raw),
		PartNumber:     le.Uint16(raw[24:]),
		References:     le.Uint32(raw[26:]),
		SHA1:           [20]byte(raw[30:]),
	}
}

// Append appends the entry's bytes to b.
func (e *BlobEntry) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = e.ResourceHeader.Append(b)
	b = le.AppendUint16(b, e.PartNumber)
	b = le.AppendUint32(b, e.References)
	return append(b, e.SHA1[:]...)
}
