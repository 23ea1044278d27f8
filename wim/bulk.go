package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// Bulk reading decodes many blobs on many cores. The plan sorts blobs as they
// are stored and cuts them into jobs; workers read a job's bytes with one
// read, decode its chunks and hand the content on in order, blob by blob:
//
//	blobs → streams (one a resource) → jobs of pieces (some chunks each) →
//	workers → the stream's turn → hash and sink
//
// A small resource is one piece, and a job has many of them. A large one is
// many pieces, which workers decode at the same time; the worker that has the
// next piece in order delivers it, and those that waited behind it. Each stream
// has turns of its own, so that streams are delivered at the same time, but in
// an operation that is in order all take turns with each other.
//
// Memory is bounded by what jobs in flight may hold, see [WithMemory].

// Progress says how far a long operation is.
type Progress struct {
	BytesDone, BytesTotal int64  // of uncompressed content; in Verify also of what integrity tables cover
	Path                  string // what is being worked on; may be empty
}

// A BulkOption changes how [Reader.Verify], [Image.Extract] and
// [Image.WriteTar] work.
type BulkOption func(*bulk)

// WithWorkers sets how many goroutines decode, hash, and write files. The
// default is runtime.GOMAXPROCS. More than 64 and than four times that make
// nothing faster, and are taken for the greater of those.
func WithWorkers(n int) BulkOption { return func(b *bulk) { b.workers = n } }

// WithProgress has a function called now and then, from one goroutine at a time.
func WithProgress(report func(Progress)) BulkOption { return func(b *bulk) { b.report = report } }

// WithMemory sets how many bytes of compressed and decoded content may be held
// at once. One job is always allowed, whatever its size. The default is 3 MiB a
// worker, or enough for one chunk a worker where chunks are larger.
func WithMemory(bytes int64) BulkOption { return func(b *bulk) { b.memory = bytes } }

// bulk is one bulk operation.
type bulk struct {
	workers int
	memory  int64
	report  func(Progress)
	paths   []string // see WithPaths

	open func(*blob) (blobSink, error)
	// inOrder has one blob after the other delivered, as they are stored, each
	// sink being finished before the next is opened. The blobs must not overlap.
	inOrder bool

	// Apart, since a window is smaller than the piece that comes of it, and what is
	// not used of a new buffer takes no memory of the machine.
	windows, pieces pipeline.LargeBuffers

	// sinks has an element for each sink that is at work: no more than there are workers,
	// though each of these may have a chunk with many blobs to hand out.
	sinks chan struct{}

	total, done atomic.Int64
	reporting   sync.Mutex
}

// blobSink takes the content of one blob. Its methods are called in order, by
// one goroutine at a time.
type blobSink interface {
	io.Writer
	// finish is called once, after the last Write. The error says why the
	// content is not what it should be, or not whole. What finish returns ends
	// the operation, and so does an error of Write.
	finish(err error) error
	// path says what the content is for, in progress reports.
	path() string
}

const (
	// pieceBytes is how much of a large resource is decoded as one piece.
	pieceBytes = 1 << 20
	// windowBytes is how much of the file a job of small resources spans.
	windowBytes = 256 << 10
	// pieceOverhead is about what a piece takes beside its content.
	pieceOverhead = 512
	// workerMemory is what each worker adds to the default of what may be held: two or
	// three jobs of small resources. A tar of 11,478 small files in XPRESS takes 62 MB
	// of memory with that on two cores, 97 with five times as much, and as long.
	workerMemory = 3 << 20
)

func newBulk(opts []BulkOption) *bulk {
	b := &bulk{}
	for _, opt := range opts {
		opt(b)
	}
	b.workers = pipeline.WorkerCount(b.workers)
	return b
}

// progress adds to what is done.
func (b *bulk) progress(n int64, path string) {
	b.done.Add(n)
	if b.report == nil || !b.reporting.TryLock() {
		return
	}
	defer b.reporting.Unlock()
	done := b.done.Load() // with the lock, so that it never falls
	b.report(Progress{BytesDone: done, BytesTotal: max(b.total.Load(), done), Path: path})
}

// expect adds what is to be done to the total.
func (b *bulk) expect(blobs []*blob) {
	var total int64
	for _, blob := range blobs {
		total += blob.size()
	}
	b.total.Add(total)
}

// run reads all blobs. It returns when everything was delivered, or when the
// context or a sink ended it.
func (b *bulk) run(ctx context.Context, blobs []*blob) error {
	b.expect(blobs)
	return b.runExpected(ctx, blobs)
}

func (b *bulk) runExpected(ctx context.Context, blobs []*blob) error {
	blobs = slices.Clone(blobs)
	sortAsStored(blobs)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.sinks = make(chan struct{}, b.workers)
	gate := pipeline.NewGate(b.memory)
	gate.Raise(int64(b.workers) * workerMemory)
	workers := pipeline.NewWorkers(b.workers, func(j *job) {
		if err := b.work(ctx, j, gate); err != nil {
			cancel(err)
		}
	})
	lost, err := b.plan(ctx, blobs, gate, workers)
	for _, l := range lost {
		b.total.Add(-l.blob.size()) // what it claims to have, which may be any number
	}
	workers.Close()
	if err == nil {
		err = context.Cause(ctx)
	}
	for _, l := range lost {
		if err == nil {
			err = b.fail(l)
		}
	}
	if err == nil {
		b.progress(0, "")
	}
	return err
}

// lostBlob is a blob that cannot be read at all.
type lostBlob struct {
	blob *blob
	err  error
}

// fail finishes a blob that cannot be read at all.
func (b *bulk) fail(l lostBlob) error {
	sink, err := b.open(l.blob)
	if err != nil {
		return err
	}
	return sink.finish(l.err)
}

// plan cuts the blobs into jobs and hands them out as memory allows. It
// returns the blobs that cannot be found.
func (b *bulk) plan(ctx context.Context, blobs []*blob, gate *pipeline.Gate, workers *pipeline.Workers[*job]) (lost []lostBlob, err error) {
	var pending *job // of small resources
	shared := new(pipeline.Turns[*piece])
	flush := func() error {
		if pending == nil {
			return nil
		}
		j := pending
		pending = nil
		return send(ctx, j, gate, workers)
	}
	for len(blobs) > 0 {
		var s *stream
		s, blobs, lost = nextStream(blobs, lost)
		if s == nil {
			continue
		}
		s.turns = shared
		if !b.inOrder {
			s.turns = new(pipeline.Turns[*piece])
		}
		if s.small() {
			p := s.newPiece(0, s.resource.usize)
			if pending != nil && !pending.add(p) {
				if err := flush(); err != nil {
					return lost, err
				}
			}
			if pending == nil {
				pending = newJob(p)
			}
			continue
		}
		if err := flush(); err != nil {
			return lost, err
		}
		step := s.pieceStep()
		// Each worker has a piece and its compressed bytes in hand.
		gate.Raise(int64(b.workers) * step / 2 * 3)
		for at := range s.pieceStarts(step) {
			if err := send(ctx, newJob(s.newPiece(at, step)), gate, workers); err != nil {
				return lost, err
			}
		}
	}
	return lost, flush()
}

// send hands a job to a worker once there is memory for it.
func send(ctx context.Context, j *job, gate *pipeline.Gate, workers *pipeline.Workers[*job]) error {
	if err := gate.Acquire(ctx, j.cost()); err != nil {
		return err
	}
	return workers.Send(ctx, j)
}

// work does a job: reads, decodes and delivers.
func (b *bulk) work(ctx context.Context, j *job, gate *pipeline.Gate) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	owner := j.part.owner
	window := b.windows.Get(int(j.window.size), &owner.buffers)
	source := &windowReader{j.part.source, *window, j.window.offset}
	if readFull(j.part.source, *window, j.window.offset) != nil {
		source.data = nil // read what can be read piece by piece, for a precise error
	}
	for i, p := range j.pieces {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.data = b.pieces.Get(int(p.end-p.start), &owner.chunks)
		p.decode(ctx, source)
		if i == len(j.pieces)-1 { // delivering may take long
			b.windows.Put(window, &owner.buffers)
		}
		if err := b.deliver(ctx, p, gate); err != nil {
			return err
		}
	}
	return nil
}

// deliver hands the piece on when it is its turn, and those after it that are
// ready.
func (b *bulk) deliver(ctx context.Context, p *piece, gate *pipeline.Gate) error {
	return p.stream.turns.Deliver(p.number, p, func(p *piece) error {
		err := context.Cause(ctx)
		if err == nil {
			err = b.hand(p)
		}
		b.pieces.Put(p.data, &p.job.part.owner.chunks)
		if p.job.left.Add(-1) == 0 {
			gate.Release(p.job.cost())
		}
		return err
	})
}

// hand gives the bytes of a piece to the sinks of the blobs that lie in it.
func (b *bulk) hand(p *piece) error {
	s := p.stream
	var open []*delivery // still, behind the piece
	for _, d := range s.open {
		b.sinks <- struct{}{}
		err := b.handTo(d, p)
		<-b.sinks
		if err != nil {
			return err
		}
		if d.end > p.end {
			open = append(open, d)
		}
	}
	first := s.started
	for s.started < len(s.extents) && s.extents[s.started].offset < p.end {
		s.started++
	}
	// A chunk of a solid resource can have thousands of blobs, and to hash them or to
	// write them to files can take longer than to decode the chunk.
	workers := b.workers
	if b.inOrder {
		workers = 1
	}
	var mu sync.Mutex // of open
	err := pipeline.Parallel(workers, s.started-first, func(i int) error {
		b.sinks <- struct{}{}
		defer func() { <-b.sinks }()
		d := &delivery{extent: s.extents[first+i], hash: sha1.New()}
		var err error
		if d.sink, err = b.open(d.blob); err != nil {
			return err
		}
		if err := b.handTo(d, p); err != nil {
			return err
		}
		if d.end > p.end {
			mu.Lock()
			defer mu.Unlock()
			open = append(open, d)
		}
		return nil
	})
	s.open = open
	return err
}

// handTo gives the bytes of a piece to one sink.
func (b *bulk) handTo(d *delivery, p *piece) error {
	from, to := max(d.offset, p.start), min(d.end, p.end)
	if d.err == nil {
		if err := p.damageIn(from, to); err != nil {
			d.err = fmt.Errorf("blob %v: %w", d.blob.sha1, err)
		}
	}
	if d.err == nil {
		data := (*p.data)[from-p.start : to-p.start]
		d.hash.Write(data)
		if _, err := d.sink.Write(data); err != nil {
			return err
		}
	}
	b.progress(to-from, d.sink.path())
	if to < d.end {
		return nil
	}
	if d.err == nil {
		if got := SHA1(d.hash.Sum(nil)); got != d.blob.sha1 {
			d.err = fmt.Errorf("blob %v: the content has SHA-1 %v: %w", d.blob.sha1, got, ErrChecksum)
		}
	}
	return d.sink.finish(d.err)
}
