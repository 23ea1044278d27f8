package pipeline

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTurns(t *testing.T) {
	const n = 1000
	var turns Turns[int]
	for i := range n {
		require.Equal(t, i, turns.Plan())
	}
	var delivered []int // by one goroutine at a time, or the race detector tells
	var group sync.WaitGroup
	numbers := make(chan int)
	for range 8 {
		group.Go(func() {
			for number := range numbers {
				turns.Deliver(number, number*number, func(result int) error {
					delivered = append(delivered, result)
					return nil
				})
			}
		})
	}
	for _, number := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		numbers <- number
	}
	close(numbers)
	group.Wait()
	require.Len(t, delivered, n)
	for i, result := range delivered {
		require.Equal(t, i*i, result)
	}
}

func TestTurnsError(t *testing.T) {
	failure := errors.New("result 1")
	var turns Turns[string]
	var delivered []string
	deliver := func(result string) error {
		delivered = append(delivered, result)
		if result == "b" {
			return failure
		}
		return nil
	}
	require.NoError(t, turns.Deliver(2, "c", deliver))
	require.NoError(t, turns.Deliver(1, "b", deliver))
	require.Empty(t, delivered)
	require.Equal(t, failure, turns.Deliver(0, "a", deliver), "who delivers gets the error")
	require.NoError(t, turns.Deliver(3, "d", deliver))
	require.Equal(t, []string{"a", "b"}, delivered, "nothing comes after an error")
}
