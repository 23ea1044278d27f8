package pipeline

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParallel(t *testing.T) {
	for _, workers := range []int{1, 2, 7, 5000} {
		var calls [1000]atomic.Int32
		require.NoError(t, Parallel(workers, len(calls), func(i int) error {
			calls[i].Add(1)
			return nil
		}))
		for i := range calls {
			require.Equal(t, int32(1), calls[i].Load(), "%d workers, call %d", workers, i)
		}
		require.NoError(t, Parallel(workers, 0, nil))
	}
	var order []int
	require.NoError(t, Parallel(1, 3, func(i int) error {
		order = append(order, i)
		return nil
	}))
	require.Equal(t, []int{0, 1, 2}, order)
}

func TestParallelError(t *testing.T) {
	failure := errors.New("call 10")
	for _, workers := range []int{1, 3} {
		var last atomic.Int64
		err := Parallel(workers, 1000, func(i int) error {
			last.Store(int64(i))
			if i == 10 {
				return failure
			}
			return nil
		})
		require.Equal(t, failure, err)
		if workers == 1 {
			require.EqualValues(t, 10, last.Load())
		}
	}
}
