package wim

import (
	"context"
	"io"
	"iter"
)

// Blob is one content that a file holds. However many entries of however many
// images have it, it is stored once.
type Blob struct {
	SHA1 SHA1
	Size int64 // in bytes, uncompressed
}

// Blobs yields the blobs that the file and its given parts hold, without the
// metadata of images, in the order of the blob tables. What [FS] and [Entry]
// call the SHA-1 of a stream leads here. Of two table entries with one SHA-1
// the first counts, as it does for everything but [Reader.Verify], which reads
// both.
func (r *Reader) Blobs() iter.Seq[Blob] {
	return func(yield func(Blob) bool) {
		for _, b := range r.usedBlobs() {
			if !yield(Blob{b.sha1, b.size()}) {
				return
			}
		}
	}
}

// A BlobSink takes the content of one blob. Its methods are called in order, by
// one goroutine at a time; those of different sinks at the same time.
type BlobSink interface {
	// Write takes the next bytes, which it must not keep.
	io.Writer
	// Finish is called once, after the last Write. The error says why the
	// content is not what it should be, or not whole: it wraps ErrChecksum,
	// for example. It is nil if all of the content has come and has its SHA-1.
	Finish(err error) error
}

// ReadBlobs decodes blobs on many cores, each once and in about the order that
// they are stored in, and hands them to the sinks that open returns. It is what
// [Reader.Verify] and [Image.Extract] are made with, and the fastest way to all
// content: to hash it in another way, to index it, to scan it.
//
// Open is called once for each blob that pick wants (nil wants all), before its
// first byte is handed over, by several goroutines at the same time. What open,
// Write or Finish return as an error ends the operation and is its error; so
// does the end of the context, and then sinks that were opened may not be
// finished. A damaged blob ends nothing: its sink is told by Finish.
func (r *Reader) ReadBlobs(ctx context.Context, pick func(Blob) bool, open func(Blob) (BlobSink, error), opts ...BulkOption) error {
	var blobs []*blob
	for _, b := range r.usedBlobs() {
		if pick == nil || pick(Blob{b.sha1, b.size()}) {
			blobs = append(blobs, b)
		}
	}
	bulk := newBulk(newBulkOptions(opts))
	bulk.expect(blobs)
	return bulk.run(ctx, blobs, func(b *blob) (BlobSink, error) { return open(Blob{b.sha1, b.size()}) })
}
