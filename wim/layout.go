package wim

import (
	"cmp"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// A fileLayout is what a file is going to be, to the byte, before any of it is
// written: a WIM file or one part of a set. It is pure data. Each byte of the
// file is in one of the lists, except the integrity table, which needs all the
// others. Reader.Split writes layouts to files; they can be read as well.
//
//	header | copies | compressed | decoded | blob table | XML | integrity table
type fileLayout struct {
	size int64

	// copies are bytes that open files have. Without blobs a copy is a piece of
	// something larger, and nothing in it can be checked alone.
	copies []*rawCopy

	// made are bytes that were worked out: the header, chunk tables, headers of
	// pieces of solid resources, the blob table and the XML document.
	made []madeBytes

	// compressed and decoded are contents that no file has as they are stored
	// here: with the file's codec, and without any. Each list is in one piece,
	// in the order of the list; the headers of the blobs say where.
	compressed, decoded []*newBlob

	// integrity is where the integrity table is, of the size 0 if there is
	// none. It covers what is between the header and covered.
	integrity span
	covered   int64
}

// madeBytes are bytes at an offset.
type madeBytes struct {
	offset int64
	data   []byte
}

// layoutBuilder makes the layout of a file from front to back.
type layoutBuilder struct {
	*fileLayout
	at int64 // where the next byte goes
}

func newLayoutBuilder() *layoutBuilder {
	return &layoutBuilder{fileLayout: new(fileLayout), at: headerSize}
}

// make adds bytes that were worked out.
func (l *layoutBuilder) make(data []byte) {
	l.made = append(l.made, madeBytes{l.at, data})
	l.at += int64(len(data))
}

// copy adds bytes of an open file, which have so many bytes of content.
func (l *layoutBuilder) copy(from *part, where span, content int64) {
	for done := int64(0); done < where.size; {
		n := min(where.size-done, rawCopyBytes)
		share := mulDiv(content, done+n, where.size) - mulDiv(content, done, where.size)
		l.copies = append(l.copies, &rawCopy{part: from, from: where.offset + done, to: l.at, size: n, content: share})
		l.at += n
		done += n
	}
}

// mulDiv is about a * b / c, without overflow.
func mulDiv(a, b, c int64) int64 {
	if b == c {
		return a
	}
	return int64(float64(a) * (float64(b) / float64(c)))
}

// blobs adds blobs that are copied as they are stored.
func (l *layoutBuilder) blobs(blobs []*newBlob) {
	sortForReading(blobs)
	copies, end := planCopies(blobs, l.at)
	l.copies = append(l.copies, copies...)
	l.at = end
}

// relay adds a blob of a pipable file, of which the chunks are copied and the
// chunk table is made.
func (l *layoutBuilder) relay(b *newBlob) error {
	h := b.from.header
	res, err := b.from.part.openResource(h)
	if err != nil {
		return err
	}
	layout := wimfile.NewChunkLayout(res.usize, res.chunkSize, false)
	start, table := l.at, len(l.made)
	l.make(nil)
	l.at += layout.TableSize()
	first := l.at
	var offsets []int64
	for i := range res.chunkCount() {
		where, err := res.chunkSpan(res.part.source, i)
		if err != nil {
			return err
		}
		if i > 0 {
			offsets = append(offsets, l.at-first)
		}
		l.copy(res.part, where, int64(res.chunkLength(i)))
	}
	l.made[table].data = layout.AppendTable(nil, offsets)
	b.header = wimfile.ResourceHeader{Offset: uint64(start), Size: uint64(l.at - start), USize: h.USize, Flags: h.Flags & (wimfile.ResourceCompressed | wimfile.ResourceMetadata)}
	return nil
}

// encoded adds blobs that are stored anew. Their headers have the sizes.
func (l *layoutBuilder) encoded(blobs []*newBlob) {
	sortForReading(blobs)
	for _, b := range blobs {
		if b.header.Flags&wimfile.ResourceCompressed != 0 {
			l.compressed = append(l.compressed, b)
		} else {
			l.decoded = append(l.decoded, b)
		}
	}
	for _, b := range slices.Concat(l.compressed, l.decoded) {
		b.header.Offset = uint64(l.at)
		l.at += int64(b.header.Size)
	}
}

// solid adds a piece of a solid resource.
func (l *layoutBuilder) solid(p *solidPiece) {
	start := l.at
	res := p.of.resource
	data := span{res.data.offset + p.starts()[0], p.bytes()}
	begin := wimfile.SolidHeader{USize: uint64(p.usize()), ChunkSize: uint32(res.chunkSize), Codec: wimfile.Codec(res.codec)}
	l.make(wimfile.AppendSolidSizes(begin.Append(nil), p.starts()))
	l.copy(res.part, data, p.usize())
	p.header = wimfile.ResourceHeader{Offset: uint64(start), Size: uint64(l.at - start), Flags: wimfile.ResourceSolid, USize: solidMarker}
}

// tableEntries is a blob table that is being made.
type tableEntries struct {
	part  int
	bytes []byte
}

func (t *tableEntries) add(h wimfile.ResourceHeader, references uint32, hash SHA1) {
	e := wimfile.BlobEntry{ResourceHeader: h, PartNumber: uint16(t.part), References: references, SHA1: hash}
	t.bytes = e.Append(t.bytes)
}

// addSolid adds a run of pieces of solid resources, and the blobs in it.
func (t *tableEntries) addSolid(pieces []*solidPiece) {
	for _, p := range pieces {
		t.add(p.header, 1, SHA1{})
	}
	base := int64(0)
	for _, p := range pieces {
		from := base - p.first*p.of.resource.chunkSize
		for _, s := range p.blobs {
			t.add(wimfile.ResourceHeader{Size: uint64(s.blob.size), Flags: wimfile.ResourceSolid, Offset: uint64(from + s.offset)}, s.blob.references, s.blob.sha1)
		}
		base += p.usize()
	}
}

// finish adds what stands after the contents, and the header.
func (l *layoutBuilder) finish(header Header, boot wimfile.ResourceHeader, table []byte, document func(total int64) []byte, integrity bool) {
	resource := func(data []byte) wimfile.ResourceHeader {
		h := wimfile.ResourceHeader{Offset: uint64(l.at), Size: uint64(len(data)), USize: uint64(len(data)), Flags: wimfile.ResourceMetadata}
		l.make(data)
		return h
	}
	header.blobTable = resource(table)
	l.covered = l.at
	header.xml = resource(document(l.at))
	if integrity {
		l.integrity = span{l.at, int64(wimfile.NewIntegrityHeader(l.covered, integrityChunk).Size)}
		header.integrity = wimfile.ResourceHeader{Offset: uint64(l.at), Size: uint64(l.integrity.size), USize: uint64(l.integrity.size)}
		l.at += l.integrity.size
	}
	l.size = l.at
	l.made = append(l.made, madeBytes{0, header.append(nil, boot)})
	slices.SortFunc(l.made, func(a, b madeBytes) int { return cmp.Compare(a.offset, b.offset) })
}
