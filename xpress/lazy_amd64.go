//go:build !noasm && !purego

package xpress

import "unsafe"

const (
	// maxLazily is how many positions asmLazily gets in one call: nothing can
	// preempt it.
	maxLazily = 1 << 13

	// lazyMargin is how far before the end of the chunk it stops.
	lazyMargin = 8
)

// Where fewer than 4 bytes are left lazilyPlain finds no match. asmLazily may,
// but never takes it: it has 3 bytes, and so have those that led there, the
// first of them from no farther than farShort, and each better than the one
// before by more than oneLater. If that were not enough, this constant would be
// negative, and not compile. 10 is log2(farShort).
const _ = uint((lazyMargin+1-4)*(oneLater+1) + oneLater - 10)

// A lazyState is what asmLazily works on.
type lazyState struct {
	data              *byte
	link4, link3      *uint16
	items             *item        // the next one
	code              *encoderCode // where symbols are counted
	pos, stop, size   uint64
	depth, nice, lazy uint64
}

// lazilyFast is lazilyPlain in assembly, up to near the end of the chunk. It
// counts the symbols of the items that it adds.
func (e *Encoder) lazilyFast(items []item, size int) ([]item, int) {
	last := size - lazyMargin
	if e.plain || last <= 1 || !hasAssembly() {
		return items, 1
	}
	data, link4, link3 := e.chains.Links()
	first := unsafe.SliceData(items)
	s := lazyState{
		data:  unsafe.SliceData(data),
		link4: unsafe.SliceData(link4),
		link3: unsafe.SliceData(link3),
		items: (*item)(unsafe.Add(unsafe.Pointer(first), len(items)*int(unsafe.Sizeof(item(0))))),
		code:  &e.code,
		pos:   1,
		size:  uint64(size),
		depth: uint64(e.search.depth),
		nice:  uint64(e.search.nice),
		lazy:  uint64(e.search.lazy),
	}
	for s.pos < uint64(last) {
		s.stop = min(s.pos+maxLazily, uint64(last))
		asmLazily(&s)
	}
	used := uintptr(unsafe.Pointer(s.items)) - uintptr(unsafe.Pointer(first))
	return items[:used/unsafe.Sizeof(item(0))], int(s.pos)
}

// asmLazily parses the positions from s.pos to s.stop, and further to the end
// of a match that begins before, and moves s.items and s.pos on. It adds to the
// counts in s.code.
//
// What keeps it within bounds: a candidate lies before its position, so what is
// loaded last is what a position is compared by. That begins before the end of
// the chunk and has at most 8 bytes, fewer than the padding. Links are those of
// positions in the chunk. There are no more items than positions, and the one
// that may be written in excess is not beyond the bytes of its match.
//
//go:noescape
func asmLazily(s *lazyState)
