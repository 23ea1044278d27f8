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

	found [filterBlock + 1]uint16 // see find
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
func (f *x86Filter) undo(data []byte, v variant) {
	w := x86Walk{seen: &f.seen, base: f.nextBase(len(data)), next: 1, last: -1024}
	end := len(data) - tailSize
	for i := 1; i < end; i += filterBlock {
		n := v.find(f, data[i:], min(filterBlock, end-i))
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

// restore restores the instructions that start at from + found[i], except
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

// findPlain lists in f.found where in the first n bytes of data x86Start holds,
// and returns how many places these are; tailSize more bytes must follow.
func findPlain(f *x86Filter, data []byte, n int) int {
	found := 0
	for i := range n {
		if x86Start(data[i:]) {
			f.found[found] = uint16(i)
			found++
		}
	}
	return found
}

// findGo is findPlain with fewer branches.
//
// It looks at opcodes first, eight at a time: at E8, E9 and FF, which start an
// instruction, and at 83, 8B and 8D, which follow its prefix. What looks like
// one is then tested in full. BenchmarkFind compares the two.
func findGo(f *x86Filter, data []byte, n int) int {
	// Bit k of opcodes is for data[k+1].
	var opcodes [filterBlock / 8]uint8
	i := 0
	for ; i < n && i+34 <= len(data); i += 32 {
		b := data[i+1 : i+34 : i+34]
		w0, w1, w2, w3 := load64(b, 0), load64(b, 8), load64(b, 16), load64(b, 24)
		if (w0|w1|w2|w3)&high == 0 {
			continue // text, for instance
		}
		o := opcodes[i/8:][:4:4]
		o[0] = x86Opcodes(w0, load64(b, 1))
		o[1] = x86Opcodes(w1, load64(b, 9))
		o[2] = x86Opcodes(w2, load64(b, 17))
		o[3] = x86Opcodes(w3, load64(b, 25))
	}
	for ; i < n; i += 8 {
		opcodes[i/8] = x86Opcodes(load64(data, i+1), load64(data, i+2))
	}

	// The place is stored in any case, and counted if it is one.
	found := uint64(0)
	if v := binary.LittleEndian.Uint16(data); v&0xFE == 0xE8 || v == 0x15FF {
		f.found[0] = 0
		found = 1
	}
	for i := 0; i < n; i += 64 {
		m := binary.LittleEndian.Uint64(opcodes[i/8:][:8:8])
		for ; m != 0; m &= m - 1 {
			at := i + bits.TrailingZeros64(m)
			v := uint64(binary.LittleEndian.Uint32(data[at : at+4 : at+4]))
			// As in x86Start. A product is zero if one factor is.
			second := isZero((v&0xFE00 ^ 0xE800) * (v&0xFFFF00 ^ 0x15FF00))
			first := isZero((v&0xFFFFFF^0x0583F0)*(v&0x07FFFB^0x058D48)) | isZero(v&0xF7FFFF^0x058B48)
			f.found[found] = uint16(uint64(at) + second)
			found += first | second
		}
	}
	for found > 0 && int(f.found[found-1]) >= n {
		found--
	}
	return int(found)
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// x86Opcodes sets bit i of the result if byte i of b may be the opcode of an
// instruction that the filter knows, given that byte i of next comes after it.
// It lets others pass, which costs less than to examine all bits.
func x86Opcodes(b, next uint64) uint8 {
	// Where b has its highest bit set and call or rip is zero; they are
	// less than 0x80. Borrows do not occur.
	call := b&(0x7E*ones) ^ 0x68*ones          // E8, E9
	rip := next&(7*ones) + b&ones<<3 ^ 13*ones // an odd opcode; x5 or xD follows
	m := ((high - call) | (high - rip)) & b & high
	// Gather the highest bits of the bytes: bit 8i+7 goes to bit 56+i.
	return uint8(m * 0x0002040810204081 >> 56)
}

// isZero returns 1 if x is zero; x is less than 1<<63.
func isZero(x uint64) uint64 { return (x - 1) >> 63 }
