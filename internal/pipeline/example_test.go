package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// Chunks are compressed on all cores and written in order, with at most 1 MiB
// of them in memory.
func Example() {
	const chunk = 64 << 10
	source := strings.NewReader(strings.Repeat("all work and no play ", 50_000))
	var out bytes.Buffer

	type job struct {
		number int
		data   []byte
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	gate := pipeline.NewGate(1 << 20)
	var turns pipeline.Turns[[]byte]
	workers := pipeline.NewWorkers(pipeline.WorkerCount(0), func(j job) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(j.data)
		w.Close()
		err := turns.Deliver(j.number, packed.Bytes(), func(packed []byte) error {
			defer gate.Release(chunk)
			_, err := out.Write(packed)
			return err
		})
		if err != nil {
			cancel(err)
		}
	})
	for source.Len() > 0 && gate.Acquire(ctx, chunk) == nil {
		data := make([]byte, min(chunk, source.Len()))
		io.ReadFull(source, data)
		if workers.Send(ctx, job{turns.Plan(), data}) != nil {
			break
		}
	}
	workers.Close()

	r, _ := gzip.NewReader(&out)
	n, err := io.Copy(io.Discard, r)
	fmt.Println(n, err, context.Cause(ctx))
	// Output: 1050000 <nil> <nil>
}
