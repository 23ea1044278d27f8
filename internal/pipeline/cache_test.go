package pipeline

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCacheKeepsTheLastUsed(t *testing.T) {
	var worked []string
	c := Cache[string]{Budget: 2 * (1000 + cacheOverhead)}
	get := func(key string) {
		data, err := c.Get(key, func() ([]byte, error) {
			worked = append(worked, key)
			return make([]byte, 1000), nil
		})
		require.NoError(t, err)
		require.Len(t, data, 1000)
	}
	for _, key := range []string{"a", "b", "a", "c", "a", "b"} { // c drives b out, then b drives c out
		get(key)
	}
	require.Equal(t, []string{"a", "b", "c", "b"}, worked)
	require.LessOrEqual(t, c.used, c.Budget)
	_, err := c.Get("large", func() ([]byte, error) { return make([]byte, 1<<20), nil })
	require.NoError(t, err)
	require.Len(t, c.entries, 1, "the last one is kept, whatever its size")
}

func TestCacheErrors(t *testing.T) {
	lasting, passing := errors.New("lasting"), errors.New("passing")
	c := Cache[error]{Budget: 1 << 20, KeepError: func(err error) bool { return err == lasting }}
	calls := 0
	for range 3 {
		for _, failure := range []error{lasting, passing} {
			data, err := c.Get(failure, func() ([]byte, error) {
				calls++
				return []byte("half"), failure
			})
			require.Equal(t, failure, err)
			require.Nil(t, data)
		}
	}
	require.Equal(t, 1+3, calls)
}

func TestCacheWorksOnce(t *testing.T) {
	var c Cache[int]
	var calls atomic.Int64
	var group sync.WaitGroup
	begin := make(chan struct{})
	for range 16 {
		group.Go(func() {
			<-begin
			data, err := c.Get(7, func() ([]byte, error) {
				calls.Add(1)
				return []byte{7}, nil
			})
			require.NoError(t, err)
			require.Equal(t, []byte{7}, data)
		})
	}
	close(begin)
	group.Wait()
	require.EqualValues(t, 1, calls.Load())
}
