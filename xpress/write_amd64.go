//go:build !noasm && !purego

package xpress

import "unsafe"

// maxGather is how many items asmGather gets in one call: nothing can preempt
// it.
const maxGather = 1 << 13

// A gatherState is what asmGather works on.
type gatherState struct {
	items, stop *item
	entries     *[numSymbols]uint64
	units, next *byte  // all units, and the next one
	longs       *long  // the next one
	buf, n      uint64 //lint:ignore U1000 the assembly uses it
}

// gatherFast is gatherPlain in assembly.
func (e *Encoder) gatherFast() bool {
	if e.plain || !hasAssembly() {
		return false
	}
	first := unsafe.SliceData(e.items)
	at := func(i int) *item { return (*item)(unsafe.Add(unsafe.Pointer(first), i*int(unsafe.Sizeof(*first)))) }
	units, longs := unsafe.SliceData(e.units), unsafe.SliceData(e.longs)
	s := gatherState{items: first, entries: &e.code.entries, units: units, next: units, longs: longs}
	for i := 0; i < len(e.items); {
		s.stop = at(min(i+maxGather, len(e.items)))
		asmGather(&s)
		i = int(uintptr(unsafe.Pointer(s.items))-uintptr(unsafe.Pointer(first))) / int(unsafe.Sizeof(*first))
	}
	n := (uintptr(unsafe.Pointer(s.longs)) - uintptr(unsafe.Pointer(longs))) / unsafe.Sizeof(*longs)
	e.longs = e.longs[:n:cap(e.longs)]
	return true
}

// asmGather writes the items from s.items to s.stop, of which there are some,
// and moves on all but s.entries and s.units.
//
// It writes 8 bytes at s.next, which is within the units of the chunk: they are
// fewer than its bytes, and there is room for 8 more. A long match has at least
// 18 bytes, and there is room for so many longs. What stands at s.stop is read
// if the item before is that of a long match, and it is its length then.
//
//go:noescape
func asmGather(s *gatherState)
