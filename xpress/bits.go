package xpress

import (
	"encoding/binary"
	"math/bits"
)

// A bitReader reads the chunk's bits and, between them, its length bytes (the
// WIM format sheet, section 4.3). Bits are packed into 16-bit little-endian
// units, most significant bit first. What follows the input reads as zero.
type bitReader struct {
	in   []byte
	next int    // where the next unit is loaded from
	buf  uint64 // the next bits, the first one on top
	n    uint   // how many of them are valid: 0 to 63. Lower ones are zero or right
}

// maxPastEnd is how many of the zero bits after the input a chunk may use: an
// encoder may leave out the last unit or two when they are zero.
const maxPastEnd = 32

// overrun tells whether more bits were used than that.
func (r *bitReader) overrun() bool {
	return int64(r.next)*8-int64(r.n) > int64(len(r.in))*8+maxPastEnd
}

// refill makes at least 48 bits valid, a unit at a time.
func (r *bitReader) refill() {
	if r.next <= len(r.in)-8 {
		r.buf |= unitsInOrder(load64(r.in, r.next)) >> (r.n & 63)
		r.next += int(^r.n >> 3 & 6)
		r.n |= 48
		return
	}
	r.buf &= ^uint64(0) << (64 - r.n)
	for r.n < 48 {
		var unit [2]byte
		if r.next < len(r.in) {
			copy(unit[:], r.in[r.next:])
		}
		r.buf |= uint64(binary.LittleEndian.Uint16(unit[:])) << (48 - r.n)
		r.next += 2
		r.n += 16
	}
}

// consume drops count bits; they must be valid.
func (r *bitReader) consume(count uint) {
	r.buf <<= count & 63
	r.n -= count
}

// giveBack returns where length bytes are, for a reader with n valid bits after
// the symbol that has them, and how many bits are valid there.
//
// The place of these bytes depends on how far a reader of the format's inventor
// has read ahead: to at least 16 bits past the symbol, and by whole units, so
// to 16 + n%16 bits. What another reader has beyond that it gives back.
func giveBack(next, n uint) (uint, uint) {
	surplus := n/16 - 1
	return next - 2*surplus, n - 16*surplus
}

// lengthBytes reads what follows a symbol with a length field of 15, and
// returns the length less 3. ok is false when the input ends before that.
func (r *bitReader) lengthBytes() (length uint, ok bool) {
	next, n := giveBack(uint(r.next), r.n)
	r.next, r.n = int(next), n
	r.buf &= ^uint64(0) << (64 - r.n)

	if r.next >= len(r.in) {
		return 0, false
	}
	length = 15 + uint(r.in[r.next])
	r.next++
	if length < 15+255 {
		return length, true
	}
	if r.next+2 > len(r.in) {
		return 0, false
	}
	length = uint(binary.LittleEndian.Uint16(r.in[r.next:]))
	r.next += 2
	return length, true
}

// unitsInOrder turns an 8-byte little-endian load into the next 64 bits: its
// four units in reverse order.
func unitsInOrder(load uint64) uint64 {
	const even = 0x0000ffff0000ffff
	swapped := bits.RotateLeft64(load, 32)
	return swapped&even<<16 | swapped>>16&even
}

// unitPair is unitsInOrder for a 4-byte load.
func unitPair(load uint32) uint64 {
	return uint64(bits.RotateLeft32(load, 16)) << 32
}
