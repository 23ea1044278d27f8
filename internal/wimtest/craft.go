package wimtest

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// A WIM is a file that a test crafts. What a test does not touch is right; each
// field can be made wrong:
//
//	w := wimtest.NewWIM()
//	hello := w.AddBlob([]byte("hello"))
//	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
//		wimtest.RegularFile("hello.txt", hello))})
//	w.Table[0].References = 0
//	data := w.Bytes()
//
// The file is laid out as most are: header, resources in the order in which
// they were added, blob table, XML document, integrity table (WIM format
// sheet, section 1.7). A pipable one has a header at its end as well.
type WIM struct {
	Header Header
	Table  []TableEntry

	// TableBytes replaces the serialized Table, if it is not nil.
	TableBytes []byte
	// XML replaces the document that is made up for the images.
	XML []byte
	// IntegrityChunk is the chunk size of the integrity table; 0 for no table.
	IntegrityChunk uint32
	// Integrity changes the integrity table, if it is not nil.
	Integrity func(table []byte) []byte
	// Edit changes the header once all of it is known, if it is not nil.
	Edit func(h *Header)

	body Sparse
}

// Header is a WIM header (WIM format sheet, section 1.1). The resource headers
// of table, XML and integrity table are filled in when the file is written.
type Header struct {
	Magic     string // 8 bytes
	Size      uint32
	Version   uint32
	Flags     uint32
	ChunkSize uint32
	GUID      [16]byte
	Part      uint16
	Parts     uint16
	Images    uint32
	BlobTable ResourceHeader
	XML       ResourceHeader
	Boot      ResourceHeader
	BootIndex uint32
	Integrity ResourceHeader
	Unused    [60]byte
}

// The flags of a header that tests use (WIM format sheet, section 1.3).
const (
	HeaderCompression     = 0x00000002
	HeaderSpanned         = 0x00000008
	HeaderWriteInProgress = 0x00000040
	HeaderReparseFix      = 0x00000080
	HeaderReserved        = 0x00010000
	HeaderXPRESS          = 0x00020000
	HeaderLZX             = 0x00040000
	HeaderLZMS            = 0x00080000
	HeaderXPRESS2         = 0x00200000
)

// The versions of a header.
const (
	VersionNormal = 0x00010D00
	VersionSolid  = 0x00000E00
)

// The flags of a resource header (WIM format sheet, section 1.2).
const (
	ResourceMetadata   = 0x02
	ResourceCompressed = 0x04
	ResourceSolid      = 0x10
)

// The codecs, as a solid resource numbers them.
const (
	CodecNone   = 0
	CodecXPRESS = 1
	CodecLZX    = 2
	CodecLZMS   = 3
)

// SolidMarker is the uncompressed size in a table entry for a solid resource.
const SolidMarker = 1 << 32

// ResourceHeader is a 24-byte resource header.
type ResourceHeader struct {
	Size   uint64 // 56 bits are stored
	Flags  uint8
	Offset uint64
	USize  uint64
}

// TableEntry is a 50-byte entry of the blob table (WIM format sheet, section
// 2.1).
type TableEntry struct {
	ResourceHeader
	Part       uint16
	References uint32
	SHA1       [20]byte
}

// NewWIM returns a file without compression and without images.
func NewWIM() *WIM {
	w := &WIM{Header: Header{
		Magic: "MSWIM\x00\x00\x00", Size: 208, Version: VersionNormal, Part: 1, Parts: 1,
		GUID: [16]byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF},
	}}
	w.body.Skip(208)
	return w
}

// NewCompressedWIM returns a file with a codec flag and a chunk size.
func NewCompressedWIM(codecFlag, chunkSize uint32) *WIM {
	w := NewWIM()
	w.Header.Flags = HeaderCompression | codecFlag
	w.Header.ChunkSize = chunkSize
	return w
}

// NewPipableWIM returns a pipable file, wimlib's variation (WIM format sheet,
// section 1.8). For a file that can also be read from a pipe, add images
// before blobs.
func NewPipableWIM(codecFlag, chunkSize uint32) *WIM {
	w := NewCompressedWIM(codecFlag, chunkSize)
	w.Header.Magic = "WLPWM\x00\x00\x00"
	xml := w.xml()
	w.placePipable(xml, ResourceMetadata, uint64(len(xml)), sha1.Sum(xml))
	return w
}

func (w *WIM) pipable() bool { return strings.HasPrefix(w.Header.Magic, "WLPWM") }

// Place appends bytes to the file and returns their offset.
func (w *WIM) Place(data []byte) uint64 {
	offset := w.body.Size()
	w.body.Append(data)
	return uint64(offset)
}

// Body gives access to the file's resources as they are so far, to append what
// has no place in memory.
func (w *WIM) Body() *Sparse { return &w.body }

// placeResource appends a resource, with what a pipable file has before it.
func (w *WIM) placeResource(stored []byte, flags uint8, usize uint64, sum [20]byte) ResourceHeader {
	if w.pipable() {
		return w.placePipable(stored, flags, usize, sum)
	}
	return ResourceHeader{uint64(len(stored)), flags, w.Place(stored), usize}
}

func (w *WIM) placePipable(stored []byte, flags uint8, usize uint64, sum [20]byte) ResourceHeader {
	le := binary.LittleEndian
	blobHeader := le.AppendUint64(nil, 0x2B9B9BA2443DB9D8)
	blobHeader = le.AppendUint64(blobHeader, usize)
	blobHeader = append(blobHeader, sum[:]...)
	blobHeader = le.AppendUint32(blobHeader, uint32(flags))
	w.Place(blobHeader)
	return ResourceHeader{uint64(len(stored)), flags, w.Place(stored), usize}
}

// Add appends an entry to the table and returns its index.
func (w *WIM) Add(e TableEntry) int {
	w.Table = append(w.Table, e)
	return len(w.Table) - 1
}

// AddBlob adds content that is stored raw, and returns its SHA-1.
func (w *WIM) AddBlob(content []byte) [20]byte {
	return w.AddStored(content, content, 0)
}

// AddChunked adds content in chunks of the header's size, each stored raw.
func (w *WIM) AddChunked(content []byte) [20]byte {
	c := Chunked{USize: uint64(len(content)), Chunks: Split(content, int(w.Header.ChunkSize)), Pipable: w.pipable()}
	return w.AddStored(c.Bytes(), content, ResourceCompressed)
}

// AddStored adds content that is stored as the given bytes say.
func (w *WIM) AddStored(stored, content []byte, flags uint8) [20]byte {
	sum := sha1.Sum(content)
	w.Add(TableEntry{w.placeResource(stored, flags, uint64(len(content)), sum), w.Header.Part, 1, sum})
	return sum
}

// AddSolid adds the entry of a solid resource and returns its index.
func (w *WIM) AddSolid(s Solid) int {
	w.Header.Version = VersionSolid
	stored := s.Bytes()
	return w.Add(TableEntry{ResourceHeader{uint64(len(stored)), ResourceSolid, w.Place(stored), SolidMarker}, w.Header.Part, 1, [20]byte{}})
}

// AddSolidBlob adds the entry of a blob at an offset in the run's address
// space, and returns the blob's SHA-1.
func (w *WIM) AddSolidBlob(content []byte, offset uint64) [20]byte {
	sum := sha1.Sum(content)
	w.Add(TableEntry{ResourceHeader{uint64(len(content)), ResourceSolid, offset, 0}, w.Header.Part, 1, sum})
	return sum
}

// AddImage adds an image whose metadata is stored raw.
func (w *WIM) AddImage(m *Metadata) {
	w.AddMetadata(m.Bytes())
}

// AddMetadata adds an image with any bytes for its metadata.
func (w *WIM) AddMetadata(metadata []byte) {
	w.AddStored(metadata, metadata, ResourceMetadata)
	w.Header.Images++
}

// TableData returns Table as it is stored.
func (w *WIM) TableData() (table []byte) {
	for _, e := range w.Table {
		table = e.append(table)
	}
	return table
}

// Bytes writes the file.
func (w *WIM) Bytes() []byte {
	source, size := w.Source()
	data := make([]byte, size)
	if _, err := source.ReadAt(data, 0); err != nil {
		panic(err)
	}
	return data
}

// Source writes a file that may be too large for memory. The WIM itself is not
// changed, so that a test can write several files that differ in something.
func (w *WIM) Source() (io.ReaderAt, int64) {
	out := *w
	out.body.segments = append([]segment(nil), w.body.segments...)
	return out.finish()
}

func (w *WIM) finish() (io.ReaderAt, int64) {
	h := &w.Header
	table := w.TableBytes
	if table == nil {
		table = w.TableData()
	}
	h.BlobTable = w.placeResource(table, ResourceMetadata, uint64(len(table)), sha1.Sum(table))
	covered := w.body.Size() // by the integrity table
	xml := w.XML
	if xml == nil {
		xml = w.xml()
	}
	h.XML = w.placeResource(xml, ResourceMetadata, uint64(len(xml)), sha1.Sum(xml))
	if w.IntegrityChunk != 0 {
		integrity := integrityTable(&w.body, 208, covered, int64(w.IntegrityChunk))
		if w.Integrity != nil {
			integrity = w.Integrity(integrity)
		}
		h.Integrity = ResourceHeader{uint64(len(integrity)), 0, w.Place(integrity), uint64(len(integrity))}
	}
	first := *h
	if w.pipable() {
		first.BlobTable, first.XML, first.Integrity = ResourceHeader{}, ResourceHeader{}, ResourceHeader{}
	}
	if w.Edit != nil {
		w.Edit(h)
		if !w.pipable() {
			first = *h
		}
	}
	w.body.segments[0] = segment{0, 208, func(p []byte, offset int64) { copy(p, first.bytes()[offset:]) }}
	if w.pipable() {
		w.Place(h.bytes())
	}
	return &w.body, w.body.Size()
}

// xml makes up a document with an IMAGE element for each image. Its place in
// the file, which is in it, is right when it is placed next.
func (w *WIM) xml() []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "<WIM><TOTALBYTES>%d</TOTALBYTES>", w.body.Size())
	for i := range w.Header.Images {
		fmt.Fprintf(&text, `<IMAGE INDEX="%d"><DIRCOUNT>1</DIRCOUNT><FILECOUNT>1</FILECOUNT><TOTALBYTES>0</TOTALBYTES>`+
			`<NAME>image %d</NAME></IMAGE>`, i+1, i+1)
	}
	text.WriteString("</WIM>")
	return XML(text.String())
}

// XML encodes a document as it is stored: a byte order mark, then UTF-16LE.
func XML(document string) []byte { return UTF16("\ufeff" + document) }

// UTF16 encodes text as UTF-16LE.
func UTF16(text string) []byte { return Units(utf16.Encode([]rune(text))...) }

// Units encodes UTF-16 units, good or bad, as UTF-16LE.
func Units(units ...uint16) (encoded []byte) {
	for _, u := range units {
		encoded = binary.LittleEndian.AppendUint16(encoded, u)
	}
	return encoded
}

// integrityTable computes the table for a range of the file (WIM format sheet,
// section 10).
func integrityTable(body io.ReaderAt, start, end, chunkSize int64) []byte {
	le := binary.LittleEndian
	var sums []byte
	for at := start; at < end; at += chunkSize {
		chunk := make([]byte, min(chunkSize, end-at))
		body.ReadAt(chunk, at)
		sum := sha1.Sum(chunk)
		sums = append(sums, sum[:]...)
	}
	table := le.AppendUint32(nil, uint32(12+len(sums)))
	table = le.AppendUint32(table, uint32(len(sums)/20))
	table = le.AppendUint32(table, uint32(chunkSize))
	return append(table, sums...)
}

func (h *Header) bytes() []byte {
	le := binary.LittleEndian
	b := []byte(h.Magic)
	for _, n := range []uint32{h.Size, h.Version, h.Flags, h.ChunkSize} {
		b = le.AppendUint32(b, n)
	}
	b = append(b, h.GUID[:]...)
	b = le.AppendUint16(b, h.Part)
	b = le.AppendUint16(b, h.Parts)
	b = le.AppendUint32(b, h.Images)
	b = h.BlobTable.append(b)
	b = h.XML.append(b)
	b = h.Boot.append(b)
	b = le.AppendUint32(b, h.BootIndex)
	b = h.Integrity.append(b)
	return append(b, h.Unused[:]...)
}

func (r ResourceHeader) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, r.Size&(1<<56-1)|uint64(r.Flags)<<56)
	b = le.AppendUint64(b, r.Offset)
	return le.AppendUint64(b, r.USize)
}

func (e TableEntry) append(b []byte) []byte {
	le := binary.LittleEndian
	b = e.ResourceHeader.append(b)
	b = le.AppendUint16(b, e.Part)
	b = le.AppendUint32(b, e.References)
	return append(b, e.SHA1[:]...)
}

// SHA1 is the name of a blob.
func SHA1(content []byte) [20]byte { return sha1.Sum(content) }
