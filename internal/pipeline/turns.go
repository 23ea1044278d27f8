package pipeline

import "sync"

// Turns puts the results of jobs back in order. The zero value is ready for
// use.
//
// What waits for its turn is bounded by a [Gate] that its jobs went through:
// jobs are admitted in order, so the job whose turn it is has always been.
type Turns[T any] struct {
	planned int

	mu         sync.Mutex
	next       int       // whose turn it is
	waiting    map[int]T // results whose turn it is not
	delivering bool
}

// Plan returns the number of the next job: 0, 1 and so on. One goroutine at a
// time may call it.
func (t *Turns[T]) Plan() int {
	t.planned++
	return t.planned - 1
}

// Deliver calls deliver with a result when its turn has come, and then with
// those after it that are waiting. If the turn has not come, or another
// goroutine is delivering, it returns at once, and the result is delivered by
// whoever has the one before it. So deliver is called by one goroutine at a
// time, and in order. Nothing is delivered after deliver has returned an error,
// which is returned to the one goroutine that was delivering.
func (t *Turns[T]) Deliver(number int, result T, deliver func(T) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = make(map[int]T)
	}
	t.waiting[number] = result
	if t.delivering {
		return nil
	}
	t.delivering = true
	for {
		result, ready := t.waiting[t.next]
		if !ready {
			t.delivering = false
			return nil
		}
		delete(t.waiting, t.next)
		t.next++
		t.mu.Unlock()
		err := deliver(result)
		t.mu.Lock()
		if err != nil {
			return err // delivering stays set, and so nobody else begins
		}
	}
}
