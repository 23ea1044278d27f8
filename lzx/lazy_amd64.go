//go:build !noasm && !purego

package lzx

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/match"
)

const (
	// maxLazily is how many positions asmLazily gets in one call: nothing can
	// preempt it.
	maxLazily = 1 << 13

	// lazyMargin is how far before the end of the chunk it stops.
	lazyMargin = 8
)

// Where fewer than 4 bytes are left walkPlain finds no match. asmLazily does
// not get there: each match on the way from lazyMargin had to be better than
// the one before by more than literalScore, and none of 4 bytes can be so good.
// If one could, this constant would be negative, and not compile.
const _ = uint(1 + (lazyMargin+1-4)*(literalScore+1) - (4*byteScore - repeatScore) - 1)

// A lazyState is what asmLazily works on.
type lazyState struct {
	data            *byte
	link4, link3    *uint16
	items           *item // the next one
	counts          *symbolCounts
	pos, stop, size uint64
	depth, nice     uint64
	recent          [repeatSlots]uint64
}

// walkFast is walkPlain in assembly, for chunks of up to 64 KiB and up to near
// their end.
func (e *Encoder) walkFast(w *lazyWalk, stop int) {
	chains, ok := e.longest.(*match.Chains[uint16])
	stop = min(stop, e.size-lazyMargin)
	if !ok || e.plain || w.pos >= stop || !hasAssembly() {
		return
	}
	if w.pos == 0 {
		w.addLiteral(e.data[0])
	}
	data, link4, link3 := chains.Links()
	s := lazyState{
		data:   unsafe.SliceData(data),
		link4:  unsafe.SliceData(link4),
		link3:  unsafe.SliceData(link3),
		items:  &w.items[w.n],
		counts: w.counts,
		pos:    uint64(w.pos),
		size:   uint64(e.size),
		depth:  uint64(e.params.depth),
		nice:   uint64(e.params.nice),
	}
	for k := range s.recent {
		s.recent[k] = uint64(w.recent >> (k * offsetBits) & offsetMask)
	}
	for s.pos < uint64(stop) {
		s.stop = min(s.pos+maxLazily, uint64(stop))
		asmLazily(&s)
	}
	used := uintptr(unsafe.Pointer(s.items)) - uintptr(unsafe.Pointer(&w.items[0]))
	w.n = int(used / unsafe.Sizeof(item{}))
	w.pos = int(s.pos)
	w.recent = newRecentOffsets(uint32(s.recent[0]), uint32(s.recent[1]), uint32(s.recent[2]))
}

// asmLazily parses the positions from s.pos, which is not 0, to s.stop, and
// further to the end of a match that begins before. It moves s.items and s.pos
// on, and s.recent.
//
// What keeps it within bounds: a candidate lies before its position, so what is
// loaded last is what a position is compared by. That begins before the end of
// the chunk and has at most 8 bytes, fewer than the padding. A recent offset is
// 1, or that of a match before. Links are those of positions in the chunk.
// There are no more items than positions.
//
//go:noescape
func asmLazily(s *lazyState)
