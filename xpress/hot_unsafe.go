//go:build !purego

package xpress

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// unsafeMargin is how far before the end of the chunk hotUnsafe stops: it does
// two items of at most 16 bytes between its looks at pos.
const unsafeMargin = 2 * hotMargin

// hotUnsafe is hotPlain without bounds checks. It refills the buffer once for
// two items, and does matches with length bytes too. (Each of the two makes it
// 5 to 15 % faster, by BenchmarkDecode on amd64.)
//
// What keeps it within bounds:
//
//   - Input: next < lastLoad = len(in)-8 holds at each turn, and 8 bytes are loaded
//     at next at its end. Length bytes come before that place: giveBack goes back
//     one unit at least, as n >= 48, and longLength goes on by 3 bytes at most, so
//     that next <= lastLoad still holds at the load.
//   - Table: the index is a number of codeBits bits, and code.main has 1<<codeBits
//     entries.
//   - Window: pos < last = size-32 holds at each turn, and the first item moves it by
//     16 at most, so the 16 bytes at pos end before size <= MaxChunk. A source is
//     used only if it is at most pos-length, which does not wrap, as
//     pos >= 16 >= length; its 16 bytes end before those at pos do. A longer match
//     ends at last or before; up to 15 bytes are written after it.
func (d *Decoder) hotUnsafe(pos uint) uint {
	if pos < maxMain || len(d.out) < unsafeMargin || d.bits.next > len(d.bits.in)-8 {
		return pos
	}
	in := unsafe.Pointer(unsafe.SliceData(d.bits.in))
	lastLoad := uint(len(d.bits.in) - 8)
	code := unsafe.Pointer(&d.code.main)
	out := unsafe.Pointer(unsafe.SliceData(d.out))
	last := uint(len(d.out) - unsafeMargin)

	buf, next, n := refillUnsafe(in, d.bits.buf, uint(d.bits.next), d.bits.n)
	e := rawmem.Entry(code, buf>>(64-codeBits))
	for pos < last && next < lastLoad {
		if e&flagSpecial != 0 {
			if e>>entryLength != longMatch {
				break
			}
			// As in decodeItem, but nothing is consumed before all is known.
			footer := uint(e >> entryFooter & 15)
			after, left := giveBack(next, n+footer-uint(e&entryBits))
			length, after := longLength(in, after)
			offset, end := matchOffset(buf, e), pos+length
			if offset < 16 || offset > pos || end > last {
				break
			}
			for from := pos - offset; pos < end; pos, from = pos+16, from+16 {
				rawmem.Store64(out, pos, rawmem.Load64(out, from))
				rawmem.Store64(out, pos+8, rawmem.Load64(out, from+8))
			}
			pos = end
			next, n = after, left-footer
			buf = buf << (e & entryBits) &^ (^uint64(0) >> (n & 63))
			buf, next, n = refillUnsafe(in, buf, next, n)
			e = rawmem.Entry(code, buf>>(64-codeBits))
			continue
		}

		length, src := uint(e>>entryLength), pos-matchOffset(buf, e)
		if src > pos-length { // before the start, or an overlap
			if length > 1 {
				break
			}
			src = 0
		}
		buf <<= e & entryBits
		second := rawmem.Entry(code, buf>>(64-codeBits))
		copyItem(out, pos, src, length, e)
		pos += length

		// A refill leaves 48 valid bits or more, and 64 right ones. So after 48
		// there are 16 for the next lookup.
		used := (e + second) & entryBits
		if second&flagSpecial == 0 && used <= 48 {
			length, src = uint(second>>entryLength), pos-matchOffset(buf, second)
			if src > pos-length {
				if length > 1 {
					n -= uint(e & entryBits)
					break
				}
				src = 0
			}
			buf <<= second & entryBits
			e = rawmem.Entry(code, buf>>(64-codeBits))
			copyItem(out, pos, src, length, second)
			pos += length
		} else {
			used = e & entryBits
			e = second
		}
		buf, next, n = refillUnsafe(in, buf, next, n-uint(used))
	}
	d.bits.next, d.bits.buf, d.bits.n = int(next), buf, n
	return pos
}

// refillUnsafe is the first refill of hotPlain, with its load in two halves.
func refillUnsafe(in unsafe.Pointer, buf uint64, next, n uint) (uint64, uint, uint) {
	units := unitPair(rawmem.Load32(in, next)) | unitPair(rawmem.Load32(in, next+4))>>32
	return buf | units>>(n&63), next + ^n>>3&6, n | 48
}

// copyItem does a literal or a match of up to 16 bytes, as hotPlain does.
func copyItem(out unsafe.Pointer, pos, src, length uint, e uint32) {
	a := rawmem.Load64(out, src)
	b := rawmem.Load64(out, src+8)
	if length == 1 {
		a = uint64(e >> entryLiteral)
	}
	rawmem.Store64(out, pos, a)
	rawmem.Store64(out, pos+8, b)
}

// longLength reads a length of one byte, or of two more if that is 255.
func longLength(in unsafe.Pointer, next uint) (length, after uint) {
	bytes := rawmem.Load32(in, next)
	if bytes&255 == 255 {
		return minMatch + uint(bytes>>8&0xffff), next + 3
	}
	return longMatch + uint(bytes&255), next + 1
}
