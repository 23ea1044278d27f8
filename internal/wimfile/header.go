package wimfile

import "encoding/binary"

// HeaderSize is the size of the header that everything since Windows Vista
// writes.
const HeaderSize = 208

// The signatures of ordinary files and of pipable ones, which only wimlib
// writes.
var (
	Magic        = [8]byte{'M', 'S', 'W', 'I', 'M'}
	MagicPipable = [8]byte{'W', 'L', 'P', 'W', 'M'}
)

// The versions of the format in use.
const (
	VersionStandard = 0x00010D00 // uncompressed, XPRESS and LZX
	VersionSolid    = 0x00000E00 // LZMS, and whatever has solid resources
)

// The flags of a header (WIM format sheet, section 1.3).
const (
	FlagCompression     = 0x00000002 // there is a codec and a chunk size
	FlagReadOnly        = 0x00000004
	FlagSpanned         = 0x00000008 // part of a split set
	FlagResourceOnly    = 0x00000010
	FlagMetadataOnly    = 0x00000020
	FlagWriteInProgress = 0x00000040 // a writer is busy or died
	FlagReparseFix      = 0x00000080 // absolute targets of links are adjusted
)

// Header is at the start of a file; a pipable file has another one at its end
// (WIM format sheet, section 1.1).
type Header struct {
	Magic        [8]byte
	Size         uint32 // HeaderSize
	Version      uint32
	Flags        uint32
	ChunkSize    uint32 // uncompressed bytes of a chunk; 0 without a codec
	GUID         [16]byte
	PartNumber   uint16 // 1-based
	TotalParts   uint16
	ImageCount   uint32
	BlobTable    ResourceHeader
	XML          ResourceHeader
	BootMetadata ResourceHeader // a copy of the one of image BootIndex
	BootIndex    uint32         // 1-based; 0 for none
	Integrity    ResourceHeader // not 8-aligned: no padding precedes it
	Unused       [60]byte       // 0
}

// ParseHeader takes apart the HeaderSize bytes of a header.
func ParseHeader(raw *[HeaderSize]byte) Header {
	le := binary.LittleEndian
	return Header{
		Magic:        [8]byte(raw[0x00:]),
		Size:         le.Uint32(raw[0x08:]),
		Version:      le.Uint32(raw[0x0C:]),
		Flags:        le.Uint32(raw[0x10:]),
		ChunkSize:    le.Uint32(raw[0x14:]),
		GUID:         [16]byte(raw[0x18:]),
		PartNumber:   le.Uint16(raw[0x28:]),
		TotalParts:   le.Uint16(raw[0x2A:]),
		ImageCount:   le.Uint32(raw[0x2C:]),
		BlobTable:    ParseResourceHeader(raw[0x30:]),
		XML:          ParseResourceHeader(raw[0x48:]),
		BootMetadata: ParseResourceHeader(raw[0x60:]),
		BootIndex:    le.Uint32(raw[0x78:]),
		Integrity:    ParseResourceHeader(raw[0x7C:]),
		Unused:       [60]byte(raw[0x94:]),
	}
}

// Append appends the header's bytes to b.
func (h *Header) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, h.Magic[:]...)
	b = le.AppendUint32(b, h.Size)
	b = le.AppendUint32(b, h.Version)
	b = le.AppendUint32(b, h.Flags)
	b = le.AppendUint32(b, h.ChunkSize)
	b = append(b, h.GUID[:]...)
	b = le.AppendUint16(b, h.PartNumber)
	b = le.AppendUint16(b, h.TotalParts)
	b = le.AppendUint32(b, h.ImageCount)
	b = h.BlobTable.Append(b)
	b = h.XML.Append(b)
	b = h.BootMetadata.Append(b)
	b = le.AppendUint32(b, h.BootIndex)
	b = h.Integrity.Append(b)
	return append(b, h.Unused[:]...)
}
