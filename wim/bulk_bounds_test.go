package wim

import (
	"fmt"
	"math/rand/v2"
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

// No more sinks are at work than there are workers, though several of them have solid
// resources with many blobs.
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
