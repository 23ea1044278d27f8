package lzx

import (
	"encoding/binary"
	"math/bits"
)

// A bitReader reads the chunk's bits. LZX packs them into 16-bit little-endian
// units, most significant bit first (the WIM format sheet, section 5.2).
//
// The chunk is copied once with its units in reverse order. An 8-byte
// little-endian load that ends where the read units begin then has the next 64
// bits in their order, whatever byte it starts at:
//
//	chunk    U0lo U0hi U1lo U1hi U2lo U2hi ...
//	in                      ... U2lo U2hi U1lo U1hi U0lo U0hi
//	first load, top byte first: U0hi U0lo U1hi U1lo U2hi ...
//
// In front of the units stand margin zero bytes, so that a chunk reads as if
// zeros followed it.
type bitReader struct {
	in   []byte
	next int    // the next load is in[next : next+8]; the read position moves down
	buf  uint64 // the next bits, the first one on top
	n    uint   // how many of them are valid: 0 to 63. Lower ones are zero or right
}

const (
	// margin is the number of zero bytes in front of the units.
	margin = 24

	// inputEnd is the value of next when every unit has been loaded: the next
	// load then takes nothing but zeros.
	inputEnd = margin - 8

	// maxPastEnd is how many of the zero bits after the input a chunk may use:
	// an encoder may leave out the last unit or two when they are zero.
	maxPastEnd = 32
)

// reset puts the reader at the start of src. reverse is [reverseUnits] or does
// the same.
func (r *bitReader) reset(src []byte, reverse func(out, src []byte)) {
	size := (len(src) + 1) &^ 1
	if need := margin + size; cap(r.in) < need {
		r.in = make([]byte, need)
	}
	r.in = r.in[:margin+size]
	reverse(r.in[margin:], src)
	r.seek(0)
}

// reverseUnits writes the 16-bit units of src into out in reverse order. When
// src ends in half a unit, the other half is zero.
func reverseUnits(out, src []byte) {
	for len(src) >= 16 && len(out) >= 16 {
		// Four 16-bit lanes change places: the halves, then the lanes of each.
		v := bits.RotateLeft64(binary.LittleEndian.Uint64(src), 32)
		w := bits.RotateLeft64(binary.LittleEndian.Uint64(src[8:]), 32)
		v = v&evenLanes<<16 | v>>16&evenLanes
		w = w&evenLanes<<16 | w>>16&evenLanes
		binary.LittleEndian.PutUint64(out[len(out)-8:], v)
		binary.LittleEndian.PutUint64(out[len(out)-16:], w)
		src, out = src[16:], out[:len(out)-16]
	}
	for ; len(src) >= 2; src, out = src[2:], out[:len(out)-2] {
		out[len(out)-2], out[len(out)-1] = src[0], src[1]
	}
	if len(src) == 1 {
		out[0], out[1] = src[0], 0
	}
}

const evenLanes = 0x0000ffff0000ffff

// seek moves the reader to a byte of the chunk, which must be an even one.
func (r *bitReader) seek(at int) {
	r.next = len(r.in) - 8 - at
	r.buf, r.n = 0, 0
}

// consumed is the number of bits read so far.
func (r *bitReader) consumed() int64 {
	return int64(len(r.in)-8-r.next)*8 - int64(r.n)
}

// overrun tells whether more bits were used than the input has. The reader
// stops at next = 0, where (inputEnd - 0) * 8 = 128 bits past the end have been
// loaded and at most 63 of them not used, so it cannot miss an overrun.
func (r *bitReader) overrun() bool {
	return (inputEnd-r.next)*8-int(r.n) > maxPastEnd
}

// refill makes at least 56 bits valid. With n valid bits it appends a load
// below them and counts the (63-n)/8 whole bytes of it that fit, which makes
// n + 8*((63-n)/8) = n | 56 of them. The bits of one more byte that the
// buffer may then hold are read again by the next load, to the same place.
func (r *bitReader) refill() {
	r.buf |= binary.LittleEndian.Uint64(r.in[r.next:]) >> (r.n & 63)
	r.next = max(0, r.next-int((63^r.n)>>3))
	r.n |= 56
}

// consume drops count bits; they must be valid.
func (r *bitReader) consume(count uint) {
	r.buf <<= count & 63
	r.n -= count
}

// read reads count bits, 1 to 32, as a number.
func (r *bitReader) read(count uint) uint32 {
	r.refill()
	v := uint32(r.buf >> (64 - count))
	r.consume(count)
	return v
}
