package wim

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// chunkEncoder is what the encoders of the codecs have in common. An encoder
// serves one goroutine at a time.
type chunkEncoder interface {
	// Encode compresses src into dst and returns the number of bytes, 0 if they
	// would be no fewer than len(src), or more than len(dst).
	Encode(dst, src []byte) int
}

// A resourceWriter writes resources one after the other: their content is cut
// into chunks, which are compressed on all cores and written in order.
//
//	begin, Write …, end → chunks → workers → in order → output
//
// The number of chunks under way bounds the memory. What is written does not
// depend on the number of workers.
type resourceWriter struct {
	ctx       context.Context
	cancel    context.CancelCauseFunc
	out       *output
	codec     Compression
	chunkSize int

	current *newResource // the one whose content is being given
	chunk   *newChunk    // the one that is being filled

	free    chan *newChunk
	packing chan *newChunk // to be compressed
	ordered chan *newChunk // to be written, in order
	workers sync.WaitGroup
	written chan struct{} // closed when all is written
}

// newResource is a resource that is being written.
type newResource struct {
	usize    int64
	raw      bool // stored without compression
	metadata bool // of an image
	keep     bool // compressed, though it did not shrink: it cannot be read again
	done     func(wimfile.ResourceHeader) error

	given   int64 // bytes of content that were given
	start   int64 // where it begins in the file
	layout  wimfile.ChunkLayout
	offsets []int64 // of its chunks, from the first chunk on
	size    int64   // of its chunks
	stored  []byte  // the chunks of a small resource, which is written at its end
	content []byte  // and its content, in case that the chunks are no smaller

	abandoned atomic.Bool
}

// newChunk is a chunk on its way.
type newChunk struct {
	resource *newResource
	data     []byte // its content
	packed   []byte // room for the compressed content
	size     int    // compressed, 0 if that is no smaller
	last     bool   // of its resource
	ready    chan struct{}
}

// smallResource is up to which size a resource is held in memory until its end,
// so that it is written in one piece, and raw if that is as short.
const smallResource = 1 << 20

// rawStep is the size of a chunk where nothing is compressed.
const rawStep = 256 << 10

// newResourceWriter starts the workers. The caller calls close.
func newResourceWriter(ctx context.Context, out *output, codec Compression, chunkSize, level, workers int) *resourceWriter {
	ctx, cancel := context.WithCancelCause(ctx)
	if codec == CompressionNone {
		chunkSize, workers = rawStep, 1
	}
	w := &resourceWriter{ctx: ctx, cancel: cancel, out: out, codec: codec, chunkSize: chunkSize}
	// Each worker has a chunk in hand; as many again wait for a worker, are
	// being filled, or wait for their turn, and small chunks need more of them.
	under := workers*3 + max(1, (512<<10)/chunkSize)
	w.free = make(chan *newChunk, under)
	w.packing = make(chan *newChunk, under)
	w.ordered = make(chan *newChunk, under)
	w.written = make(chan struct{})
	for range under {
		w.free <- &newChunk{ready: make(chan struct{}, 1)}
	}
	for range workers {
		w.workers.Go(func() { w.pack(level) })
	}
	go w.write()
	return w
}

// begin starts a resource of usize bytes, of which there is at least one. The
// caller gives exactly so many with Write, and then calls end, or at any moment
// abandon.
func (w *resourceWriter) begin(r *newResource) { w.current = r }

// Write takes the next bytes of the current resource.
func (w *resourceWriter) Write(p []byte) (int, error) {
	r := w.current
	if int64(len(p)) > r.usize-r.given {
		return 0, fmt.Errorf("more than the %d bytes of content that there should be: %w", r.usize, ErrChanged)
	}
	for rest := p; len(rest) > 0; {
		if w.chunk == nil {
			select {
			case w.chunk = <-w.free:
			case <-w.ctx.Done():
				return 0, context.Cause(w.ctx)
			}
			if w.chunk.data == nil {
				w.chunk.data = make([]byte, 0, w.chunkSize)
			}
			w.chunk.data, w.chunk.resource = w.chunk.data[:0], r
		}
		n := min(len(rest), w.chunkSize-len(w.chunk.data))
		w.chunk.data = append(w.chunk.data, rest[:n]...)
		rest = rest[n:]
		r.given += int64(n)
		if len(w.chunk.data) == w.chunkSize && r.given < r.usize {
			w.send(false)
		}
	}
	return len(p), nil
}

// send passes the chunk on. Each channel has room for all chunks.
func (w *resourceWriter) send(last bool) {
	c := w.chunk
	w.chunk = nil
	c.last = last
	w.ordered <- c
	w.packing <- c
}

// end ends the current resource.
func (w *resourceWriter) end() error {
	if r := w.current; r.given != r.usize {
		return fmt.Errorf("%d of %d bytes of content: %w", r.given, r.usize, ErrChanged)
	}
	w.send(true)
	return nil
}

// abandon ends the current resource, of which nothing will be in the file.
func (w *resourceWriter) abandon() {
	if w.current.given == 0 {
		return
	}
	w.current.abandoned.Store(true)
	if w.chunk == nil {
		select {
		case w.chunk = <-w.free:
			w.chunk.resource = w.current
		case <-w.ctx.Done():
			return
		}
	}
	w.send(true)
}

// close waits until all is written, and says why it was not. A writer of which
// the content ended early is closed with that error.
func (w *resourceWriter) close(err error) error {
	if err != nil {
		w.cancel(err)
	}
	close(w.packing)
	close(w.ordered)
	w.workers.Wait()
	<-w.written
	err = context.Cause(w.ctx)
	w.cancel(nil)
	return err
}

// metadataLevel is the level of an image's metadata. Half of what is stored of
// it are SHA-1s, which nothing makes shorter. Up to the default level the best
// parse of the rest takes many times as long as a quick one, and gains 1 % or
// nothing.
func metadataLevel(level int) int {
	const quick = 25
	if level <= defaultLevel {
		return min(level, quick)
	}
	return level
}

// pack compresses chunks.
func (w *resourceWriter) pack(level int) {
	encoders := make(map[int]chunkEncoder) // by level
	for c := range w.packing {
		c.size = 0
		if !c.resource.raw && !c.resource.abandoned.Load() && w.ctx.Err() == nil {
			level := level
			if c.resource.metadata {
				level = metadataLevel(level)
			}
			encoder := encoders[level]
			if encoder == nil {
				var err error
				if encoder, err = newEncoder(w.codec, w.chunkSize, level); err != nil {
					w.cancel(err)
				} else {
					encoders[level] = encoder
				}
			}
			if c.packed == nil {
				c.packed = make([]byte, w.chunkSize)
			}
			if encoder != nil {
				c.size = encoder.Encode(c.packed, c.data)
			}
		}
		c.ready <- struct{}{}
	}
}

// write writes chunks in order.
func (w *resourceWriter) write() {
	defer close(w.written)
	for c := range w.ordered {
		<-c.ready
		if w.ctx.Err() == nil {
			if err := c.resource.append(w, c); err != nil {
				w.cancel(err)
			}
		}
		w.free <- c
	}
}

// append writes the resource's next chunk.
func (r *newResource) append(w *resourceWriter, c *newChunk) error {
	if r.abandoned.Load() {
		if c.last && r.offsets != nil {
			return w.out.seek(r.start)
		}
		return nil
	}
	stored := c.data
	if c.size > 0 {
		stored = c.packed[:c.size]
	}
	if r.offsets == nil {
		r.start = w.out.position()
		r.layout = wimfile.NewChunkLayout(r.usize, int64(w.chunkSize), false)
		if !r.small() && !r.raw { // the table comes first, and is known last
			if err := w.out.seek(r.start + r.layout.TableSize()); err != nil {
				return err
			}
		}
	}
	r.offsets = append(r.offsets, r.size)
	r.size += int64(len(stored))
	if r.small() {
		r.stored = append(r.stored, stored...)
		r.content = append(r.content, c.data...)
	} else if _, err := w.out.Write(stored); err != nil {
		return err
	}
	if !c.last {
		return nil
	}
	return r.finish(w.out)
}

// small says whether the resource is held in memory until its end.
func (r *newResource) small() bool { return r.usize <= smallResource && !r.raw }

// finish writes what is left of the resource, and says where it is.
func (r *newResource) finish(out *output) error {
	h := wimfile.ResourceHeader{Offset: uint64(r.start), USize: uint64(r.usize), Size: uint64(r.size)}
	if r.metadata {
		h.Flags |= wimfile.ResourceMetadata
	}
	if r.raw {
		return r.done(h)
	}
	h.Flags |= wimfile.ResourceCompressed
	h.Size += uint64(r.layout.TableSize())
	table := r.layout.AppendTable(nil, r.offsets[1:])
	// A resource that did not shrink is stored raw; Windows misreads one that
	// has the size of its content and is marked as compressed. But readers are
	// known that take the codec of metadata from the header alone.
	shrunk := h.Size < h.USize || r.metadata || r.keep && h.Size != h.USize
	switch {
	case r.small() && !shrunk:
		h.Flags, h.Size = h.Flags&^wimfile.ResourceCompressed, h.USize
		if _, err := out.Write(r.content); err != nil {
			return err
		}
	case r.small():
		if _, err := out.Write(append(table, r.stored...)); err != nil {
			return err
		}
	case !shrunk:
		if err := out.seek(r.start); err != nil {
			return err
		}
		h = wimfile.ResourceHeader{} // to be written again, raw
	default:
		if err := out.patch(table, r.start); err != nil {
			return err
		}
	}
	r.stored, r.content = nil, nil
	return r.done(h)
}
