package lzms

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// An x86Filter undoes what the encoder did to x86 code to make it repeat
// itself: it made the relative addresses in calls and other instructions
// absolute. Code and data are not told apart by any flag: an operand was
// changed where instructions that address the same place, modulo 2^16, were
// seen shortly before.
type x86Filter struct {
	// seen has, for each value of the low 16 bits of an address, the place
	// of the last instruction that used it. To be spared clearing it for
	// each chunk, places count on from chunk to chunk: those in a chunk
	// are base plus the index of a byte, and those of the chunk before are
	// out of reach below base.
	seen [1 << 16]uint32
	base uint32
}

const (
	reach    = 1<<16 - 1 // the distance that still counts as shortly before
	tailSize = 16        // bytes at the end of a chunk where no instruction starts
)

// open returns the base for a chunk of n bytes.
func (f *x86Filter) open(n int) uint32 {
	if f.base == 0 || uint64(f.base)+uint64(n) > math.MaxUint32 {
		clear(f.seen[:])
		f.base = reach + 1
	}
	base := f.base
	// The next chunk may find no room for its base. Zero tells.
	next := uint64(base) + uint64(n) + reach + 1
	f.base = uint32(next)
	if next > math.MaxUint32 {
		f.base = 0
	}
	return base
}

// undo restores the chunk data.
//
// Restoring never alters a byte that is examined as the start of an
// instruction later on. So the instructions are found eight at a time and
// independently of what is done to them, by candidates.
func (f *x86Filter) undo(data []byte) {
	if len(data) <= tailSize+1 {
		return
	}
	w := x86Walk{f: f, base: f.open(len(data)), next: 1, last: -1024}
	end := len(data) - tailSize
	for i := 1; i < end; i += 8 {
		// The greatest i is len-17, so the three loads stay inside.
		b := data[i : i+10]
		b0 := binary.LittleEndian.Uint64(b)
		b1 := binary.LittleEndian.Uint64(b[1:])
		if (b0|b1)&high == 0 {
			continue // see candidates
		}
		m := candidates(b0, b1, binary.LittleEndian.Uint64(b[2:]))
		for ; m != 0; m &= m - 1 {
			if at := i + bits.TrailingZeros64(m)/8; at >= w.next && at < end {
				w.step(data, at)
			}
		}
	}
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// candidates sets the high bit of each byte i of the result for which bytes i
// of b0, b1 and b2 are the start of an instruction that the filter knows. One
// of the first two has its high bit set in all of them.
func candidates(b0, b1, b2 uint64) uint64 {
	// nonzero sets the high bit of each byte of x that is not 0. The sum
	// is at most 0xFE in each byte, so nothing carries over.
	nonzero := func(x uint64) uint64 { return (x&^high + (high - ones)) | x }

	// E8: call rel32. E9: jmp rel32
	none := nonzero(b0&(0xFE*ones) ^ 0xE8*ones)
	// FF 15: call [rip+disp32]
	none &= nonzero((b0 ^ 0xFF*ones) | (b1 ^ 0x15*ones))
	// F0 83 05: lock add [rip+disp32], imm8
	none &= nonzero((b0 ^ 0xF0*ones) | (b1 ^ 0x83*ones) | (b2 ^ 0x05*ones))
	// 48 8D and 4C 8D, then xx&7 = 5: lea r64, [rip+disp32]
	none &= nonzero((b0&(0xFB*ones) ^ 0x48*ones) | (b1 ^ 0x8D*ones) | (b2&(0x07*ones) ^ 0x05*ones))
	// 48 8B, then xx&F7 = 5: mov r64, [rip+disp32] for the low registers
	none &= nonzero((b0 ^ 0x48*ones) | (b1 ^ 0x8B*ones) | (b2&(0xF7*ones) ^ 0x05*ones))
	return ^none & high
}

// An x86Walk is the state of one pass over a chunk.
type x86Walk struct {
	f    *x86Filter
	base uint32
	next int // where the next instruction may start
	last int // end of the last instruction that addressed a place seen before
}

// step takes the instruction that starts at data[at].
func (w *x86Walk) step(data []byte, at int) {
	opcode, limit := 3, 1023
	switch data[at] {
	case 0xE9: // its operand is left alone
		w.next = at + 5
		return
	case 0xE8:
		opcode, limit = 1, 511
	case 0xFF:
		opcode = 2
	}
	operand := data[at+opcode:][:4]
	v := binary.LittleEndian.Uint32(operand)
	if at-w.last <= limit {
		v -= uint32(at)
		binary.LittleEndian.PutUint32(operand, v)
	}
	end := at + opcode + 3
	place := w.base + uint32(end)
	seen := &w.f.seen[uint16(uint32(at)+v)]
	if place-*seen <= reach {
		w.last = end
	}
	*seen = place
	w.next = end + 1
}
