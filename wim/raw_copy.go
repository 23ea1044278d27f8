package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// A rawCopy is resources that are stored one after the other, in the source and
// in the new file. Small ones are read together, with one read.
type rawCopy struct {
	part     *part
	from, to int64 // offsets in the two files
	size     int64
	blobs    []*newBlob

	content int64 // of a copy without blobs: how many bytes it has uncompressed
}

// rawCopyBytes is how much of a file is copied with one read.
const rawCopyBytes = 1 << 20

// planCopies gives each blob its place in the new file, from an offset on, and
// returns the copies that bring them there, and where they end. The blobs are
// sorted as they are stored.
func planCopies(blobs []*newBlob, at int64) (copies []*rawCopy, end int64) {
	var last *rawCopy
	for _, b := range blobs {
		h := b.from.header
		b.header = wimfile.ResourceHeader{Offset: uint64(at), Size: h.Size, USize: h.USize, Flags: h.Flags & (wimfile.ResourceCompressed | wimfile.ResourceMetadata)}
		size := int64(h.Size)
		if last == nil || last.part != b.from.part || last.from+last.size != int64(h.Offset) || last.size+size > rawCopyBytes {
			last = &rawCopy{part: b.from.part, from: int64(h.Offset), to: at}
			copies = append(copies, last)
		}
		last.blobs = append(last.blobs, b)
		last.size += size
		at += size
	}
	return copies, at
}

// copyRaw does copies on all cores. If check is set, blobs have to have their
// SHA-1s.
func (b *bulk) copyRaw(ctx context.Context, dst io.WriterAt, copies []*rawCopy, check bool) error {
	var copiers sync.Pool
	return pipeline.Parallel(b.workers, len(copies), func(i int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		k, _ := copiers.Get().(*copier)
		if k == nil {
			k = &copier{dst: dst, check: check, done: func(n int64) { b.progress(n, "") }}
		}
		defer copiers.Put(k)
		return k.run(ctx, copies[i])
	})
}

// A copier does raw copies. One serves one goroutine.
type copier struct {
	dst   io.WriterAt
	check bool // whether contents have their SHA-1s
	done  func(bytes int64)

	window windowReader // what was copied last
	room   []byte       // of the window
	chunk  []byte       // a decoded one
}

// run does one copy.
func (k *copier) run(ctx context.Context, c *rawCopy) error {
	if c.size <= rawCopyBytes {
		if err := k.copy(c, 0, c.size); err != nil {
			return err
		}
	}
	for _, b := range c.blobs {
		if err := k.blob(ctx, c, b); err != nil {
			return fmt.Errorf("blob %v: %w", b.sha1, c.part.cause(err))
		}
		k.done(b.size)
	}
	if len(c.blobs) == 0 {
		k.done(c.content)
	}
	return nil
}

// copy copies bytes of a copy, and keeps them as the window.
func (k *copier) copy(c *rawCopy, offset, size int64) error {
	if int64(cap(k.room)) < size {
		k.room = make([]byte, max(size, rawCopyBytes))
	}
	k.window = windowReader{source: c.part.source, offset: c.from + offset}
	if err := saferio.ReadFull(c.part.source, k.room[:size], c.from+offset); err != nil {
		return err
	}
	k.window.data = k.room[:size]
	_, err := k.dst.WriteAt(k.window.data, c.to+offset)
	return err
}

// blob checks a blob that was copied, or copies a large one and checks it on
// the way.
func (k *copier) blob(ctx context.Context, c *rawCopy, b *newBlob) error {
	if !k.check {
		return k.pieces(ctx, c, 0, c.size, nil)
	}
	res, err := b.from.part.openResource(b.from.header)
	if err != nil {
		return err
	}
	hash := sha1.New()
	if res.raw {
		start := res.data.offset - c.from
		err = k.pieces(ctx, c, start, start+res.usize, hash)
	} else {
		err = k.chunks(ctx, c, res, hash)
	}
	if err != nil {
		return err
	}
	if got := SHA1(hash.Sum(nil)); got != b.sha1 {
		return fmt.Errorf("the content has SHA-1 %v: %w", got, ErrChecksum)
	}
	return nil
}

// pieces goes through a range of a copy piece by piece, copies what is not in
// the window, and hashes all of it.
func (k *copier) pieces(ctx context.Context, c *rawCopy, start, end int64, hash hash.Hash) error {
	for start < end {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(rawCopyBytes, end-start)
		where := span{c.from + start, n}
		if k.window.slice(where) == nil {
			if err := k.copy(c, start, n); err != nil {
				return err
			}
		}
		if hash != nil {
			hash.Write(k.window.slice(where))
		}
		start += n
	}
	return nil
}

// chunks goes through the chunks of a copied resource, copies what is not in
// the window, and hashes the content.
func (k *copier) chunks(ctx context.Context, c *rawCopy, res *resource, hash hash.Hash) error {
	table := int64(res.id.Offset) - c.from
	if err := k.pieces(ctx, c, table, res.data.offset-c.from, nil); err != nil {
		return err
	}
	for i := range res.chunkCount() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		where, err := res.chunkSpan(&k.window, i)
		if err != nil {
			return err
		}
		if k.window.slice(where) == nil {
			// Chunks follow each other without gaps, to the end of the
			// resource.
			n := max(where.size, min(rawCopyBytes, res.data.offset+res.data.size-where.offset))
			if err := k.copy(c, where.offset-c.from, n); err != nil {
				return err
			}
		}
		if k.chunk == nil || len(k.chunk) < int(res.chunkSize) {
			k.chunk = make([]byte, res.chunkSize)
		}
		dst := k.chunk[:res.chunkLength(i)]
		if err := res.decompress(dst, k.window.slice(where), i); err != nil {
			return err
		}
		hash.Write(dst)
	}
	return nil
}
