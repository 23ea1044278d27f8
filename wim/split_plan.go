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

// planItem is something that one part has as a whole.
type planItem struct {
	weight int64 // of the resource and its table entries
	blob   *newBlob
	kind   storage
	solid  *solidPiece // if blob is nil
}

// storage is how a blob comes into a new file.
type storage int

const (
	storageCopied storage = iota
	storageRelayed
	storageEncoded
)

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

// items works out how blobs come into the parts, as ordinary blobs or in solid
// resources, and cuts solid resources that are too large.
func (p *setPlan) items(ctx context.Context, blobs []*newBlob) ([]planItem, error) {
	var items []planItem
	var encoded []*newBlob
	left := make(map[*part]int64) // bytes of a file that blobs may still have
	solid := &solidSources{of: make(map[*resource]*solidSource)}
	blobs = slices.Clone(blobs)
	sortForReading(blobs)
	for _, b := range blobs {
		if b.from.run != nil {
			if err := solid.add(b); err != nil {
				return nil, err
			}
			continue
		}
		kind, size, err := p.storage(b)
		if err != nil {
			return nil, fmt.Errorf("blob %v: %w", b.sha1, err)
		}
		if kind == storageEncoded {
			encoded = append(encoded, b)
			continue
		}
		if kind == storageRelayed {
			p.unchecked = append(p.unchecked, b.from)
		}
		file := b.from.part
		if _, known := left[file]; !known {
			left[file] = file.size
		}
		if left[file] -= size; left[file] < 0 && !b.metadata {
			return nil, formatErrorf("blob %v: resources of %s overlap, and have more bytes than it", b.sha1, file.name)
		}
		items = append(items, planItem{blob: b, kind: kind, weight: size + blobEntrySize})
	}
	others := weightOf(items) // of what is not cut, without the solid resource that is looked at
	for _, b := range encoded {
		others += b.size + blobEntrySize // or less
	}
	for _, s := range solid.list {
		others += s.whole().weight()
	}
	for _, s := range solid.list {
		whole := s.whole()
		if others -= whole.weight(); whole.weight() <= p.capacity && !p.leavesHole(whole.weight(), others) {
			others += whole.weight()
			items = append(items, planItem{solid: whole, weight: whole.weight()})
			continue
		}
		apart, err := p.cutSolid(s)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, apart...)
	}
	if err := p.encode(ctx, encoded); err != nil {
		return nil, err
	}
	for _, b := range encoded {
		items = append(items, planItem{blob: b, kind: storageEncoded, weight: int64(b.header.Size) + blobEntrySize})
		if !b.metadata {
			p.encoded++
		}
	}
	return items, nil
}

// storage says how an ordinary blob comes into a part, and the size that it then
// has if it is copied.
func (p *setPlan) storage(b *newBlob) (kind storage, size int64, err error) {
	if b.from.err != nil {
		return 0, 0, b.from.err
	}
	h, source := b.from.header, &b.from.part.header
	res, err := b.from.part.openResource(h)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case res.raw && b.metadata && codecs[p.options.compression].newEncoder != nil:
		// Readers are known that take the codec of metadata from the header alone.
		return storageEncoded, 0, nil
	case res.raw:
		return storageCopied, int64(h.Size), nil
	case source.Compression != p.options.compression || source.ChunkSize != p.options.chunkSize:
		return storageEncoded, 0, nil
	}
	kind, size = storageCopied, int64(h.Size)
	if source.Pipable {
		kind, size = storageRelayed, size-res.layout.Prefix*res.chunkCount()
	}
	// Windows misreads a resource that has the size of its content and is marked
	// as compressed.
	if size == res.usize && !b.metadata {
		return storageEncoded, 0, nil
	}
	return kind, size, nil
}

// leavesHole says whether part 1, with its metadata, would stay less than nine
// tenths full, because an item has no room there and the others are not enough.
// 7-Zip opens no set whose last part is larger than the first.
func (p *setPlan) leavesHole(weight, others int64) bool {
	room := p.fit.room(0)
	return p.fit.parts > 0 && weight > room && others < room-p.capacity/10
}

func weightOf(items []planItem) (sum int64) {
	for _, item := range items {
		sum += item.weight
	}
	return sum
}

// solidSources are solid resources that have blobs which are wanted.
type solidSources struct {
	of   map[*resource]*solidSource
	list []*solidSource
}

func (s *solidSources) add(b *newBlob) error {
	if b.from.err != nil {
		return b.from.err
	}
	at := b.from.part.owner.locate(b.from)
	if at.err != nil {
		return at.err
	}
	source := s.of[at.resource]
	if source == nil {
		source = &solidSource{resource: at.resource}
		s.of[at.resource] = source
		s.list = append(s.list, source)
	}
	source.blobs = append(source.blobs, solidBlobAt{b, at.offset})
	return nil
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

// encode finds out how contents are stored that cannot be copied: their headers
// get the sizes, and flags.
func (p *setPlan) encode(ctx context.Context, blobs []*newBlob) error {
	for _, b := range blobs {
		b.header = wimfile.ResourceHeader{Size: uint64(b.size), USize: uint64(b.size)}
		if b.metadata {
			b.header.Flags = wimfile.ResourceMetadata
		}
	}
	if codecs[p.options.compression].newEncoder == nil {
		return nil
	}
	w := newWriting(p.Writer, discard{}, []BulkOption{WithWorkers(p.workers)})
	return w.pack(ctx, blobs)
}

// discard takes bytes and forgets them.
type discard struct{}

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// firstFit finds the first part that has room for something, in a tree: node i
// has the most room of any part below it, and its children are 2i and 2i+1.
type firstFit struct {
	capacity int64
	rooms    []int64 // the leaves are the second half
	parts    int     // that have something
}

// mostParts is what the header has room for.
const mostParts = math.MaxUint16

// room is how much room a part has.
func (f *firstFit) room(i int) int64 {
	if leaves := len(f.rooms) / 2; i < leaves {
		return f.rooms[leaves+i]
	}
	return f.capacity
}

// take takes room of a part.
func (f *firstFit) take(i int, weight int64) error {
	if i >= mostParts {
		return fmt.Errorf("more than %d parts: %w; larger parts are fewer", mostParts, ErrOption)
	}
	for i >= len(f.rooms)/2 {
		f.grow()
	}
	f.parts = max(f.parts, i+1)
	node := len(f.rooms)/2 + i
	f.rooms[node] -= weight
	for node /= 2; node > 0; node /= 2 {
		f.rooms[node] = max(f.rooms[2*node], f.rooms[2*node+1])
	}
	return nil
}

// grow doubles the number of leaves.
func (f *firstFit) grow() {
	old := f.rooms[len(f.rooms)/2:]
	leaves := max(1, 2*len(old))
	f.rooms = make([]int64, 2*leaves)
	for i := range leaves {
		f.rooms[leaves+i] = f.capacity
	}
	copy(f.rooms[leaves:], old)
	for node := leaves - 1; node > 0; node-- {
		f.rooms[node] = max(f.rooms[2*node], f.rooms[2*node+1])
	}
}

// place takes room of the first part that has it. The weight is no more than the
// capacity.
func (f *firstFit) place(weight int64) (i int, err error) {
	for len(f.rooms) == 0 || f.rooms[1] < weight {
		f.grow()
	}
	node, leaves := 1, len(f.rooms)/2
	for node < leaves {
		node *= 2
		if f.rooms[node] < weight {
			node++
		}
	}
	return node - leaves, f.take(node-leaves, weight)
}
