package wim

import (
	"fmt"
	"math"
)

// firstFit finds the first part that has room for something, in a tree: node i
// has the most room of any part below it, and its children are 2i and 2i+1.
type firstFit struct {
	capacity int64
	rooms    []int64 // the leaves are the second half
	parts    int     // that have something
}

// mostParts is what the header has room for.
const mostParts = math.MaxUint16

// room is how much room a part has.
func (f *firstFit) room(i int) int64 {
	if leaves := len(f.rooms) / 2; i < leaves {
		return f.rooms[leaves+i]
	}
	return f.capacity
}

// take takes room of a part.
func (f *firstFit) take(i int, weight int64) error {
	if i >= mostParts {
		return fmt.Errorf("more than %d parts: %w; larger parts are fewer", mostParts, ErrOption)
	}
	for i >= len(f.rooms)/2 {
		f.grow()
	}
	f.parts = max(f.parts, i+1)
	node := len(f.rooms)/2 + i
	f.rooms[node] -= weight
	for node /= 2; node > 0; node /= 2 {
		f.rooms[node] = max(f.rooms[2*node], f.rooms[2*node+1])
	}
	return nil
}

// grow doubles the number of leaves.
func (f *firstFit) grow() {
	old := f.rooms[len(f.rooms)/2:]
	leaves := max(1, 2*len(old))
	f.rooms = make([]int64, 2*leaves)
	for i := range leaves {
		f.rooms[leaves+i] = f.capacity
	}
	copy(f.rooms[leaves:], old)
	for node := leaves - 1; node > 0; node-- {
		f.rooms[node] = max(f.rooms[2*node], f.rooms[2*node+1])
	}
}

// place takes room of the first part that has it. The weight is no more than the
// capacity.
func (f *firstFit) place(weight int64) (i int, err error) {
	for len(f.rooms) == 0 || f.rooms[1] < weight {
		f.grow()
	}
	node, leaves := 1, len(f.rooms)/2
	for node < leaves {
		node *= 2
		if f.rooms[node] < weight {
			node++
		}
	}
	return node - leaves, f.take(node-leaves, weight)
}
