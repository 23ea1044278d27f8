package wim

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// A file is written in this order (the metadata of images has the SHA-1s of
// their contents, and so comes after these):
//
//	header, marked as being written
//	contents that are copied as they are stored
//	contents that are compressed
//	metadata of the images
//	blob table, XML, integrity table
//	header
//
// A file that is added to keeps what it has, tables included, until the header
// is replaced in the end; so it is whole at every moment.

// WriteReport says what was written.
type WriteReport struct {
	Images int
	Parts  int   // of a split set; 1 for a file that stands alone
	Size   int64 // of the file, or of all parts together
	Blobs  int   // distinct contents in the file, metadata not counted
	Copied int   // those that were copied as they are stored
	Packed int   // those that were compressed, or stored raw
	Bytes  int64 // of contents, uncompressed, that were copied or packed
	Lacks  int   // contents that a split or joined delta file lacks, and what was written too

	// Skipped are entries of captured trees that are not in the images, since
	// they could not be read.
	Skipped []Skipped
	// Excluded counts those that a list of exclusions names, without what is in
	// them.
	Excluded int
}

// Write writes the file to dst, which is empty. It reads and compresses on all
// cores. Until the last write, that of the header, the file is marked as being
// written, and no program takes it for whole. If there is to be an integrity
// table, dst is an [io.ReaderAt] as well.
func (w *Writer) Write(ctx context.Context, dst io.WriterAt, opts ...BulkOption) (*WriteReport, error) {
	p := newWriting(w, dst, opts)
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return p.report, nil
}

// writing is one Write under way.
type writing struct {
	*Writer
	dst    io.WriterAt
	bulk   *bulk
	out    *output
	report *WriteReport

	base       *part // the file that is added to; nil if all is written anew
	sameImages bool  // which has just these images
	switched   bool  // the header was replaced, or may have been

	blobs          []*newBlob // all that images use, metadata not counted
	copied, packed []*newBlob // what has to be done with those that are not in place
	sources        []*newBlob // those that no WIM file has yet
	packedMetadata []*newBlob // of images, which comes after the contents

	virtual *virtualOutput // takes the place of copying, if nothing is to be copied
}

var errNoImages = fmt.Errorf("there is no image to write, and Windows opens no file without one: %w", ErrOption)

func newWriting(w *Writer, dst io.WriterAt, opts []BulkOption) *writing {
	return &writing{
		Writer: w,
		dst:    dst,
		bulk:   newBulk(newBulkOptions(opts)),
		out:    &output{dst: dst, offset: headerSize},
		report: &WriteReport{Images: len(w.images), Parts: 1},
	}
}

func (p *writing) run(ctx context.Context) error {
	if err := p.prepare(""); err != nil {
		return err
	}
	return p.write(ctx)
}

// writeTo writes to a file what was prepared.
func (p *writing) writeTo(ctx context.Context, file io.WriterAt) error {
	p.dst, p.out.dst = file, file
	return p.write(ctx)
}

func (p *writing) write(ctx context.Context) error {
	if err := p.begin(); err != nil {
		return err
	}
	if err := p.copyRaw(ctx); err != nil {
		return err
	}
	if err := p.pack(ctx, p.packed); err != nil {
		return err
	}
	if err := p.packSources(ctx); err != nil {
		return err
	}
	if err := p.pack(ctx, p.packedMetadata); err != nil {
		return err
	}
	if err := p.packDrafts(ctx); err != nil {
		return err
	}
	return p.tables(ctx)
}

// countUses finds out what the images use.
func (w *Writer) countUses() error {
	for _, image := range w.images {
		if err := image.count(&w.blobs); err != nil {
			return err
		}
	}
	return nil
}

// countReferences counts how often the images use each content, and returns the
// contents that they use.
func (w *Writer) countReferences() []*newBlob {
	for _, b := range w.blobs.byHash {
		b.references = 0
	}
	for _, image := range w.images {
		for use := range image.allUses() {
			use.blob.stored().references = 0
		}
	}
	var used []*newBlob
	for _, image := range w.images {
		for use := range image.allUses() {
			b := use.blob.stored()
			if b.size == 0 {
				continue // the file was emptied since it was captured
			}
			if b.references == 0 {
				used = append(used, b)
			}
			b.addReferences(use.count)
		}
	}
	return used
}

// plan counts references, and sorts contents by what has to be done with them.
func (p *writing) plan() error {
	for _, image := range p.images {
		if image.late != nil {
			image.draft = nil // of an earlier file
		}
	}
	if err := p.countUses(); err != nil { // of images that the file has
		return &refusedError{err}
	}
	p.blobs = p.countReferences()
	p.packed = p.assign(p.blobs)
	p.report.Packed = len(p.packed)
	var metadata []*newBlob
	for _, image := range p.images {
		if !image.made() {
			metadata = append(metadata, image.metadata)
		}
	}
	if err := checkMetadata(slices.DeleteFunc(slices.Clone(metadata), p.inPlace)); err != nil {
		return err
	}
	p.packedMetadata = p.assign(metadata)
	return nil
}

// assign keeps blobs where they are, or has them copied as they are stored, and
// returns the others that WIM files have.
func (p *writing) assign(blobs []*newBlob) (packed []*newBlob) {
	for _, b := range blobs {
		switch {
		case b.from == nil:
			p.sources = append(p.sources, b)
		case p.inPlace(b):
			b.header = b.from.header
		case p.copies(b):
			p.copied = append(p.copied, b)
		default:
			packed = append(packed, b)
		}
	}
	return packed
}

// inPlace says whether a blob is in the file that is added to.
func (p *writing) inPlace(b *newBlob) bool {
	return p.base != nil && b.from != nil && b.from.part == p.base
}

// copies says whether a blob is copied as it is stored.
func (p *writing) copies(b *newBlob) bool {
	if b.from.run != nil || b.from.part.header.Pipable || p.options.recompress {
		return false
	}
	source, h := &b.from.part.header, b.from.header
	same := source.Compression == p.options.compression && source.ChunkSize == p.options.chunkSize
	switch {
	case h.Flags&wimfile.ResourceCompressed == 0 && p.options.compression == CompressionNone:
		return true
	case h.Flags&wimfile.ResourceCompressed == 0:
		// It did not get smaller, where it was tried. Metadata stays raw in no
		// compressed file, see newResource.finish.
		return same && h.Flags&wimfile.ResourceMetadata == 0
	}
	// Windows misreads a resource that has the size of its content and is
	// marked as compressed.
	return same && (h.Size != h.USize || h.Flags&wimfile.ResourceMetadata != 0)
}

// newHeader is the header without the places of the tables.
func (p *writing) newHeader() Header {
	h := Header{Version: VersionStandard, GUID: p.options.guid, PartNumber: 1, TotalParts: 1}
	if p.base != nil {
		h = p.base.header
	} else {
		h.setCompression(p.options.compression, p.options.chunkSize)
	}
	h.Flags |= p.flags
	h.ImageCount = len(p.images)
	h.BootIndex = slices.Index(p.images, p.boot) + 1
	return h
}

// begin writes a header that says that the file is being written. A file that
// is added to keeps its own.
func (p *writing) begin() error {
	if p.base != nil {
		return nil
	}
	header := p.newHeader()
	header.Flags |= FlagWriteInProgress
	header.BootIndex = 0
	_, err := p.dst.WriteAt(header.append(nil, wimfile.ResourceHeader{}), 0)
	return err
}

// copyRaw copies what can be copied as it is stored.
func (p *writing) copyRaw(ctx context.Context) error {
	sortForReading(p.copied)
	copies, end := planCopies(p.copied, p.out.position())
	if p.virtual != nil {
		p.virtual.copy(copies, end)
		return p.out.seek(end)
	}
	for _, b := range p.copied {
		p.bulk.total.Add(b.size)
		p.report.Bytes += b.size
	}
	if err := p.bulk.copyRaw(ctx, p.dst, copies, !p.options.unchecked); err != nil {
		return err
	}
	return p.out.seek(end)
}

// pack compresses contents, or stores them raw.
func (p *writing) pack(ctx context.Context, blobs []*newBlob) error {
	for _, b := range blobs {
		p.report.Bytes += b.size
	}
	if err := p.packAs(ctx, p.options.compression, blobs); err != nil {
		return err
	}
	// Large ones that did not shrink have to be read again, and are stored raw.
	again := slices.DeleteFunc(slices.Clone(blobs), func(b *newBlob) bool { return b.header.USize != 0 })
	return p.packAs(ctx, CompressionNone, again)
}

func (p *writing) packAs(ctx context.Context, codec Compression, blobs []*newBlob) error {
	if len(blobs) == 0 {
		return nil
	}
	w := newResourceWriter(ctx, p.out, codec, p.options.chunkSize, p.options.level, p.bulk.workers)
	return w.close(p.feed(w, blobs))
}

// feed gives contents to a resource writer, in the order in which they are
// stored.
func (p *writing) feed(w *resourceWriter, blobs []*newBlob) error {
	var stored []*blob
	of := make(map[*blob][]*newBlob) // several for an image that is written twice
	for _, b := range blobs {
		stored = append(stored, b.from)
		of[b.from] = append(of[b.from], b)
	}
	p.bulk.expect(stored)
	return p.bulk.runInOrder(w.ctx, stored, func(b *blob) (BlobSink, error) {
		next := of[b][0]
		of[b] = of[b][1:]
		w.begin(next.resource(w.codec == CompressionNone))
		return packSink{w}, nil
	})
}

// packSink gives the content of one blob to a resource writer.
type packSink struct{ *resourceWriter }

func (s packSink) Finish(err error) error {
	if err != nil {
		return err
	}
	return s.end()
}

// resource is what a blob is written as.
func (b *newBlob) resource(raw bool) *newResource {
	return &newResource{usize: b.size, raw: raw, metadata: b.metadata, done: func(h wimfile.ResourceHeader) error {
		b.header = h
		return nil
	}}
}

// tables writes what stands after the contents, and the header.
func (p *writing) tables(ctx context.Context) error {
	header := p.newHeader()
	var err error
	if !p.sameImages {
		if header.blobTable, err = p.tableResource(p.blobTable()); err != nil {
			return err
		}
	}
	if header.xml, err = p.tableResource(p.document(p.out.position())); err != nil {
		return err
	}
	if err := p.out.flush(); err != nil {
		return err
	}
	header.integrity = wimfile.ResourceHeader{}
	if p.options.integrity {
		end := int64(header.blobTable.Offset + header.blobTable.Size)
		if header.integrity, err = p.integrity(ctx, end); err != nil {
			return err
		}
	}
	if err := p.out.flush(); err != nil {
		return err
	}
	p.report.Size = p.out.position()
	p.report.Blobs, p.report.Copied = len(p.blobs), len(p.copied)
	if p.sameImages { // nothing was planned
		p.report.Blobs = len(p.base.table.blobs)
	}
	return p.finish(ctx, header)
}

// finish replaces the header. A file that is added to is synced before, so that
// the header leads nowhere where nothing is.
func (p *writing) finish(ctx context.Context, header Header) error {
	if p.base == nil {
		if err := p.cut(); err != nil {
			return err
		}
	} else if err := p.sync(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	raw := header.append(nil, p.bootMetadata())
	if p.base == nil {
		_, err := p.dst.WriteAt(raw, 0)
		return err
	}
	old := make([]byte, headerSize)
	if err := saferio.ReadFull(p.base.source, old, 0); err != nil {
		return err
	}
	if n, err := p.dst.WriteAt(raw, 0); err != nil {
		if n > 0 {
			_, restoreErr := p.dst.WriteAt(old, 0)
			p.switched = restoreErr != nil // one of the two, or a part of one
		}
		return err
	}
	p.switched = true
	if err := p.sync(); err != nil {
		return err
	}
	return p.cut()
}

// bootMetadata is where the metadata of the image is that boots.
func (p *writing) bootMetadata() wimfile.ResourceHeader {
	switch {
	case p.boot == nil:
		return wimfile.ResourceHeader{}
	case p.boot.image != nil: // in place
		return p.boot.image.tree.metadata.header
	}
	return p.boot.metadata.header
}

// blobTable is the table of all that the file then has: the metadata of images,
// contents as they are stored, and the solid resources that it had.
func (p *writing) blobTable() []byte {
	var table []byte
	for _, image := range p.images {
		b := image.metadata
		table = appendBlobEntry(table, b.header, 1, b.sha1)
	}
	sortByPlace(p.blobs)
	for _, b := range p.blobs {
		if !p.inPlace(b) || b.from.run == nil {
			table = appendBlobEntry(table, b.header, b.references, b.sha1)
		}
	}
	if p.base == nil {
		return table
	}
	for _, run := range p.base.table.runs {
		for _, solid := range run.resources {
			table = appendBlobEntry(table, solid.header, 1, SHA1{})
		}
		for _, i := range run.blobs {
			b := &p.base.table.blobs[i]
			if used := p.Writer.blobs.byHash[b.sha1]; used != nil && used.from == b && used.references > 0 {
				table = appendBlobEntry(table, b.header, used.references, b.sha1)
			}
		}
	}
	return table
}

// tableResource writes a table or the XML document, which are always raw.
func (p *writing) tableResource(raw []byte) (wimfile.ResourceHeader, error) {
	h := wimfile.ResourceHeader{Offset: uint64(p.out.position()), Size: uint64(len(raw)), USize: uint64(len(raw)), Flags: wimfile.ResourceMetadata}
	_, err := p.out.Write(raw)
	return h, err
}

// document is the XML document of a file that has so many bytes before it.
func (w *Writer) document(before int64) []byte {
	root := &Element{Name: "WIM"}
	if w.root != nil {
		root.Attributes = w.root.Attributes
	}
	total := &Element{Name: "TOTALBYTES", Text: strconv.FormatInt(before, 10)}
	root.Children = append(root.Children, total)
	for i, image := range w.images {
		image.element.setAttribute("INDEX", strconv.Itoa(i+1))
		if image.changed {
			image.element.setTime("LASTMODIFICATIONTIME", w.options.now)
		}
		root.Children = append(root.Children, image.element)
	}
	if w.root != nil {
		for _, e := range w.root.Children {
			if e.Name != "IMAGE" && e.Name != "TOTALBYTES" {
				root.Children = append(root.Children, e)
			}
		}
	}
	return root.appendXML(nil)
}

// cut removes what is beyond the end: resources that did not get smaller, and
// what a program left there that died.
func (p *writing) cut() error {
	if dst, ok := p.dst.(interface{ Truncate(size int64) error }); ok {
		return dst.Truncate(p.report.Size)
	}
	return nil
}

func (p *writing) sync() error {
	if dst, ok := p.dst.(interface{ Sync() error }); ok {
		return dst.Sync()
	}
	return nil
}
