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
	base uint32 // of the next chunk; 0 if seen must be cleared first

	found [filterBlock]uint16
}

const (
	reach       = 1<<16 - 1 // the distance that still counts as shortly before
	tailSize    = 16        // bytes at the end of a chunk where no instruction starts
	filterBlock = 4096      // bytes that are searched at a time
)

// nextBase returns the base for a chunk of n bytes.
func (f *x86Filter) nextBase(n int) uint32 {
	if f.base == 0 || uint64(f.base)+uint64(n) > math.MaxUint32 {
		clear(f.seen[:])
		f.base = reach + 1
	}
	base := f.base
	f.base = 0
	if next := uint64(base) + uint64(n) + reach + 1; next <= math.MaxUint32 {
		f.base = uint32(next)
	}
	return base
}

// undo restores the chunk data. See section 6.9 of the WIM format sheet.
//
// Restoring never alters a byte that is examined as the start of an
// instruction later on. So all instructions of a block can be found before any
// of them is restored, with no regard to whether they overlap. That makes two
// loops whose branches a processor predicts well out of one where it cannot.
func (f *x86Filter) undo(data []byte, find func(f *x86Filter, data []byte, n int) int) {
	w := x86Walk{seen: &f.seen, base: f.nextBase(len(data)), next: 1, last: -1024}
	end := len(data) - tailSize
	for i := 1; i < end; i += filterBlock {
		n := find(f, data[i:], min(filterBlock, end-i))
		w.restore(data, i, f.found[:n])
	}
}

// An x86Walk is the state of one pass over a chunk.
type x86Walk struct {
	seen *[1 << 16]uint32
	base uint32
	next int // where the next instruction may start
	last int // end of the last instruction that addressed a place seen before
}

// restore restores the instructions that start at from + found[i], but for
// those that start within another.
func (w *x86Walk) restore(data []byte, from int, found []uint16) {
	next, last := w.next, w.last
	for _, at := range found {
		i := from + int(at)
		if i < next {
			continue
		}
		opcode, limit := 3, 1023
		switch data[i] {
		case 0xE9: // a jmp; its operand was left alone
			next = i + 5
			continue
		case 0xE8:
			opcode, limit = 1, 511
		case 0xFF:
			opcode = 2
		}
		operand := data[i+opcode : i+opcode+4]
		v := binary.LittleEndian.Uint32(operand)
		if i-last <= limit {
			v -= uint32(i)
			binary.LittleEndian.PutUint32(operand, v)
		}
		end := i + opcode + 3
		place := w.base + uint32(end)
		seen := &w.seen[uint16(uint32(i)+v)]
		if place-*seen <= reach {
			last = end
		}
		*seen = place
		next = end + 1
	}
	w.next, w.last = next, last
}

// x86Start reports whether an instruction that the filter knows starts b.
func x86Start(b []byte) bool {
	v := binary.LittleEndian.Uint32(b[:4:4])
	return v&0xFE == 0xE8 || // call rel32, jmp rel32
		v&0xFFFF == 0x15FF || // call [rip+disp32]
		v&0xFFFFFF == 0x0583F0 || // lock add [rip+disp32], imm8
		v&0x07FFFB == 0x058D48 || // lea r64, [rip+disp32]
		v&0xF7FFFF == 0x058B48 // mov r64, [rip+disp32], for low registers
}

// findGo lists in f.found where in the first n bytes of data x86Start holds,
// and returns how many places these are. It examines eight at a time; tailSize
// more bytes must follow.
func findGo(f *x86Filter, data []byte, n int) int {
	found := 0
	for i := 0; i < n; i += 32 {
		m := uint32(0)
		if i+34 <= len(data) {
			b := data[i : i+34 : i+34]
			w0, w1, w2, w3 := load64(b, 0), load64(b, 8), load64(b, 16), load64(b, 24)
			if (w0|w1|w2|w3|load64(b, 25))&high == 0 {
				continue // see x86Starts
			}
			m = x86Starts(w0, load64(b, 1), load64(b, 2)) |
				x86Starts(w1, load64(b, 9), load64(b, 10))<<8 |
				x86Starts(w2, load64(b, 17), load64(b, 18))<<16 |
				x86Starts(w3, load64(b, 25), load64(b, 26))<<24
		} else {
			for j := i; j < n; j += 8 {
				m |= x86Starts(load64(data, j), load64(data, j+1), load64(data, j+2)) << (j - i)
			}
		}
		for ; m != 0; m &= m - 1 {
			f.found[found%filterBlock] = uint16(i + bits.TrailingZeros32(m))
			found++
		}
	}
	// Drop what x86Starts let pass wrongly, and what is behind n.
	exact := 0
	for _, at := range f.found[:found] {
		f.found[exact] = at
		if x86Start(data[at:]) && int(at) < n {
			exact++
		}
	}
	return exact
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
	low  = 0x7F * ones
)

// x86Starts sets bit i of the result if x86Start may hold where bytes i of b0,
// b1 and b2 are the first three. It lets a few others pass, which costs less
// than to examine all bits of a byte.
//
// In what it lets pass, one of the first two bytes is over 0x7F.
func x86Starts(b0, b1, b2 uint64) uint32 {
	// In each of these, a byte is zero where there is an instruction, but
	// for the highest bits of b0 and b1. Adding low to bytes of seven bits
	// sets the highest bit of those that are not zero.
	call := b0&(0x7E*ones) ^ 0x68*ones                                                                // E8, E9
	rip := (b0&(0x70*ones) ^ 0x70*ones) | b1&(0x68*ones)                                              // FF 15, F0 83
	rex := (b0&(0x7B*ones) ^ 0x48*ones) | (b1&(0x79*ones) ^ 0x09*ones) | (b2&(0x07*ones) ^ 0x05*ones) // 48/4C 8B/8D x5/xD
	m := (b0&^((call+low)&(rip+low)) | b1&^(rex+low)) & high
	// Gather the highest bits of the bytes: bit 8i+7 goes to bit 56+i.
	return uint32(m >> 7 * 0x0102040810204080 >> 56)
}
