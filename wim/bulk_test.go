package wim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// stuckWriter writes nothing until it may.
type stuckWriter struct{ may chan struct{} }

func (w stuckWriter) Write(p []byte) (int, error) {
	<-w.may
	return len(p), nil
}

// While what takes the content is stuck no more is read than WithMemory allows.
func TestBulkMemoryBound(t *testing.T) {
	const blobs, size, memory = 100, 200_000, 4 << 20
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	for i := range blobs {
		content := make([]byte, size)
		content[0] = byte(i)
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), w.AddBlob(content)))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	inner, length := w.Source()
	source := &wimtest.CountingReader{ReaderAt: inner}
	r, err := NewReader(source, length)
	require.NoError(t, err)
	_, err = r.Images[0].FS()
	require.NoError(t, err)
	source.Bytes.Store(0)

	stuck, done := stuckWriter{make(chan struct{})}, make(chan error)
	go func() {
		_, err := r.Images[0].WriteTar(t.Context(), stuck, WithMemory(memory), WithWorkers(4))
		done <- err
	}()
	for last := int64(-1); last != source.Bytes.Load() || last == 0; time.Sleep(100 * time.Millisecond) {
		last = source.Bytes.Load()
	}
	require.LessOrEqual(t, source.Bytes.Load(), int64(memory))
	close(stuck.may)
	require.NoError(t, <-done)
	require.EqualValues(t, blobs*size, source.Bytes.Load())
}

// busySink notes how many sinks are at work at a time.
type busySink struct{ now, most *atomic.Int64 }

func (s busySink) Write(p []byte) (int, error) {
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	time.Sleep(100 * time.Microsecond)
	return len(p), nil
}

func (busySink) Finish(err error) error { return err }

// No more sinks are at work than there are workers, though several of them have
// solid resources with many blobs.
func TestBulkSinksBound(t *testing.T) {
	const resources, blobs, workers, size = 4, 50, 3, 32768
	w := wimtest.NewWIM()
	data := make([]byte, resources*size)
	rand.NewChaCha8([32]byte{}).Read(data)
	for k := range resources {
		w.AddSolid(wimtest.SolidOf(data[k*size:][:size], wimtest.CodecNone, size))
	}
	for k := range resources {
		for i := range blobs {
			at := k*size + i*600
			w.AddSolidBlob(data[at:at+600], uint64(at))
		}
	}
	r := openCrafted(t, w)
	var now, most atomic.Int64
	err := r.ReadBlobs(t.Context(), nil, func(Blob) (BlobSink, error) { return busySink{&now, &most}, nil }, WithWorkers(workers))
	require.NoError(t, err)
	require.LessOrEqual(t, most.Load(), int64(workers))
	require.Positive(t, most.Load())
}

// A number of workers that no machine has use for costs nothing.
func TestWorkersAreBounded(t *testing.T) {
	most := max(64, 4*runtime.GOMAXPROCS(0))
	for asked, want := range map[int]int{1: 1, 64: 64, 1_000_000: most, math.MaxInt: most, 0: runtime.GOMAXPROCS(0), -1: runtime.GOMAXPROCS(0)} {
		require.Equal(t, want, newBulk(newBulkOptions([]BulkOption{WithWorkers(asked)})).workers, "%d", asked)
	}
}

// Bulk reading in order finishes each sink before it opens the next, in the
// order in which blobs are stored, with any number of workers.
func TestBulkInOrder(t *testing.T) {
	data := counted(3 << 20)
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	for i := range 50 {
		w.AddBlob(data[i*1000 : i*2000+1])
		w.AddChunked(data[i : i*30_000+40_000])
	}
	w.AddChunked(data)
	w.AddBlob(data[1:])
	r := openCrafted(t, w)
	want := r.ownBlobs()
	for _, memory := range []int64{0, 1, 1 << 20} {
		for _, workers := range []int{1, 2, 8} {
			b := newBulk(newBulkOptions([]BulkOption{WithMemory(memory), WithWorkers(workers)}))
			o := &orderSink{}
			require.NoError(t, b.runInOrder(t.Context(), want, func(blob *blob) (BlobSink, error) {
				require.Nil(t, o.open)
				o.open, o.left = blob, blob.size()
				return o, nil
			}))
			require.Equal(t, want, o.finished)
		}
	}
}

// orderSink is open for one blob at a time.
type orderSink struct {
	open     *blob
	left     int64
	finished []*blob
}

func (o *orderSink) Write(p []byte) (int, error) {
	o.left -= int64(len(p))
	return len(p), nil
}

func (o *orderSink) Finish(err error) error {
	if o.left != 0 {
		return fmt.Errorf("%d bytes are missing", o.left)
	}
	o.finished = append(o.finished, o.open)
	o.open = nil
	return err
}

// A bulk operation that is ended, by its context or by what takes the content,
// leaves no goroutine behind and does not hang, whatever the memory and the
// number of workers.
func TestBulkEndsEarly(t *testing.T) {
	data := counted(8 << 20)
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	for i := range 40 {
		w.AddBlob(data[i*1000 : i*2000+1])
	}
	w.AddChunked(data)
	w.AddBlob(data[1:])
	r := openCrafted(t, w)
	before := runtime.NumGoroutine()
	for _, memory := range []int64{0, 1, 1 << 20} {
		for _, workers := range []int{1, 2, 8} {
			for _, after := range []int64{0, 1, 5, 39, 41, 45} {
				ctx, cancel := context.WithCancelCause(t.Context())
				sink := &stoppingSink{after: after, cancel: cancel}
				b := newBulk(newBulkOptions([]BulkOption{WithMemory(memory), WithWorkers(workers)}))
				open := func(*blob) (BlobSink, error) { return sink, nil }
				require.ErrorIs(t, b.run(ctx, r.ownBlobs(), open), errStop, "a cancelled context")

				sink = &stoppingSink{after: after}
				require.ErrorIs(t, b.run(t.Context(), r.ownBlobs(), open), errStop, "an error of Write or finish")

				open = func(*blob) (BlobSink, error) { return nil, errStop }
				require.ErrorIs(t, b.run(t.Context(), r.ownBlobs(), open), errStop, "an error of open")
			}
		}
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

var errStop = errors.New("stop")

// stoppingSink ends the operation after some calls: by the context, or else by
// an error of its own. It serves all blobs, so its calls are not in turn.
type stoppingSink struct {
	after  int64
	calls  atomic.Int64
	cancel context.CancelCauseFunc
}

func (s *stoppingSink) stop() error {
	if s.calls.Add(1) <= s.after {
		return nil
	}
	if s.cancel != nil {
		s.cancel(errStop)
		return nil
	}
	return errStop
}

func (s *stoppingSink) Write(p []byte) (int, error) { return len(p), s.stop() }
func (s *stoppingSink) Finish(error) error          { return s.stop() }
