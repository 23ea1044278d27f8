package wim

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// A setPlan distributes what images use over the parts of a set. What it makes
// is a [fileLayout] for each part, and nothing is read for it but metadata and
// the tables of resources:
//
//	p := newSetPlan(w, limit, workers)
//	err := p.distribute(ctx)
//	files, err := p.layouts()
//
// Contents keep the form in which they are stored where the codec and the chunk
// size are those of w. Without a limit the set is one file.
type setPlan struct {
	*Writer
	workers  int
	limit    int64 // bytes of a part
	capacity int64 // of those, for resources and their table entries
	set      Header
	xml      []byte // which all parts have

	fit   firstFit
	parts []*partPlan

	// unchecked are blobs whose bytes are copied without being decoded: those in
	// pieces of solid resources, and those of pipable files.
	unchecked []*blob
	blobs     int // distinct contents, metadata not counted
	encoded   int // of those, the ones that are not copied
}

// partPlan is what one part will have.
type partPlan struct {
	metadata []*newBlob // of all images, in order, in part 1
	copied   []*newBlob // as they are stored
	relayed  []*newBlob // from pipable files
	encoded  []*newBlob // stored anew
	solid    []*solidPiece
}

func newSetPlan(w *Writer, limit int64, workers int) *setPlan {
	p := &setPlan{Writer: w, limit: limit, workers: workers}
	p.set = Header{Version: VersionStandard, GUID: w.options.guid, Flags: w.flags, ImageCount: len(w.images)}
	p.set.setCompression(w.options.compression, w.options.chunkSize)
	return p
}

// document is the XML document of a part, which has so many bytes before it.
func (p *setPlan) document(before int64) []byte {
	if p.limit == noLimit {
		return p.Writer.document(before)
	}
	return p.xml
}

// distribute works out which part has what. The error names what is too large
// for any part.
func (p *setPlan) distribute(ctx context.Context) error {
	if err := p.countUses(); err != nil {
		return err
	}
	blobs := p.countReferences()
	p.blobs = len(blobs)
	if err := p.measure(); err != nil {
		return err
	}
	var metadata []*newBlob
	for _, image := range p.images {
		metadata = append(metadata, image.metadata)
	}
	items, err := p.items(ctx, metadata)
	if err != nil {
		return err
	}
	if err := p.placeMetadata(metadata, items); err != nil {
		return err
	}
	if items, err = p.items(ctx, blobs); err != nil {
		return err
	}
	return p.place(items)
}

// measure finds out how much of a part is for resources.
func (p *setPlan) measure() error {
	p.capacity = math.MaxInt64
	if p.limit != noLimit {
		total, _ := strconv.ParseInt(p.root.Value("TOTALBYTES"), 10, 64)
		p.xml = p.Writer.document(total)
		p.capacity = p.limit - headerSize - int64(len(p.xml))
		if p.options.integrity {
			p.capacity = coveredBytes(p.capacity)
		}
	}
	p.fit = firstFit{capacity: p.capacity}
	if p.capacity <= blobEntrySize {
		return fmt.Errorf("parts of %d bytes have no room beside the header and %d bytes of XML: %w", p.limit, len(p.xml), ErrOption)
	}
	return nil
}

// sizeWith is the size of a part whose resources and table entries have so many
// bytes.
func (p *setPlan) sizeWith(covered int64) int64 {
	size := headerSize + covered + int64(len(p.xml))
	if p.options.integrity {
		size += int64(wimfile.NewIntegrityHeader(headerSize+covered, integrityChunk).Size)
	}
	return size
}

// coveredBytes is how many bytes fit in a room together with the integrity table
// that covers them.
func coveredBytes(room int64) int64 {
	const sum = 20
	room -= wimfile.IntegrityHeaderSize
	if room <= 0 {
		return 0
	}
	chunks := wimfile.ChunkCount(room, integrityChunk+sum)
	return max(room-sum*chunks, (chunks-1)*integrityChunk)
}

// placeMetadata puts the metadata of all images into part 1.
func (p *setPlan) placeMetadata(metadata []*newBlob, items []planItem) error {
	weight := weightOf(items)
	if weight > p.capacity {
		return fmt.Errorf("part 1 has the metadata of all images, %d bytes, and no room for it in %d bytes; parts need at least %d: %w",
			weight, p.limit, p.sizeWith(weight), ErrOption)
	}
	if err := p.fit.take(0, weight); err != nil {
		return err
	}
	first := p.part(0)
	for _, item := range items {
		first.add(item)
	}
	first.metadata = metadata
	return nil
}

// part returns the plan of a part, counted from 0.
func (p *setPlan) part(i int) *partPlan {
	for len(p.parts) <= i {
		p.parts = append(p.parts, new(partPlan))
	}
	return p.parts[i]
}

func (p *partPlan) add(item planItem) {
	switch {
	case item.blob == nil:
		p.solid = append(p.solid, item.solid)
	case item.kind == storageCopied:
		p.copied = append(p.copied, item.blob)
	case item.kind == storageRelayed:
		p.relayed = append(p.relayed, item.blob)
	default:
		p.encoded = append(p.encoded, item.blob)
	}
}

// place puts items where there is room: large ones first and the largest of them
// before the others, each into the first part that has room for it. The small
// ones then fill what is left, in the order in which they are stored.
func (p *setPlan) place(items []planItem) error {
	large := func(item planItem) bool { return item.weight > p.capacity/16 }
	var order []planItem
	for _, item := range items {
		if large(item) {
			order = append(order, item)
		}
	}
	slices.SortStableFunc(order, func(a, b planItem) int { return int(min(max(b.weight-a.weight, -1), 1)) })
	for _, item := range items {
		if !large(item) {
			order = append(order, item)
		}
	}
	for _, item := range order {
		if item.weight > p.capacity {
			return p.tooLarge(item)
		}
		i, err := p.fit.place(item.weight)
		if err != nil {
			return err
		}
		p.part(i).add(item)
	}
	return nil
}

// tooLarge says which content no part can hold.
func (p *setPlan) tooLarge(item planItem) error {
	b := item.blob
	return fmt.Errorf("%s: its %d bytes take %d when they are stored, and a part of %d bytes has room for %d; parts need at least %d: %w",
		b.path(), b.size, item.weight-blobEntrySize, p.limit, p.capacity-blobEntrySize, p.sizeWith(item.weight), ErrOption)
}

// layouts makes the layout of each part.
func (p *setPlan) layouts() ([]*fileLayout, error) {
	p.set.TotalParts = len(p.parts)
	if p.set.TotalParts > 1 {
		p.set.Flags |= FlagSpanned
	}
	for _, part := range p.parts {
		if len(part.solid) > 0 {
			p.set.Version = VersionSolid
		}
		for _, s := range part.solid {
			for _, b := range s.blobs {
				p.unchecked = append(p.unchecked, b.blob.from)
			}
		}
	}
	p.leastLast()
	files := make([]*fileLayout, len(p.parts))
	for i, part := range p.parts {
		var err error
		if files[i], err = p.layout(i+1, part); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// leastLast moves the part that has least to the end, as people expect of a set.
// 7-Zip opens no set whose last part is larger than the first.
func (p *setPlan) leastLast() {
	last := len(p.parts) - 1
	least := last
	for i := 1; i < last; i++ {
		if p.fit.room(i) > p.fit.room(least) {
			least = i
		}
	}
	if least > 0 {
		part := p.parts[least]
		p.parts = append(slices.Delete(p.parts, least, least+1), part)
	}
}

// layout makes the layout of a part.
func (p *setPlan) layout(number int, part *partPlan) (*fileLayout, error) {
	l := newLayoutBuilder()
	l.blobs(part.copied)
	for _, b := range part.relayed {
		if err := l.relay(b); err != nil {
			return nil, fmt.Errorf("blob %v: %w", b.sha1, err)
		}
	}
	l.encoded(part.encoded)
	for _, s := range part.solid {
		l.solid(s)
	}
	table := &tableEntries{part: number}
	for _, b := range part.metadata {
		table.add(b.header, 1, b.sha1)
	}
	ordinary := slices.Concat(part.copied, part.relayed, part.encoded)
	sortByPlace(ordinary)
	for _, b := range ordinary {
		if !b.metadata {
			table.add(b.header, b.references, b.sha1)
		}
	}
	table.addSolid(part.solid)
	header := p.set
	header.PartNumber = number
	var boot wimfile.ResourceHeader
	if p.boot != nil && len(p.parts) == 1 {
		header.BootIndex = slices.Index(p.images, p.boot) + 1
		boot = p.boot.metadata.header
	}
	l.finish(header, boot, table.bytes, p.document, p.options.integrity)
	if l.size > p.limit {
		return nil, fmt.Errorf("part %d would have %d bytes: %w", number, l.size, ErrOption)
	}
	return l.fileLayout, nil
}
