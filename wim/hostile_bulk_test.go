package wim

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// failingAt is a source with a hole that cannot be read.
type failingAt struct {
	io.ReaderAt
	from, to int64
}

var errBadSector = errors.New("bad sector")

func (f failingAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset < f.to && offset+int64(len(p)) > f.from {
		for i := range p {
			p[i] = 0xEE
		}
		return 0, errBadSector
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// A read that fails returns no bytes that were not read, and the error of the
// source.
func TestReadErrorReturnsNoGarbage(t *testing.T) {
	data := counted(100_000)
	for _, chunked := range []bool{false, true} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
		var sum [20]byte
		if chunked {
			sum = w.AddChunked(data)
		} else {
			sum = w.AddBlob(data)
		}
		withImage(w, sum)
		source, size := w.Source()
		r, err := NewReader(failingAt{source, 208 + 50_000, 208 + 50_001}, size)
		require.NoError(t, err)
		file, err := craftedTree(t, r).OpenStream("0", "")
		require.NoError(t, err)
		var got []byte
		buf := make([]byte, 10_000)
		for err == nil {
			var n int
			n, err = file.Read(buf)
			got = append(got, buf[:n]...)
		}
		require.ErrorIs(t, err, errBadSector)
		require.NotErrorIs(t, err, ErrFormat)
		require.LessOrEqual(t, len(got), 50_000)
		require.Equal(t, data[:len(got)], got)
		_, again := file.Read(buf)
		require.ErrorIs(t, again, errBadSector)

		report := verifyCrafted(t, r)
		require.Len(t, report.Problems, 1)
		require.ErrorIs(t, report.Problems[0].Err, errBadSector)
	}
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
			for _, after := range []int{0, 1, 5, 39, 41, 45} {
				ctx, cancel := context.WithCancelCause(t.Context())
				sink := &stoppingSink{after: after, cancel: cancel}
				b := newBulk([]BulkOption{WithMemory(memory), WithWorkers(workers)})
				b.open = func(*blob) (blobSink, error) { return sink, nil }
				require.ErrorIs(t, b.run(ctx, r.ownBlobs()), errStop, "a cancelled context")

				sink = &stoppingSink{after: after}
				require.ErrorIs(t, b.run(t.Context(), r.ownBlobs()), errStop, "an error of Write or finish")

				b.open = func(*blob) (blobSink, error) { return nil, errStop }
				require.ErrorIs(t, b.run(t.Context(), r.ownBlobs()), errStop, "an error of open")
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
// an error of its own.
type stoppingSink struct {
	after  int
	cancel context.CancelCauseFunc
}

func (s *stoppingSink) stop() error {
	if s.after--; s.after >= 0 {
		return nil
	}
	if s.cancel != nil {
		s.cancel(errStop)
		return nil
	}
	return errStop
}

func (s *stoppingSink) Write(p []byte) (int, error) { return len(p), s.stop() }
func (s *stoppingSink) finish(error) error          { return s.stop() }
func (s *stoppingSink) path() string                { return "" }
