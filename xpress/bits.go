package xpress

import (
	"encoding/binary"
	"math/bits"
)

type bitReader struct {
	in   []byte
	next int    // where the next unit is loaded from
	buf  uint64 // the next bits, the first one on top
	n    uint   // how many of them are valid
}

const maxPastEnd = 32

func (r *bitReader) overrun() bool {
	return r.next*8-int(r.n) > len(r.in)*8+maxPastEnd
}

// refill makes at least 48 bits valid.
func (r *bitReader) refill() {
	r.buf &= ^uint64(0) << (64 - r.n)
	for r.n <= 48 {
		if r.next+2 <= len(r.in) {
			r.buf |= uint64(binary.LittleEndian.Uint16(r.in[r.next:])) << (48 - r.n)
		}
		r.next += 2
		r.n += 16
	}
}

// consume drops count bits; they must be valid.
func (r *bitReader) consume(count uint) {
	r.buf <<= count & 63
	r.n -= count
}

// take reads count bits, 0 to 32, that are known to be valid.
func (r *bitReader) take(count uint) uint32 {
	v := uint32(r.buf >> 1 >> (63 - count))
	r.consume(count)
	return v
}

// lengthBytes reads the length bytes
func (r *bitReader) lengthBytes() (int, bool) {
	surplus := r.n/16 - 1
	r.next -= 2 * int(surplus)
	r.n -= 16 * surplus
	r.buf &= ^uint64(0) << (64 - r.n)
	if r.next >= len(r.in) {
		return 0, false
	}
	b := r.in[r.next]
	r.next++
	if b < 255 {
		return 15 + int(b), true
	}
	if r.next+2 > len(r.in) {
		return 0, false
	}
	v := binary.LittleEndian.Uint16(r.in[r.next:])
	r.next += 2
	return int(v), true
}

func unitsTop(w uint64) uint64 {
	const low = 0x0000ffff0000ffff
	w = bits.RotateLeft64(w, 32)
	return w&low<<16 | w>>16&low
}
