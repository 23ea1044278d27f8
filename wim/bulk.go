package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"hash"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
// next piece in order delivers it, and those that waited behind it.
//
// Memory is bounded by what jobs in flight may hold, see [WithMemory].

// Progress says how far a long operation is.
type Progress struct {
	BytesDone, BytesTotal int64  // of uncompressed content
	Path                  string // what is being worked on; may be empty
}

// A BulkOption changes how [Reader.Verify] and [Image.Extract] work.
type BulkOption func(*bulk)

// WithWorkers sets how many goroutines decode. The default is
// runtime.GOMAXPROCS.
func WithWorkers(n int) BulkOption { return func(b *bulk) { b.workers = n } }

// WithProgress has a function called now and then, from one goroutine at a time.
func WithProgress(report func(Progress)) BulkOption { return func(b *bulk) { b.report = report } }

// WithMemory sets how many bytes of compressed and decoded content may be held
// at once. One job is always allowed, whatever its size. The default is 32 MiB,
// or enough for one chunk a worker where chunks are larger.
func WithMemory(bytes int64) BulkOption { return func(b *bulk) { b.memory = bytes } }

// bulk is one bulk operation.
type bulk struct {
	workers int
	memory  int64
	report  func(Progress)
	paths   []string // see WithPaths

	open func(*blob) (blobSink, error)

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
	windowBytes = 1 << 20
	// defaultMemory is enough for some jobs a worker, on any number of cores
	// that a disk can feed.
	defaultMemory = 32 << 20
)

func newBulk(opts []BulkOption) *bulk {
	b := &bulk{}
	for _, opt := range opts {
		opt(b)
	}
	if b.workers <= 0 {
		b.workers = runtime.GOMAXPROCS(0)
	}
	return b
}

// progress adds to what is done.
func (b *bulk) progress(n int64, path string) {
	done := b.done.Add(n)
	if b.report == nil || !b.reporting.TryLock() {
		return
	}
	defer b.reporting.Unlock()
	b.report(Progress{BytesDone: done, BytesTotal: b.total.Load(), Path: path})
}

// extent is where a blob lies in a stream.
type extent struct {
	blob        *blob
	offset, end int64
}

// turns puts pieces that were decoded in any order back in order.
type turns struct {
	planned int // pieces that were given a number

	mu         sync.Mutex
	next       int            // the piece whose turn it is
	waiting    map[int]*piece // decoded pieces whose turn it is not
	delivering bool
}

// stream is the content of one resource and the blobs that are wanted of it.
type stream struct {
	resource *resource
	extents  []extent // by offset
	turns    turns

	// Of the piece that is being delivered:
	open    []*delivery // blobs that have begun and not ended
	started int         // extents that have begun
}

// delivery is a blob on its way to its sink.
type delivery struct {
	extent
	sink blobSink
	hash hash.Hash
	err  error
}

// piece is some consecutive chunks of a stream.
type piece struct {
	stream     *stream
	number     int   // its turn
	start, end int64 // in the stream
	data       *[]byte
	damage     []damage
	job        *job
}

// damage is a range of a stream that could not be read or decoded.
type damage struct {
	start, end int64
	err        error
}

// job is what a worker does in one go: pieces whose bytes are close together.
type job struct {
	part   *part
	window span // of the part; what lies outside is read as needed
	pieces []*piece
	cost   int64
	left   atomic.Int32 // pieces that were not delivered
}

// run reads all blobs. It returns when everything was delivered, or when the
// context or a sink ended it.
func (b *bulk) run(ctx context.Context, blobs []*blob) error {
	blobs = slices.Clone(blobs)
	slices.SortStableFunc(blobs, func(x, y *blob) int { return x.position().compare(y.position()) })
	var total int64
	for _, blob := range blobs {
		total += blob.size()
	}
	b.total.Add(total)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan *job)
	gate := newGate(b.memory)
	var workers sync.WaitGroup
	for range b.workers {
		workers.Go(func() {
			for j := range jobs {
				if err := b.work(ctx, j, gate); err != nil {
					cancel(err)
				}
			}
		})
	}
	lost, err := b.plan(ctx, blobs, gate, jobs)
	close(jobs)
	workers.Wait()
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
	b.progress(l.blob.size(), sink.path())
	return sink.finish(l.err)
}

// plan cuts the blobs into jobs and hands them out as memory allows. It
// returns the blobs that cannot be found.
func (b *bulk) plan(ctx context.Context, blobs []*blob, gate *gate, jobs chan<- *job) (lost []lostBlob, err error) {
	var pending *job // of small resources
	flush := func() error {
		if pending == nil {
			return nil
		}
		j := pending
		pending = nil
		return send(ctx, j, gate, jobs)
	}
	for len(blobs) > 0 {
		var s *stream
		s, blobs, lost = nextStream(blobs, lost)
		if s == nil {
			continue
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
		gate.raise(int64(b.workers) * step / 2 * 3)
		for at := range s.pieceStarts(step) {
			if err := send(ctx, newJob(s.newPiece(at, step)), gate, jobs); err != nil {
				return lost, err
			}
		}
	}
	return lost, flush()
}

// send hands a job to a worker once there is memory for it.
func send(ctx context.Context, j *job, gate *gate, jobs chan<- *job) error {
	if err := gate.acquire(ctx, j.cost); err != nil {
		return err
	}
	select {
	case jobs <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// nextStream takes the blobs of the next resource off the list.
func nextStream(blobs []*blob, lost []lostBlob) (*stream, []*blob, []lostBlob) {
	var s *stream
	for i, blob := range blobs {
		c, err := blob.open()
		if err != nil {
			lost = append(lost, lostBlob{blob, err})
			continue
		}
		if s == nil {
			s = &stream{resource: c.resource}
		} else if s.resource != c.resource {
			return s, blobs[i:], lost
		}
		s.extents = append(s.extents, extent{blob, c.offset, c.offset + c.size})
	}
	return s, nil, lost
}

// small says whether the resource is read as one piece, with its chunk table.
func (s *stream) small() bool {
	res := s.resource
	return res.usize <= pieceBytes && res.data.size <= windowBytes && !res.solid
}

// pieceStep is the size of a large resource's pieces: whole chunks.
func (s *stream) pieceStep() int64 {
	chunk := s.chunkSize()
	return max(chunk, pieceBytes/chunk*chunk)
}

func (s *stream) chunkSize() int64 {
	if s.resource.raw {
		return pieceBytes
	}
	return s.resource.chunkSize
}

// pieceStarts yields where the pieces begin that some blob needs.
func (s *stream) pieceStarts(step int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		chunk, at := s.chunkSize(), int64(0)
		for _, e := range s.extents {
			for at = max(at, e.offset/chunk*chunk); at < e.end; at += step {
				if !yield(at) {
					return
				}
			}
		}
	}
}

// newPiece makes the next piece of the stream.
func (s *stream) newPiece(start, step int64) *piece {
	p := &piece{stream: s, start: start, end: min(start+step, s.resource.usize), number: s.turns.planned}
	s.turns.planned++
	return p
}

// newJob makes a job of one piece.
func newJob(p *piece) *job {
	j := &job{part: p.stream.resource.part}
	j.window = p.window()
	j.append(p)
	return j
}

func (j *job) append(p *piece) {
	p.job = j
	j.pieces = append(j.pieces, p)
	j.left.Add(1)
	j.cost = j.window.size
	for _, p := range j.pieces {
		j.cost += p.end - p.start
	}
}

// add adds a small resource if it lies close behind the others.
func (j *job) add(p *piece) bool {
	w := p.window()
	if j.part != p.stream.resource.part || w.offset < j.window.offset ||
		w.offset+w.size-j.window.offset > windowBytes || j.cost+p.end > 4*windowBytes {
		return false
	}
	j.window.size = max(j.window.size, w.offset+w.size-j.window.offset)
	j.append(p)
	return true
}

// window is the range of the file that a piece needs. It is a hint: a chunk
// table that makes no sense gives an empty one.
func (p *piece) window() span {
	res := p.stream.resource
	switch {
	case res.raw:
		return span{res.data.offset + p.start, p.end - p.start}
	case p.start == 0 && p.end == res.usize && !res.solid: // with its chunk table
		return span{int64(res.id.offset), int64(res.id.size)}
	}
	first, err := res.chunkSpan(res.part.source, p.start/res.chunkSize)
	if err != nil {
		return span{}
	}
	last, err := res.chunkSpan(res.part.source, (p.end-1)/res.chunkSize)
	if err != nil || last.offset < first.offset {
		return span{}
	}
	return span{first.offset, last.offset + last.size - first.offset}
}

// work does a job: reads, decodes and delivers.
func (b *bulk) work(ctx context.Context, j *job, gate *gate) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	owner := j.part.owner
	window := owner.buffers.get(int(j.window.size))
	defer owner.buffers.put(window)
	source := &windowReader{j.part.source, *window, j.window.offset}
	if readFull(j.part.source, *window, j.window.offset) != nil {
		source.data = nil // read what can be read piece by piece, for a precise error
	}
	for _, p := range j.pieces {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.data = owner.chunks.get(int(p.end - p.start))
		p.decode(ctx, source)
		if err := b.deliver(ctx, p, gate); err != nil {
			return err
		}
	}
	return nil
}

// windowReader reads from memory what lies in the window, else from the source.
type windowReader struct {
	source io.ReaderAt
	data   []byte
	offset int64
}

func (w *windowReader) ReadAt(p []byte, offset int64) (int, error) {
	if at := offset - w.offset; at >= 0 && at+int64(len(p)) <= int64(len(w.data)) {
		return copy(p, w.data[at:]), nil
	}
	return w.source.ReadAt(p, offset)
}

// slice returns bytes of the window without copying, or nil.
func (w *windowReader) slice(s span) []byte {
	at := s.offset - w.offset
	if at < 0 || at+s.size > int64(len(w.data)) {
		return nil
	}
	return w.data[at : at+s.size]
}

// decode fills the piece's data. A chunk that cannot be decoded does not take
// those behind it with it: in a solid resource other blobs may lie there.
func (p *piece) decode(ctx context.Context, source *windowReader) {
	res := p.stream.resource
	if res.raw {
		if err := readFull(source, *p.data, res.data.offset+p.start); err != nil {
			p.damage = append(p.damage, damage{p.start, p.end, err})
		}
		return
	}
	for at := p.start; at < p.end && ctx.Err() == nil; at += res.chunkSize {
		i := at / res.chunkSize
		dst := (*p.data)[at-p.start:][:res.chunkLength(i)]
		if err := res.decodeFrom(source, dst, i); err != nil {
			p.damage = append(p.damage, damage{at, at + int64(len(dst)), err})
		}
	}
}

// damageIn returns why a range of the stream could not be decoded, nil if it
// could.
func (p *piece) damageIn(start, end int64) error {
	for _, d := range p.damage {
		if d.start < end && start < d.end {
			return d.err
		}
	}
	return nil
}

// deliver hands the piece on when it is its turn, and those behind it that are
// ready. At most one goroutine delivers for the same turns.
func (b *bulk) deliver(ctx context.Context, p *piece, gate *gate) error {
	t := &p.stream.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = make(map[int]*piece)
	}
	t.waiting[p.number] = p
	if t.delivering {
		return nil
	}
	t.delivering = true
	defer func() { t.delivering = false }()
	for {
		p := t.waiting[t.next]
		if p == nil {
			return nil
		}
		delete(t.waiting, t.next)
		t.next++
		t.mu.Unlock()
		err := context.Cause(ctx)
		if err == nil {
			err = b.hand(p)
		}
		p.job.part.owner.chunks.put(p.data)
		if p.job.left.Add(-1) == 0 {
			gate.release(p.job.cost)
		}
		t.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// hand gives the bytes of a piece to the sinks of the blobs that lie in it.
func (b *bulk) hand(p *piece) error {
	s := p.stream
	for s.started < len(s.extents) && s.extents[s.started].offset < p.end {
		d := &delivery{extent: s.extents[s.started], hash: sha1.New()}
		s.started++
		var err error
		if d.sink, err = b.open(d.blob); err != nil {
			return err
		}
		s.open = append(s.open, d)
	}
	kept := s.open[:0]
	for _, d := range s.open {
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
			kept = append(kept, d)
			continue
		}
		if d.err == nil {
			if got := SHA1(d.hash.Sum(nil)); got != d.blob.sha1 {
				d.err = fmt.Errorf("blob %v: the content has SHA-1 %v: %w", d.blob.sha1, got, ErrChecksum)
			}
		}
		if err := d.sink.finish(d.err); err != nil {
			return err
		}
	}
	clear(s.open[len(kept):])
	s.open = kept
	return nil
}
