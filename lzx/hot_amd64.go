//go:build !noasm && !purego

package lzx

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/repeat"
)

// hotState is what asmHot works on. Indices are those of hotUnsafe.
type hotState struct {
	in  *byte // d.bits.in
	out *byte // dst

	// Tables, and where in the Long part of one a codeword is
	tables                 *tables
	mainLong, lengthLong   *uint32
	mainBase, lengthBase   uint64
	mainShift, lengthShift uint64

	last     uint64 // the greatest index where the inner loop may write its 8 bytes
	end      uint64 // no match may pass it
	copyLast uint64 // the greatest index where matches may end that write more than they are

	at, next, buf, n uint64
	recent           [4]uint32 // R0, R1, R2, and one that is free
}

// copyMargin is how far asmHot may write past the end of a match.
const copyMargin = 32

// maxHot is how many bytes asmHot decodes in one call: nothing can preempt it.
const maxHot = 1 << 16

// hotAssembly is hotUnsafe in assembly, for dst[pos:end].
func (d *Decoder) hotAssembly(dst []byte, pos, end int) int {
	for {
		stop := min(end, pos+maxHot)
		if pos < 8 || pos > stop-8 || d.bits.next < inputEnd {
			return pos
		}
		h := hotState{
			in:          &d.bits.in[0],
			out:         &dst[0],
			tables:      &d.tables,
			mainLong:    unsafe.SliceData(d.main.Long),
			lengthLong:  unsafe.SliceData(d.length.Long),
			mainBase:    d.main.LongBase,
			lengthBase:  d.length.LongBase,
			mainShift:   uint64(d.main.LongShift),
			lengthShift: uint64(d.length.LongShift),
			last:        uint64(stop - 8),
			end:         uint64(end),
			copyLast:    uint64(max(0, len(dst)-copyMargin)),
			at:          uint64(pos),
			next:        uint64(d.bits.next),
			buf:         d.bits.buf,
			n:           uint64(d.bits.n),
		}
		h.recent[0], h.recent[1], h.recent[2] = d.recent.all()
		asmHot(&h)
		d.bits.next, d.bits.buf, d.bits.n = int(h.next), h.buf, uint(h.n)
		d.recent = newRecentOffsets(h.recent[0], h.recent[1], h.recent[2])
		if pos = int(h.at); pos <= stop-8 || stop == end {
			return pos
		}
	}
}

// asmHot decodes items as hotUnsafe does.
//
//go:noescape
func asmHot(h *hotState)

// An asmSlot is a slot as asmHot needs it.
type asmSlot struct {
	// shuffle makes R0, R1, R2 and a new offset, 4 bytes each, the next three
	// recent offsets: byte i of the result is byte shuffle[i].
	shuffle [16]uint8
	mask    uint32
	base    uint32
	_       [8]uint8
}

// hotTables is what asmHot looks up besides the tables of the decoder.
type hotTables struct {
	slots [entrySlotMask + 1]asmSlot
	// literals has the bytes that are literals, each followed by some others.
	literals       [256 + 8]uint8
	repeatShuffles [16][16]uint8
	repeatSteps    [16]uint8
}

var asmTables hotTables

func init() {
	t := &asmTables
	for i, s := range slots {
		recent := [4]int{3, 0, 1, 3} // push
		switch i {
		case 0:
			recent = [4]int{0, 1, 2, 3}
		case 1:
			recent = [4]int{1, 0, 2, 3}
		case 2:
			recent = [4]int{2, 1, 0, 3}
		}
		t.slots[i].mask, t.slots[i].base = uint32(s.mask), uint32(s.base)
		for j := range t.slots[i].shuffle {
			t.slots[i].shuffle[j] = uint8(4*recent[j/4] + j%4)
		}
	}
	for i := range 256 {
		t.literals[i] = uint8(i)
	}
	t.repeatShuffles, t.repeatSteps = repeat.Tables()
}

// all returns R0, R1 and R2.
func (q recentOffsets) all() (r0, r1, r2 uint32) {
	return uint32(q.newest()), uint32(q >> offsetBits & offsetMask), uint32(q >> (2 * offsetBits) & offsetMask)
}
