package pipeline

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestWorkerCount(t *testing.T) {
	require.Equal(t, runtime.GOMAXPROCS(0), WorkerCount(0))
	require.Equal(t, runtime.GOMAXPROCS(0), WorkerCount(-5))
	require.Equal(t, 3, WorkerCount(3))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	require.Equal(t, 64, WorkerCount(2_000_000_000))
	runtime.GOMAXPROCS(100)
	require.Equal(t, 400, WorkerCount(2_000_000_000))
}

// There are no more goroutines than jobs, and no more than were asked for.
func TestWorkersStartAsJobsCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		var done atomic.Int64
		w := NewWorkers(3, func(int) {
			<-hold
			done.Add(1)
		})
		require.Zero(t, w.started)
		for i := range 3 {
			require.NoError(t, w.Send(t.Context(), i))
			require.Equal(t, i+1, w.started)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		cancel(stop)
		require.Equal(t, stop, w.Send(ctx, 3), "all are busy")
		close(hold)
		synctest.Wait() // now all are idle
		require.NoError(t, w.Send(t.Context(), 4))
		require.Equal(t, 3, w.started)
		w.Close()
		require.EqualValues(t, 4, done.Load())
	})
}

func TestWorkersReuseTheIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(100, func(int) {})
		for i := range 50 {
			require.NoError(t, w.Send(t.Context(), i))
			synctest.Wait()
		}
		require.Equal(t, 1, w.started)
		w.Close()
	})
}
