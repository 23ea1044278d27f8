package pipeline

import (
	"context"
	"runtime"
	"sync"
)

// WorkerCount returns how many goroutines to use where so many were asked for.
// It is runtime.GOMAXPROCS if n is not positive, and at most 64, or four times
// as many as that on large machines: more of them only take memory.
func WorkerCount(n int) int {
	processors := runtime.GOMAXPROCS(0)
	if n <= 0 {
		return processors
	}
	return min(n, max(64, 4*processors))
}

// Workers does jobs on several goroutines. They are started as jobs come, when
// none is idle.
type Workers[J any] struct {
	do      func(J)
	most    int
	started int
	jobs    chan J
	group   sync.WaitGroup
}

// NewWorkers returns workers that call do with each job, on up to most
// goroutines, of which there is always one.
func NewWorkers[J any](most int, do func(J)) *Workers[J] {
	return &Workers[J]{do: do, most: max(most, 1), jobs: make(chan J)}
}

// Send gives a job to an idle worker. It waits for one if there are as many as
// may be, and returns the context's error if that ends first. One goroutine at
// a time may call it.
func (w *Workers[J]) Send(ctx context.Context, job J) error {
	select {
	case w.jobs <- job:
		return nil
	default:
	}
	if w.started < w.most {
		w.started++
		w.group.Go(func() {
			w.do(job)
			for job := range w.jobs {
				w.do(job)
			}
		})
		return nil
	}
	select {
	case w.jobs <- job:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close waits until all jobs that were sent are done. Send may not be called
// any more.
func (w *Workers[J]) Close() {
	close(w.jobs)
	w.group.Wait()
}
