package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
)

// Bulk reading decodes many blobs on many cores. The plan sorts blobs as they
// are stored and cuts them into jobs; workers read a job's bytes with one
// read, decode its chunks and deliver the content in order, blob by blob:
//
//	blobs → resources → jobs of pieces (some chunks each) →
//	workers → the resource's turns → hash and sink
//
// A small resource is one piece, and a job has many of them. A large one is
// many pieces, which workers decode at the same time; the worker that has the
// next piece in order delivers it, and those that were waiting for it. Each
// resource has turns of its own, so that several are delivered at the same
// time, but in an operation that is in order all take turns with each other.
//
// Memory is bounded by what jobs in flight may hold, see [WithMemory].

// bulk is one bulk operation: its options, what it keeps from run to run, and
// how far it is.
type bulk struct {
	bulkOptions

	// Apart, since a window is smaller than the piece that comes of it, and
	// what is not used of a new buffer takes no memory of the machine.
	windows, pieces pipeline.LargeBuffers

	total, done atomic.Int64
	reporting   sync.Mutex

	// For Verify with one worker; see inTurns.
	near   func(*job)              // is called before a job
	hashed func(*part, int64) bool // is told up to where a part was hashed
}

// bulkRun is the reading of some blobs in an operation.
type bulkRun struct {
	*bulk
	ctx     context.Context
	open    func(*blob) (BlobSink, error)
	inOrder bool // see runInOrder

	gate *pipeline.Gate
	jobs *pipeline.Workers[*job]

	// sinks has an element for each sink that is at work: no more than there
	// are workers, though each of these may have a chunk with many blobs to
	// deliver.
	sinks chan struct{}
}

// A pathSink is a sink that knows what the content is for, for progress
// reports.
type pathSink interface{ path() string }

func pathOf(sink BlobSink) string {
	if s, ok := sink.(pathSink); ok {
		return s.path()
	}
	return ""
}

const (
	// pieceBytes is how much of a large resource is decoded as one piece.
	pieceBytes = 1 << 20
	// windowBytes is how much of the file a job of small resources spans.
	windowBytes = 256 << 10
	// pieceOverhead is about what a piece takes beside its content.
	pieceOverhead = 512
	// workerMemory is what each worker adds to the default of what may be held:
	// two or three jobs of small resources. A tar of 11,478 small files in
	// XPRESS takes 62 MB of memory with that on two cores, 97 with five times
	// as much, and as long.
	workerMemory = 3 << 20
)

func newBulk(o bulkOptions) *bulk { return &bulk{bulkOptions: o} }

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

// expect adds what is to be done to the total. It comes before run, and apart,
// since an operation of several runs knows its total from the start.
func (b *bulk) expect(blobs []*blob) {
	var total int64
	for _, blob := range blobs {
		total += blob.size()
	}
	b.total.Add(total)
}

// run reads all blobs and delivers each to the sink that open returns for it.
// It returns when everything was delivered, or when the context or a sink ended
// it.
func (b *bulk) run(ctx context.Context, blobs []*blob, open func(*blob) (BlobSink, error)) error {
	r := &bulkRun{bulk: b, open: open}
	return r.run(ctx, blobs)
}

// runInOrder is run with one blob after the other delivered, as they are
// stored, each sink being finished before the next is opened. The blobs must
// not overlap.
func (b *bulk) runInOrder(ctx context.Context, blobs []*blob, open func(*blob) (BlobSink, error)) error {
	r := &bulkRun{bulk: b, open: open, inOrder: true}
	return r.run(ctx, blobs)
}

func (r *bulkRun) run(ctx context.Context, blobs []*blob) error {
	blobs = slices.Clone(blobs)
	sortAsStored(blobs)
	var cancel context.CancelCauseFunc
	r.ctx, cancel = context.WithCancelCause(ctx)
	defer cancel(nil)
	r.sinks = make(chan struct{}, r.workers)
	r.gate = pipeline.NewGate(r.memory)
	r.gate.Raise(int64(r.workers) * workerMemory)
	r.jobs = pipeline.NewWorkers(r.workers, func(j *job) {
		if err := r.work(j); err != nil {
			cancel(err)
		}
	})
	lost, err := r.plan(blobs)
	for _, l := range lost {
		r.total.Add(-l.blob.size()) // what it claims to have, which may be any number
	}
	r.jobs.Close()
	if err == nil {
		err = context.Cause(r.ctx)
	}
	for _, l := range lost {
		if err == nil {
			err = r.finishLost(l)
		}
	}
	if err == nil {
		r.progress(0, "")
	}
	return err
}

// readCached gives one blob to a sink, through the cache of chunks. It is for
// blobs that overlap in a solid resource, in an operation that is in order:
// each of them would have the chunk that it lies in decoded anew.
func (b *bulk) readCached(ctx context.Context, blob *blob, sink BlobSink) error {
	c, err := blob.open()
	if err == nil {
		var writeErr error
		_, err, writeErr = newBlobReader(c).writeTo(sinkWriter{ctx, b, sink})
		if writeErr != nil {
			return writeErr
		}
	}
	return sink.Finish(err)
}

// sinkWriter writes to a sink until the context ends.
type sinkWriter struct {
	ctx  context.Context
	bulk *bulk
	sink BlobSink
}

func (w sinkWriter) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.sink.Write(p)
	w.bulk.progress(int64(n), pathOf(w.sink))
	return n, err
}

// lostBlob is a blob that cannot be read at all.
type lostBlob struct {
	blob *blob
	err  error
}

// finishLost tells the sink of a blob that it cannot be read at all.
func (r *bulkRun) finishLost(l lostBlob) error {
	sink, err := r.open(l.blob)
	if err != nil {
		return err
	}
	return sink.Finish(l.err)
}

// plan cuts the blobs into jobs and hands them out as memory allows. It
// returns the blobs that cannot be found.
func (r *bulkRun) plan(blobs []*blob) (lost []lostBlob, err error) {
	var pending *job // of small resources
	shared := new(pipeline.Turns[*piece])
	flush := func() error {
		if pending == nil {
			return nil
		}
		j := pending
		pending = nil
		return r.send(j)
	}
	for len(blobs) > 0 {
		var s *plannedResource
		s, blobs, lost = nextResource(blobs, lost)
		if s == nil {
			continue
		}
		s.turns = shared
		if !r.inOrder {
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
		r.gate.Raise(int64(r.workers) * step / 2 * 3)
		for at := range s.pieceStarts(step) {
			if err := r.send(newJob(s.newPiece(at, step))); err != nil {
				return lost, err
			}
		}
	}
	return lost, flush()
}

// send hands a job to one of the workers once there is memory for it.
func (r *bulkRun) send(j *job) error {
	if err := r.gate.Acquire(r.ctx, j.cost()); err != nil {
		return err
	}
	return r.jobs.Send(r.ctx, j)
}

// work does a job: reads, decodes and delivers.
func (r *bulkRun) work(j *job) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if r.near != nil {
		r.near(j)
	}
	env := j.part.env
	window := r.windows.Get(int(j.window.size), &env.buffers)
	source := &windowReader{j.part.source, *window, j.window.offset}
	if saferio.ReadFull(j.part.source, *window, j.window.offset) != nil {
		source.data = nil // read what can be read piece by piece, for a precise error
	}
	for i, p := range j.pieces {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		p.data = r.pieces.Get(int(p.end-p.start), &env.chunks)
		p.decode(r.ctx, source)
		if i == len(j.pieces)-1 { // delivering may take long
			r.windows.Put(window, &env.buffers)
		}
		if err := r.deliver(p); err != nil {
			return err
		}
	}
	return nil
}

// deliver delivers the piece when it is its turn, and those after it that are
// ready.
func (r *bulkRun) deliver(p *piece) error {
	return p.of.turns.Deliver(p.number, p, func(p *piece) error {
		err := context.Cause(r.ctx)
		if err == nil {
			err = r.deliverPiece(p)
		}
		r.pieces.Put(p.data, &p.job.part.env.chunks)
		if p.job.left.Add(-1) == 0 {
			r.gate.Release(p.job.cost())
		}
		return err
	})
}

// deliverPiece gives the bytes of a piece to the sinks of the blobs that lie in
// it.
func (r *bulkRun) deliverPiece(p *piece) error {
	s := p.of
	var open []*delivery // beyond the end of the piece
	for _, d := range s.open {
		r.sinks <- struct{}{}
		err := r.deliverTo(d, p)
		<-r.sinks
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
	// A chunk of a solid resource can have thousands of blobs, and to hash them
	// or to write them to files can take longer than to decode the chunk.
	workers := r.workers
	if r.inOrder {
		workers = 1
	}
	var mu sync.Mutex // of open
	err := pipeline.Parallel(workers, s.started-first, func(i int) error {
		r.sinks <- struct{}{}
		defer func() { <-r.sinks }()
		d := &delivery{extent: s.extents[first+i], hash: sha1.New()}
		var err error
		if d.sink, err = r.open(d.blob); err != nil {
			return err
		}
		if err := r.deliverTo(d, p); err != nil {
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

// deliverTo gives the bytes of a piece to one sink.
func (r *bulkRun) deliverTo(d *delivery, p *piece) error {
	from, to := max(d.offset, p.start), min(d.end, p.end)
	if d.err == nil {
		if err := p.damageIn(from, to); err != nil {
			d.err = d.blob.part.cause(fmt.Errorf("blob %v: %w", d.blob.sha1, err))
		}
	}
	if d.err == nil {
		data := (*p.data)[from-p.start : to-p.start]
		d.hash.Write(data)
		if _, err := d.sink.Write(data); err != nil {
			return err
		}
	}
	r.progress(to-from, pathOf(d.sink))
	if to < d.end {
		return nil
	}
	if d.err == nil {
		if got := SHA1(d.hash.Sum(nil)); got != d.blob.sha1 {
			d.err = d.blob.part.cause(fmt.Errorf("blob %v: the content has SHA-1 %v: %w", d.blob.sha1, got, ErrChecksum))
		}
	}
	return d.sink.Finish(d.err)
}
