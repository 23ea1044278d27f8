package wim

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Contents that no WIM file has yet are written in the order in which they were
// added:
//
//	small ones: read and hashed ahead on all cores → in order → resource writer
//	large ones:                                     in order → hash → resource writer
//
// A content that was written before is dropped. Small ones are read once. Of
// large ones those are hashed first whose size another content has: they may be
// the same, and to compress them would take long.

// smallSource is up to which size contents are read ahead, whole.
const smallSource = 1 << 20

// putContent writes a content that comes only once, and returns its blob, nil
// for an empty one. A size of which the content has more or less is an error.
type putContent func(name string, size int64, content io.Reader) (*newBlob, error)

// lateDraft makes the tree of an image whose contents can only be read in one
// order, and together with the tree: it gives them to put as they come.
type lateDraft func(ctx context.Context, put putContent) (*draft, error)

// made says whether the image's metadata is made when it is written.
func (i *WriterImage) made() bool { return i.draft != nil || i.late != nil }

// allUses yields what the image uses.
func (i *WriterImage) allUses() iter.Seq[blobUse] {
	return func(yield func(blobUse) bool) {
		if i.draft != nil {
			i.draft.eachUse(yield)
			return
		}
		for _, use := range i.uses {
			if !yield(use) {
				return
			}
		}
	}
}

// packSources writes the contents that come from outside of WIM files, and
// those of images that are made as they are written.
func (p *writing) packSources(ctx context.Context) error {
	if !slices.ContainsFunc(p.images, (*WriterImage).made) {
		return nil
	}
	f := newSourceFeed(ctx, p, p.options.compression)
	err := f.hashFirst(p.sources)
	if err == nil {
		err = f.all(p.sources)
	}
	for len(f.again) > 0 && err == nil {
		again := f.again
		f.again = nil
		err = f.all(again)
	}
	for _, image := range p.images {
		if image.late == nil || err != nil {
			continue
		}
		var made *draft
		if made, err = image.late(ctx, f.once); err == nil {
			image.draft = made
		}
	}
	if err = f.close(err); err != nil {
		return err
	}
	if err := p.packLarge(ctx, f.packed); err != nil {
		return err
	}
	p.dropUnread()
	p.blobs = p.countReferences()
	for _, b := range p.blobs {
		if p.inPlace(b) { // and was not used before
			b.header = b.from.header
		}
	}
	return nil
}

// packLarge writes those anew, raw, that did not get smaller.
func (p *writing) packLarge(ctx context.Context, packed []*newBlob) error {
	again := slices.DeleteFunc(packed, func(b *newBlob) bool { return b.header.USize != 0 })
	if len(again) == 0 {
		return nil
	}
	f := newSourceFeed(ctx, p, CompressionNone)
	var err error
	for _, b := range again {
		if b.source == nil {
			err = fmt.Errorf("a content of %d bytes has as many when it is compressed, which Windows misreads: %w; choose another codec", b.size, ErrUnsupported)
		} else if err == nil {
			p.bulk.total.Add(b.size)
			err = f.large(b, true)
		}
	}
	return f.close(err)
}

// dropUnread takes files out of images whose contents could not be read.
func (p *writing) dropUnread() {
	for _, image := range p.images {
		p.report.Skipped = append(p.report.Skipped, image.skipped...)
		p.report.Excluded += image.excluded
		if image.draft != nil {
			image.draft.dropUnread()
		}
	}
	for _, b := range p.sources {
		if b.err != nil {
			p.report.Skipped = append(p.report.Skipped, Skipped{b.source.name, b.err})
		}
	}
}

// unread says whether a content of the node could not be read.
func (n *draftNode) unread() bool {
	for b := range n.contents() {
		if b.stored().err != nil {
			return true
		}
	}
	return false
}

// dropUnreadStreams takes streams out of a directory: it stays, with what is in
// it.
func (n *draftNode) dropUnreadStreams() {
	for i := len(n.streams) - 1; i >= 0; i-- {
		if b := n.streams[i]; b != nil && b.stored().err != nil {
			n.streams = slices.Delete(n.streams, i, i+1)
			n.Streams = slices.Delete(n.Streams, i, i+1)
		}
	}
}

// packDrafts makes the metadata of the images that were made or changed, and
// writes it.
func (p *writing) packDrafts(ctx context.Context) error {
	for _, image := range p.images {
		if image.draft == nil {
			continue
		}
		image.draft.setStatistics(image.element)
		raw, err := image.draft.appendMetadata(nil)
		if err != nil {
			return err
		}
		b := newSource("metadata", int64(len(raw)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil })
		b.sha1, b.metadata = sha1.Sum(raw), true
		image.metadata = b
		p.bulk.total.Add(b.size)
		f := newSourceFeed(ctx, p, p.options.compression)
		if err := f.close(f.large(b, true)); err != nil {
			return err
		}
		b.source = nil
	}
	return nil
}
