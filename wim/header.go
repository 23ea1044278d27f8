package wim

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

const headerSize = wimfile.HeaderSize

// The values of [Header.Version] that this package reads.
const (
	// VersionStandard, which is 1.13, is written by everything since Windows
	// Vista for uncompressed, XPRESS and LZX files.
	VersionStandard = wimfile.VersionStandard

	// VersionSolid is written for LZMS and for files with solid resources.
	VersionSolid = wimfile.VersionSolid
)

// HeaderFlags are the flags of a WIM header (WIM format sheet, section 1.3).
type HeaderFlags uint32

const (
	FlagCompression     HeaderFlags = wimfile.FlagCompression     // the file has a compression type
	FlagReadOnly        HeaderFlags = wimfile.FlagReadOnly        // writers shall not change the file
	FlagSpanned         HeaderFlags = wimfile.FlagSpanned         // part of a split set
	FlagResourceOnly    HeaderFlags = wimfile.FlagResourceOnly    // a hint: no metadata in this file
	FlagMetadataOnly    HeaderFlags = wimfile.FlagMetadataOnly    // a hint: no file data in this file
	FlagWriteInProgress HeaderFlags = wimfile.FlagWriteInProgress // a writer is busy or died
	FlagReparseFix      HeaderFlags = wimfile.FlagReparseFix      // absolute link targets are adjusted when an image is applied
)

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
	Version     uint32 // VersionStandard or VersionSolid
	Flags       HeaderFlags
	Compression Compression
	ChunkSize   int // uncompressed bytes per chunk; 0 when nothing is compressed
	GUID        GUID
	PartNumber  int  // 1-based
	TotalParts  int  // 1 for a file that stands alone
	ImageCount  int  // as the header claims; len(Reader.Images) is the truth
	BootIndex   int  // 1-based index of the image that boots; 0 for none
	Pipable     bool // wimlib's variation that can be read from a pipe

	blobTable    wimfile.ResourceHeader
	xml          wimfile.ResourceHeader
	bootMetadata wimfile.ResourceHeader // as it is stored; append does not take it
	integrity    wimfile.ResourceHeader
	unused       [60]byte
}

// ReadHeader reads the header of a WIM of size bytes, and nothing else: the 208
// bytes at its start, and for a pipable file those at its end.
func ReadHeader(r io.ReaderAt, size int64) (Header, error) {
	if size < headerSize {
		return Header{}, formatErrorf("the file has %d bytes, a WIM header alone has %d", max(size, 0), headerSize)
	}
	var raw [headerSize]byte
	if err := saferio.ReadFull(r, raw[:], 0); err != nil {
		return Header{}, fmt.Errorf("header: %w", err)
	}
	if [8]byte(raw[:]) == wimfile.MagicPipable {
		if err := saferio.ReadFull(r, raw[:], size-headerSize); err != nil {
			return Header{}, fmt.Errorf("final header: %w", err)
		}
		if [8]byte(raw[:]) != wimfile.MagicPipable {
			return Header{}, formatErrorf("pipable file without a header at its end; it may be cut off")
		}
	}
	return parseHeader(&raw)
}

// End is where the tables end, and where the content of the boot image's
// metadata does: a file that has fewer bytes is not whole.
func (h Header) End() uint64 {
	var end uint64
	for _, r := range []wimfile.ResourceHeader{h.blobTable, h.xml, h.bootMetadata, h.integrity} {
		if r.Size != 0 {
			end = max(end, saturatingSum(r.Offset, r.Size))
		}
	}
	return end
}

func saturatingSum(a, b uint64) uint64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxUint64
}

func parseHeader(raw *[headerSize]byte) (Header, error) {
	stored := wimfile.ParseHeader(raw)
	if stored.Magic != wimfile.Magic && stored.Magic != wimfile.MagicPipable {
		return Header{}, formatErrorf("header: no MSWIM signature; this is not a WIM file")
	}
	h := Header{
		Version:      stored.Version,
		Flags:        HeaderFlags(stored.Flags),
		GUID:         stored.GUID,
		PartNumber:   int(stored.PartNumber),
		TotalParts:   int(stored.TotalParts),
		ImageCount:   saturate(stored.ImageCount),
		BootIndex:    saturate(stored.BootIndex),
		Pipable:      stored.Magic == wimfile.MagicPipable,
		blobTable:    stored.BlobTable,
		xml:          stored.XML,
		bootMetadata: stored.BootMetadata,
		integrity:    stored.Integrity,
		unused:       stored.Unused,
	}
	switch {
	case h.Version != VersionStandard && h.Version != VersionSolid:
		return h, fmt.Errorf("header: version %#x (%s): %w", h.Version, versionOrigin(h.Version), ErrUnsupported)
	case stored.Size != headerSize:
		return h, formatErrorf("header: header size %d, want %d", stored.Size, headerSize)
	}
	if err := h.parseCompression(stored.ChunkSize); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	switch {
	case h.PartNumber == 0 || h.PartNumber > h.TotalParts:
		return h, formatErrorf("header: part %d of %d", h.PartNumber, h.TotalParts)
	case h.blobTable.USize == 0 && h.xml.USize == 0:
		return h, formatErrorf("header: neither a blob table nor XML; the file was not written to its end")
	}
	return h, nil
}

// parseCompression derives the codec from the flags and checks the chunk size.
func (h *Header) parseCompression(chunkSize uint32) error {
	if h.Flags&FlagCompression == 0 {
		return nil
	}
	found := codecsOf(h.Flags)
	switch len(found) {
	case 0:
		return fmt.Errorf("flags %#x say compressed, but by no known codec: %w", uint32(h.Flags), ErrUnsupported)
	case 1:
		h.Compression = found[0]
	default:
		return formatErrorf("flags %#x name more than one codec", uint32(h.Flags))
	}
	if err := h.Compression.checkChunkSize(chunkSize); err != nil {
		return err
	}
	h.ChunkSize = int(chunkSize)
	return nil
}

// versionOrigin names the writers of old versions (WIM format sheet, appendix
// A).
func versionOrigin(version uint32) string {
	switch {
	case version < 0x10D00 && version >= 0x10700:
		return fmt.Sprintf("1.%02d, a Windows Longhorn or Vista beta", version>>8&0xFF)
	case version > 0x10D00:
		return "newer than the known ones"
	}
	return "unknown"
}

// setCompression sets the codec and what depends on it.
func (h *Header) setCompression(codec Compression, chunkSize int) {
	h.Compression, h.ChunkSize = codec, chunkSize
	if codec == CompressionNone {
		return
	}
	h.Flags |= FlagCompression | codecs[codec].flag
	if codec == CompressionLZMS {
		h.Version = VersionSolid
	}
}

// append appends the header as it is stored. boot is the resource of the boot
// image's metadata, whose index BootIndex is.
func (h *Header) append(dst []byte, boot wimfile.ResourceHeader) []byte {
	stored := wimfile.Header{
		Magic:        wimfile.Magic,
		Size:         headerSize,
		Version:      h.Version,
		Flags:        uint32(h.Flags),
		ChunkSize:    uint32(h.ChunkSize),
		GUID:         h.GUID,
		PartNumber:   uint16(h.PartNumber),
		TotalParts:   uint16(h.TotalParts),
		ImageCount:   uint32(h.ImageCount),
		BlobTable:    h.blobTable,
		XML:          h.xml,
		BootMetadata: boot,
		BootIndex:    uint32(h.BootIndex),
		Integrity:    h.integrity,
		Unused:       h.unused,
	}
	return stored.Append(dst)
}

// The counts of a header are claims, so they saturate where int has 32 bits.
func saturate(n uint32) int {
	return int(min(n, 1<<31-1))
}
