package pipeline

import (
	"context"
	"sync"
)

// A Gate admits jobs while their cost fits into a budget. A job that alone
// exceeds it is admitted when nothing else is in flight, so that a budget that
// is too small makes work slow and not impossible.
type Gate struct {
	mu     sync.Mutex
	freed  chan struct{} // has an element after a release
	fixed  bool          // the budget is the caller's
	budget int64
	used   int64
}

// NewGate returns a gate with a budget, or, if that is not positive, with one
// that [Gate.Raise] sets.
func NewGate(budget int64) *Gate {
	return &Gate{budget: budget, fixed: budget > 0, freed: make(chan struct{}, 1)}
}

// Raise makes the budget at least so large, unless NewGate was given one.
func (g *Gate) Raise(budget int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.fixed {
		g.budget = max(g.budget, budget)
	}
}

// Acquire waits until the cost fits. Only one goroutine may call it: jobs are
// admitted in the order in which they were planned.
func (g *Gate) Acquire(ctx context.Context, cost int64) error {
	for {
		g.mu.Lock()
		if g.used == 0 || cost <= g.budget-g.used {
			g.used += cost
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		select {
		case <-g.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Release gives back what a job had acquired. Any goroutine may call it.
func (g *Gate) Release(cost int64) {
	g.mu.Lock()
	g.used -= cost
	g.mu.Unlock()
	select {
	case g.freed <- struct{}{}:
	default:
	}
}
