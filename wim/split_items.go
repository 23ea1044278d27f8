package wim

import (
	"context"
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

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

// items works out how blobs come into the parts, as ordinary blobs or in solid
// resources, and cuts solid resources that are too large.
func (p *setPlan) items(ctx context.Context, blobs []*newBlob) ([]planItem, error) {
	var items []planItem
	var encoded []*newBlob
	left := make(map[*part]int64) // bytes of a file that blobs may still have
	solid := &solidSources{of: make(map[*resource]*solidSource)}
	blobs = slices.Clone(blobs)
	sortForReading(blobs)
	if err := checkMetadata(slices.DeleteFunc(slices.Clone(blobs), func(b *newBlob) bool { return !b.metadata })); err != nil {
		return nil, err
	}
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
