package wim

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// sourceFeed gives contents to a resource writer.
type sourceFeed struct {
	*writing
	w      *resourceWriter
	packed []*newBlob
	again  []*newBlob // to be written after all, since the one that they were like was not
	like   map[*newBlob][]*newBlob
	buffer []byte // of large contents
}

func newSourceFeed(ctx context.Context, p *writing, codec Compression) *sourceFeed {
	return &sourceFeed{
		writing: p,
		w:       newResourceWriter(ctx, p.out, codec, p.options.chunkSize, p.options.level, p.bulk.workers),
		like:    make(map[*newBlob][]*newBlob),
	}
}

// close waits until all is written.
func (f *sourceFeed) close(err error) error { return f.w.close(err) }

// known returns the blob that has a content, if that is in the file or going to
// be.
func (f *sourceFeed) known(b *newBlob) (*newBlob, error) {
	k := f.Writer.blobs.byHash[b.sha1]
	if k == nil || k == b || k.sha1 != b.sha1 || k.references == 0 && !f.inPlace(k) {
		return nil, nil
	}
	if k.size != b.size {
		return nil, fmt.Errorf("contents of %d and %d bytes have the SHA-1 %v: %w; leave one of them out", k.size, b.size, b.sha1, ErrUnsupported)
	}
	return k, nil
}

// hashFirst hashes large contents that may be the same as others.
func (f *sourceFeed) hashFirst(blobs []*newBlob) error {
	count := make(map[int64]int)
	for _, b := range f.blobs {
		count[b.size]++
	}
	var some []*newBlob
	for _, b := range blobs {
		if b.size > smallSource && count[b.size] > 1 && b.sha1.IsZero() {
			some = append(some, b)
		}
	}
	hashes := make([]SHA1, len(some))
	err := pipeline.Parallel(f.bulk.workers, len(some), func(i int) error {
		// What cannot be read now is told when it is written.
		hash, err := some[i].hashSource(f.w.ctx)
		if err == nil {
			hashes[i] = hash
		}
		return context.Cause(f.w.ctx)
	})
	if err != nil {
		return err
	}
	for i, b := range some {
		if b.sha1 = hashes[i]; b.sha1.IsZero() {
			continue
		}
		k, err := f.known(b)
		switch {
		case err != nil:
			return capturePathError(b.source.name, err)
		case k == nil:
			f.Writer.blobs.put(b)
		default:
			b.same = k
			f.like[k] = append(f.like[k], b)
		}
	}
	return nil
}

// maxFetching is how many small contents are read at the same time. Three times
// as many are in memory.
const maxFetching = 8

// fetched is a small content that was read ahead.
type fetched struct {
	blob  *newBlob
	data  []byte
	err   error
	ready chan struct{}
}

// all writes contents in order.
func (f *sourceFeed) all(blobs []*newBlob) error {
	blobs = slices.DeleteFunc(slices.Clone(blobs), func(b *newBlob) bool { return b.same != nil })
	for _, b := range blobs {
		f.bulk.total.Add(b.size)
	}
	ctx, cancel := context.WithCancelCause(f.w.ctx)
	workers := min(f.bulk.workers, maxFetching)
	queue := make(chan *fetched, 2*workers)
	buffers := make(chan []byte, cap(queue)+workers+2)
	readers := pipeline.NewWorkers(workers, func(r *fetched) {
		if ctx.Err() == nil && r.blob.size <= smallSource {
			var room []byte
			select {
			case room = <-buffers:
			default:
			}
			r.data, r.err = r.blob.fetch(room, f.options.retries)
		}
		close(r.ready)
	})
	go func() {
		defer close(queue)
		defer readers.Close()
		for _, b := range blobs {
			r := &fetched{blob: b, ready: make(chan struct{})}
			select {
			case queue <- r:
			case <-ctx.Done():
				return
			}
			if readers.Send(ctx, r) != nil {
				close(r.ready)
				return
			}
		}
	}()
	var err error
	for r := range queue {
		<-r.ready
		if err != nil {
			continue
		}
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case r.err != nil:
			err = f.unread(r.blob, r.err)
		case r.blob.size == 0: // emptied in the meantime
		case r.data == nil:
			err = f.large(r.blob, false)
		default:
			err = f.small(r)
		}
		if err != nil {
			cancel(err)
		}
		if r.data != nil {
			select {
			case buffers <- r.data:
			default:
			}
		}
	}
	cancel(nil)
	return err
}

// unread leaves a file out that cannot be read, or returns why it cannot be.
func (f *sourceFeed) unread(b *newBlob, err error) error {
	if cause := context.Cause(f.w.ctx); cause != nil {
		return cause
	}
	if !b.source.skip {
		return capturePathError(b.source.name, err)
	}
	b.err = err
	f.bulk.progress(b.size, b.source.name)
	f.forget(b)
	return nil
}

// forget has those written that a blob was to be written for.
func (f *sourceFeed) forget(b *newBlob) {
	if f.Writer.blobs.byHash[b.sha1] == b {
		delete(f.Writer.blobs.byHash, b.sha1)
	}
	for _, other := range f.like[b] {
		other.same, other.sha1 = nil, SHA1{}
		f.again = append(f.again, other)
	}
	delete(f.like, b)
}

// small writes a content that was read.
func (f *sourceFeed) small(r *fetched) error {
	b := r.blob
	done, err := f.finishKnown(b)
	if done || err != nil {
		return err
	}
	f.begin(b, false)
	if _, err := f.w.Write(r.data); err != nil {
		return err
	}
	if err := f.w.end(); err != nil {
		return err
	}
	f.finish(b)
	f.bulk.progress(b.size, b.source.name)
	return nil
}

// finishKnown is done with a blob whose content another one has.
func (f *sourceFeed) finishKnown(b *newBlob) (bool, error) {
	k, err := f.known(b)
	if err != nil {
		return false, capturePathError(b.source.name, err)
	}
	if k != nil {
		b.same = k
		f.bulk.progress(b.size, b.source.name)
	}
	return k != nil, nil
}

// begin begins the resource of a blob.
func (f *sourceFeed) begin(b *newBlob, keep bool) {
	r := b.resource(f.w.codec == CompressionNone)
	r.keep = keep
	f.w.begin(r)
}

// finish is done with a blob that was given to the resource writer.
func (f *sourceFeed) finish(b *newBlob) {
	if b.metadata {
		return
	}
	f.Writer.blobs.put(b)
	f.packed = append(f.packed, b)
	f.report.Packed++
	f.report.Bytes += b.size
}

// large reads and writes a content. It is written in any case if again is set.
func (f *sourceFeed) large(b *newBlob, again bool) error {
	for retries := f.options.retries; ; retries-- {
		readErr, err := f.stream(b, again)
		if err != nil {
			return err
		}
		if readErr == nil {
			return nil
		}
		if again || retries <= 0 || !errors.Is(readErr, ErrChanged) {
			return f.unread(b, readErr)
		}
		f.forget(b)
		b.sha1 = SHA1{}
		if err := b.restat(); err != nil {
			return f.unread(b, err)
		}
		if b.size == 0 {
			return nil
		}
	}
}

// stream reads and writes a content once. It tells errors of the source from
// those of the file that is written.
func (f *sourceFeed) stream(b *newBlob, again bool) (readErr, writeErr error) {
	reading, err := b.open()
	if err != nil {
		return err, nil
	}
	defer reading.file.Close()
	f.begin(b, false)
	hash, readErr, writeErr := f.copy(b, reading.file)
	if readErr == nil && writeErr == nil {
		readErr = reading.end()
	}
	if readErr == nil && !b.sha1.IsZero() && hash != b.sha1 {
		readErr = fmt.Errorf("its SHA-1 was %v: %w", b.sha1, ErrChanged)
	}
	if readErr != nil || writeErr != nil {
		f.w.abandon()
		return readErr, writeErr
	}
	b.sha1 = hash
	if again {
		return nil, f.w.end()
	}
	if done, err := f.finishKnown(b); done || err != nil {
		f.w.abandon()
		return nil, err
	}
	if err := f.w.end(); err != nil {
		return nil, err
	}
	f.finish(b)
	return nil, nil
}

// sourceStep is how much of a large content is read at a time.
const sourceStep = 256 << 10

// copy gives a content to the resource writer.
func (f *sourceFeed) copy(b *newBlob, content io.Reader) (sum SHA1, readErr, writeErr error) {
	if f.buffer == nil {
		f.buffer = make([]byte, sourceStep)
	}
	hash := sha1.New()
	for given := int64(0); ; {
		if f.w.ctx.Err() != nil {
			return SHA1{}, nil, context.Cause(f.w.ctx)
		}
		n, err := content.Read(f.buffer)
		given += int64(n)
		if given > b.size {
			return SHA1{}, b.changed(given), nil
		}
		hash.Write(f.buffer[:n])
		if _, err := f.w.Write(f.buffer[:n]); err != nil {
			return SHA1{}, nil, err
		}
		f.bulk.progress(int64(n), b.name())
		switch {
		case err == io.EOF && given < b.size:
			return SHA1{}, b.changed(given), nil
		case err == io.EOF:
			return SHA1(hash.Sum(nil)), nil, nil
		case err != nil:
			return SHA1{}, err, nil
		}
	}
}

// name is what the content is for, for progress.
func (b *newBlob) name() string {
	if b.source == nil {
		return ""
	}
	return b.source.name
}

// once writes a content that comes only once, see [putContent].
func (f *sourceFeed) once(name string, size int64, content io.Reader) (*newBlob, error) {
	if size == 0 {
		return nil, nil
	}
	f.bulk.total.Add(size)
	b := &newBlob{size: size, references: 1}
	f.begin(b, true)
	hash, readErr, writeErr := f.copy(b, content)
	if err := errors.Join(readErr, writeErr); err != nil {
		f.w.abandon()
		return nil, err
	}
	b.sha1 = hash
	k, err := f.known(b)
	if k != nil || err != nil {
		f.w.abandon()
		return k, err
	}
	if err := f.w.end(); err != nil {
		return nil, err
	}
	f.finish(b)
	return b, nil
}
