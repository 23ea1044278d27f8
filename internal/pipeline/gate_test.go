package pipeline

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Jobs in flight hold no more than the budget.
func TestGateBound(t *testing.T) {
	const budget, workers = 100, 8
	gate := NewGate(budget)
	gate.Raise(1000) // has no effect: the budget was given
	var held, most atomic.Int64
	w := NewWorkers(workers, func(cost int64) {
		now := held.Add(cost)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		held.Add(-cost)
		gate.Release(cost)
	})
	for i := range 2000 {
		cost := int64(i%60 + 1)
		require.NoError(t, gate.Acquire(t.Context(), cost))
		require.NoError(t, w.Send(t.Context(), cost))
	}
	w.Close()
	require.LessOrEqual(t, most.Load(), int64(budget))
	require.Zero(t, held.Load())
}

func TestGateWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(0)
		gate.Raise(10)
		gate.Raise(5) // does not lower it
		ctx, cancel := context.WithCancelCause(t.Context())
		require.NoError(t, gate.Acquire(ctx, 1000), "alone, a job of any cost is admitted")
		admitted := false
		done := make(chan error, 1)
		go func() {
			err := gate.Acquire(ctx, 10)
			admitted = err == nil
			done <- err
		}()
		synctest.Wait()
		require.False(t, admitted)
		gate.Release(1000)
		require.NoError(t, <-done)

		go func() { done <- gate.Acquire(ctx, 1) }()
		synctest.Wait()
		require.Empty(t, done, "the budget of 10 is used up")
		stop := errors.New("stop")
		cancel(stop)
		require.Equal(t, stop, <-done)
	})
}
