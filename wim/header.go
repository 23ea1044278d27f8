package wim

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// headerSize is the size of the only header layout in use since Vista.
const headerSize = 208

const (
	magicNormal  = "MSWIM\x00\x00\x00"
	magicPipable = "WLPWM\x00\x00\x00"
)

// The values of [Header.Version] that this package reads.
const (
	// Version1_13 is written by everything since Windows Vista for
	// uncompressed, XPRESS and LZX files.
	Version1_13 = 0x00010D00

	// VersionSolid is written for LZMS and for files with solid resources.
	VersionSolid = 0x00000E00
)

// HeaderFlags are the flags of a WIM header (WIM format sheet, section 1.3).
type HeaderFlags uint32

const (
	FlagCompression     HeaderFlags = 0x00000002 // the file has a compression type
	FlagReadOnly        HeaderFlags = 0x00000004 // writers shall not change the file
	FlagSpanned         HeaderFlags = 0x00000008 // part of a split set
	FlagResourceOnly    HeaderFlags = 0x00000010 // a hint: no metadata in this file
	FlagMetadataOnly    HeaderFlags = 0x00000020 // a hint: no file data in this file
	FlagWriteInProgress HeaderFlags = 0x00000040 // a writer is busy or died
	FlagReparseFix      HeaderFlags = 0x00000080 // absolute link targets are adjusted when an image is applied

	flagXPRESS  HeaderFlags = 0x00020000
	flagLZX     HeaderFlags = 0x00040000
	flagLZMS    HeaderFlags = 0x00080000
	flagXPRESS2 HeaderFlags = 0x00200000
)

// Compression is the codec of a file or of a solid resource. The values are
// those that a solid resource's header uses.
type Compression uint32

const (
	CompressionNone   Compression = 0
	CompressionXPRESS Compression = 1
	CompressionLZX    Compression = 2
	CompressionLZMS   Compression = 3
)

// String returns "none", "XPRESS", "LZX" or "LZMS".
func (c Compression) String() string {
	switch c {
	case CompressionNone:
		return "none"
	case CompressionXPRESS:
		return "XPRESS"
	case CompressionLZX:
		return "LZX"
	case CompressionLZMS:
		return "LZMS"
	}
	return fmt.Sprintf("codec %d", uint32(c))
}

// chunkSizeRange returns the smallest and the greatest chunk size of the
// codec, both powers of two (WIM format sheet, section 1.5). A solid resource
// has chunks even without a codec; the range is then 7-Zip's.
func (c Compression) chunkSizeRange() (least, most uint32) {
	switch c {
	case CompressionNone:
		return 1 << 8, 1 << 31
	case CompressionXPRESS:
		return 1 << 12, 1 << 16
	case CompressionLZX:
		return 1 << 15, 1 << 21
	case CompressionLZMS:
		return 1 << 15, 1 << 30
	}
	return 0, 0
}

// checkChunkSize says whether size is a legal chunk size of the codec.
func (c Compression) checkChunkSize(size uint32) error {
	least, most := c.chunkSizeRange()
	switch {
	case bits.OnesCount32(size) != 1:
		return fmt.Errorf("chunk size %d is not a power of two: %w", size, ErrFormat)
	case size < least || size > most:
		return fmt.Errorf("chunk size %d is outside of %d to %d, the range of %v: %w", size, least, most, c, ErrUnsupported)
	}
	return nil
}

// GUID identifies a WIM file, or all parts of a split set together.
type GUID [16]byte

// String returns the GUID as Windows prints it: the first three groups are
// little-endian numbers.
func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x",
		binary.LittleEndian.Uint32(g[0:]), binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]),
		g[8:10], g[10:16])
}

// Header is what the first 208 bytes of a WIM file say (WIM format sheet,
// section 1.1).
type Header struct {
	Version     uint32 // Version1_13 or VersionSolid
	Flags       HeaderFlags
	Compression Compression
	ChunkSize   int // uncompressed bytes a chunk; 0 when nothing is compressed
	GUID        GUID
	PartNumber  int  // 1-based
	TotalParts  int  // 1 for a file that stands alone
	ImageCount  int  // as the header claims; len(Reader.Images) is the truth
	BootIndex   int  // 1-based index of the image that boots; 0 for none
	Pipable     bool // wimlib's variation that can be read from a pipe

	blobTable resourceHeader
	xml       resourceHeader
	integrity resourceHeader
}

// readHeader reads the header at the start of the file. A pipable file's
// complete header is its last 208 bytes.
func readHeader(r io.ReaderAt, size int64) (Header, error) {
	if size < headerSize {
		return Header{}, formatErrorf("the file has %d bytes, a WIM header alone has %d", max(size, 0), headerSize)
	}
	var raw [headerSize]byte
	if err := readFull(r, raw[:], 0); err != nil {
		return Header{}, fmt.Errorf("header: %w", err)
	}
	if string(raw[:8]) == magicPipable {
		if err := readFull(r, raw[:], size-headerSize); err != nil {
			return Header{}, fmt.Errorf("final header: %w", err)
		}
		if string(raw[:8]) != magicPipable {
			return Header{}, formatErrorf("pipable file without a header at its end; it may be cut off")
		}
	}
	return parseHeader(&raw)
}

func parseHeader(raw *[headerSize]byte) (Header, error) {
	le := binary.LittleEndian
	var h Header
	switch string(raw[:8]) {
	case magicNormal:
	case magicPipable:
		h.Pipable = true
	default:
		return h, formatErrorf("header: no MSWIM signature; this is not a WIM file")
	}
	h.Version = le.Uint32(raw[0x0C:])
	if h.Version != Version1_13 && h.Version != VersionSolid {
		return h, fmt.Errorf("header: version %#x (%s): %w", h.Version, versionOrigin(h.Version), ErrUnsupported)
	}
	if n := le.Uint32(raw[0x08:]); n != headerSize {
		return h, formatErrorf("header: header size %d, want %d", n, headerSize)
	}
	h.Flags = HeaderFlags(le.Uint32(raw[0x10:]))
	if err := h.parseCompression(le.Uint32(raw[0x14:])); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	copy(h.GUID[:], raw[0x18:])
	h.PartNumber = int(le.Uint16(raw[0x28:]))
	h.TotalParts = int(le.Uint16(raw[0x2A:]))
	if h.PartNumber == 0 || h.PartNumber > h.TotalParts {
		return h, formatErrorf("header: part %d of %d", h.PartNumber, h.TotalParts)
	}
	// The counts are claims, so they saturate where int has 32 bits.
	h.ImageCount = saturate(le.Uint32(raw[0x2C:]))
	h.blobTable = parseResourceHeader(raw[0x30:])
	h.xml = parseResourceHeader(raw[0x48:])
	h.BootIndex = saturate(le.Uint32(raw[0x78:]))
	h.integrity = parseResourceHeader(raw[0x7C:]) // not 8-aligned: there is no padding before it
	if h.blobTable.usize == 0 && h.xml.usize == 0 {
		return h, formatErrorf("header: neither a blob table nor XML; the file was not written to its end")
	}
	return h, nil
}

// parseCompression derives the codec from the flags and checks the chunk size.
func (h *Header) parseCompression(chunkSize uint32) error {
	if h.Flags&FlagCompression == 0 {
		return nil
	}
	var found []Compression
	if h.Flags&(flagXPRESS|flagXPRESS2) != 0 {
		found = append(found, CompressionXPRESS)
	}
	if h.Flags&flagLZX != 0 {
		found = append(found, CompressionLZX)
	}
	if h.Flags&flagLZMS != 0 {
		found = append(found, CompressionLZMS)
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("flags %#x say compressed, but by no known codec: %w", uint32(h.Flags), ErrUnsupported)
	case 1:
		h.Compression = found[0]
	default:
		return fmt.Errorf("flags %#x name more than one codec: %w", uint32(h.Flags), ErrFormat)
	}
	if err := h.Compression.checkChunkSize(chunkSize); err != nil {
		return err
	}
	h.ChunkSize = int(chunkSize)
	return nil
}

// versionOrigin names the writers of old versions (WIM format sheet, appendix A).
func versionOrigin(version uint32) string {
	switch {
	case version < 0x10D00 && version >= 0x10700:
		return fmt.Sprintf("1.%02d, a Windows Longhorn or Vista beta", version>>8&0xFF)
	case version > 0x10D00:
		return "newer than the known ones"
	}
	return "unknown"
}

// The flags of a resource header (WIM format sheet, section 1.2).
const (
	resourceMetadata   = 0x02
	resourceCompressed = 0x04
	resourceSolid      = 0x10
)

// resourceHeader is the 24-byte description of a byte range of the file.
type resourceHeader struct {
	size   uint64 // bytes in the file; 56 bits
	flags  uint8
	offset uint64
	usize  uint64 // uncompressed
}

func parseResourceHeader(raw []byte) resourceHeader {
	le := binary.LittleEndian
	sizeAndFlags := le.Uint64(raw[0:8])
	return resourceHeader{
		size:   sizeAndFlags & (1<<56 - 1),
		flags:  uint8(sizeAndFlags >> 56),
		offset: le.Uint64(raw[8:16]),
		usize:  le.Uint64(raw[16:24]),
	}
}

// setCompression sets the codec and all that goes with it.
func (h *Header) setCompression(codec Compression, chunkSize int) {
	h.Compression, h.ChunkSize = codec, chunkSize
	switch codec {
	case CompressionXPRESS:
		h.Flags |= FlagCompression | flagXPRESS
	case CompressionLZX:
		h.Flags |= FlagCompression | flagLZX
	case CompressionLZMS:
		h.Flags |= FlagCompression | flagLZMS
		h.Version = VersionSolid
	}
}

// append appends the header as it is stored. boot is the resource of the boot
// image's metadata, whose index BootIndex is.
func (h *Header) append(dst []byte, boot resourceHeader) []byte {
	le := binary.LittleEndian
	dst = append(dst, magicNormal...)
	dst = le.AppendUint32(dst, headerSize)
	dst = le.AppendUint32(dst, h.Version)
	dst = le.AppendUint32(dst, uint32(h.Flags))
	dst = le.AppendUint32(dst, uint32(h.ChunkSize))
	dst = append(dst, h.GUID[:]...)
	dst = le.AppendUint16(dst, uint16(h.PartNumber))
	dst = le.AppendUint16(dst, uint16(h.TotalParts))
	dst = le.AppendUint32(dst, uint32(h.ImageCount))
	dst = h.blobTable.append(dst)
	dst = h.xml.append(dst)
	dst = boot.append(dst)
	dst = le.AppendUint32(dst, uint32(h.BootIndex))
	dst = h.integrity.append(dst)
	return append(dst, make([]byte, 60)...)
}

func (h resourceHeader) append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, h.size|uint64(h.flags)<<56)
	dst = le.AppendUint64(dst, h.offset)
	return le.AppendUint64(dst, h.usize)
}

func saturate(n uint32) int {
	return int(min(n, 1<<31-1))
}
