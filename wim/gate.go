package wim

import (
	"context"
	"sync"
)

// gate admits jobs while their cost fits into a budget. A job that alone
// exceeds it is admitted when nothing else is in flight.
type gate struct {
	mu     sync.Mutex
	freed  chan struct{} // has an element after a release
	fixed  bool          // the budget is the caller's
	budget int64
	used   int64
}

// newGate returns a gate with a budget of the caller's, or one that is raised.
func newGate(budget int64) *gate {
	return &gate{budget: budget, fixed: budget > 0, freed: make(chan struct{}, 1)}
}

// raise makes a budget that is not the caller's at least so large.
func (g *gate) raise(budget int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.fixed {
		g.budget = max(g.budget, budget)
	}
}

// acquire waits until the cost fits. Only one goroutine calls it.
func (g *gate) acquire(ctx context.Context, cost int64) error {
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

func (g *gate) release(cost int64) {
	g.mu.Lock()
	g.used -= cost
	g.mu.Unlock()
	select {
	case g.freed <- struct{}{}:
	default:
	}
}
