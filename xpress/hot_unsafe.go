//go:build !purego

package xpress

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// hotUnsafe is hotPlain without bounds checks.
//
// What keeps it within bounds:
//
//   - Input: next <= lastLoad = len(in)-8 holds at each load of 4 or 8 bytes at next.
//   - Table: the index is a number of codeBits bits, and code.Main has 1<<codeBits
//     entries.
//   - Window: pos < last = size-16 holds at each item, so the 16 bytes at pos end
//     before size <= MaxChunk < windowSize. A source is used only if it is at most
//     pos-length, which does not wrap, as pos >= 16 >= length; its 16 bytes end
//     before those at pos do.
func (d *Decoder) hotUnsafe(pos uint) uint {
	next, buf, n := uint(d.bits.next), d.bits.buf, d.bits.n
	if pos < maxMain || len(d.out) < hotMargin || d.bits.next > len(d.bits.in)-8 {
		return pos
	}
	in := unsafe.Pointer(unsafe.SliceData(d.bits.in))
	lastLoad := uint(len(d.bits.in) - 8)
	code := unsafe.Pointer(&d.code.main)
	out := unsafe.Pointer(unsafe.SliceData(d.out))
	last := uint(len(d.out) - hotMargin)

	buf |= unitsInOrder(rawmem.Load64(in, next)) >> (n & 63)
	next += ^n >> 3 & 6
	n |= 48
	e := rawmem.Entry(code, buf>>(64-codeBits))
	for pos < last && next <= lastLoad && e&flagSpecial == 0 {
		length := uint(e >> entryLength)
		footer := e >> entryFooter & 15
		offset := uint(1<<footer | uint32(buf>>(e>>entryShift&63))&(1<<footer-1))
		src := (pos - offset) & -uint(e>>26&1)
		if src > pos-length {
			break
		}
		buf <<= e & entryBits
		n -= uint(e & entryBits)
		following := rawmem.Entry(code, buf>>(64-codeBits))
		buf |= unitPair(rawmem.Load32(in, next)) >> (n & 63)
		next += ^n >> 3 & 6
		n |= 48

		a := rawmem.Load64(out, src)
		b := rawmem.Load64(out, src+8)
		if e&flagMatch == 0 {
			a = uint64(e >> entryLiteral)
		}
		rawmem.Store64(out, pos, a)
		rawmem.Store64(out, pos+8, b)
		pos += length
		e = following
	}
	d.bits.next, d.bits.buf, d.bits.n = int(next), buf, n
	return pos
}
