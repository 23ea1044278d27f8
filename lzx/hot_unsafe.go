//go:build !purego

package lzx

import (
	"math/bits"
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// hotUnsafe is hotPlain without bounds checks, and with fewer branches for the items
// that leave the inner loop.
//
// What keeps it within bounds:
//
//   - Input: next is at most len(in)-8 at first and only moves down, by at most 7
//     after each load. At each load it is at least inputEnd, so it stays above 0.
//   - Tables: an index is a number of as many bits as the table has, or checked.
//   - Output, main loop: at <= last = len(dst)-8 holds at each item, so the 8
//     bytes at it end before dst does. A source is used only if it is at most
//     at-length, which does not wrap, as at >= 8 >= length.
//   - Output, other items: the source is checked against the start. Copies go in
//     steps of 24 bytes as long as they begin before end, and end+24 <= len(dst).
func (d *Decoder) hotUnsafe(dst []byte, pos int) int {
	if pos < 8 || pos > len(dst)-8 || d.bits.next < inputEnd {
		return pos
	}
	main := unsafe.Pointer((*[1 << mainBits]uint32)(d.main.Main))
	lengths := (*[1 << lengthBits]uint32)(d.length.Main)
	aligned := (*[1 << alignedMaxCode]uint32)(d.aligned.Main)
	in := unsafe.Pointer(unsafe.SliceData(d.bits.in))
	out := unsafe.Pointer(unsafe.SliceData(dst))
	next, buf, n := uint(d.bits.next), d.bits.buf, d.bits.n
	recent, firstAligned := d.recent, d.firstAligned
	at, last := uint(pos), uint(len(dst)-8)

	buf |= rawmem.Load64(in, next) >> (n & 63)
	next -= ^n >> 3 & 7
	n |= 56
	e := rawmem.Entry(main, buf>>(64-mainBits))
	for {
		for at <= last && next >= inputEnd && e&flagSpecial == 0 {
			length := lengthOf(e)
			s := slotOf(e)
			after := recent.pushIf(s.newOffset(bits.RotateLeft64(buf, int(e&entryBits))), s)
			src := at - uint(after.newest())
			if src > at-length {
				break
			}
			recent = after
			buf <<= e & entryBits
			n -= uint(e & entryBits)
			following := rawmem.Entry(main, buf>>(64-mainBits))
			buf |= rawmem.Load64(in, next) >> (n & 63)
			next -= ^n >> 3 & 7
			n |= 56

			v := rawmem.Load64(out, src)
			if length == literalLength {
				v = uint64(e >> entryLiteral)
			}
			rawmem.Store64(out, at, v)
			at += length
			e = following
		}
		if at > last || next < inputEnd {
			break
		}
		if e == entryLong {
			e = d.main.Long[buf>>d.main.LongShift-d.main.LongBase]
			if e&flagSpecial == 0 {
				continue
			}
		}

		// One item of any kind, looked at in copies of the state, which is left as it
		// was when the item is not for here. Whether a match has a length symbol and
		// an aligned symbol is hard to predict, so they are looked up always, and
		// masked away: isLong and isAligned are all ones or zero.
		s := slotOf(e)
		footer := uint(s.footer)
		code := uint(e&entryBits) - footer
		b, left := buf<<(code&63), n-code
		length := lengthOf(e)
		isLong := -uint32((length + 16 - longMatch) >> 4)
		l := lengths[b>>(64-lengthBits)] & isLong
		if l == entryLong {
			l = d.length.Long[b>>d.length.LongShift-d.length.LongBase]
		}
		if l|^isLong == 0 {
			break // no length code
		}
		length += uint(l >> symbolEntry)
		b <<= l & symbolEntryBits
		left -= uint(l & symbolEntryBits)
		after := recent
		if s.isNew == 0 {
			after = recent.repeat(e >> entrySlot)
		} else {
			offset := uint32(bits.RotateLeft64(b, int(footer))) & s.mask
			isAligned := uint32((int64(firstAligned) - 1 - int64(e>>entrySlot)) >> 63)
			plain := footer - alignedBits&uint(isAligned)
			b <<= plain & 63
			a := aligned[b>>(64-alignedMaxCode)] & isAligned
			offset = offset&^(7&isAligned) + a>>symbolEntry
			b <<= a & symbolEntryBits
			left -= plain + uint(a&symbolEntryBits)
			after = recent.push(s.base + offset)
		}
		offset := uint(after.newest())
		end := at + length
		src := at - offset
		if offset > at || end > uint(len(dst)) || lengthOf(e) == literalLength {
			break
		}
		recent, buf, n = after, b, left
		buf |= rawmem.Load64(in, next) >> (n & 63)
		next -= ^n >> 3 & 7
		n |= 56
		e = rawmem.Entry(main, buf>>(64-mainBits))
		if offset >= 8 && end+16 <= last {
			rawmem.Store64(out, at, rawmem.Load64(out, src))
			rawmem.Store64(out, at+8, rawmem.Load64(out, src+8))
			rawmem.Store64(out, at+16, rawmem.Load64(out, src+16))
			for at+24 < end {
				at, src = at+24, src+24
				rawmem.Store64(out, at, rawmem.Load64(out, src))
				rawmem.Store64(out, at+8, rawmem.Load64(out, src+8))
				rawmem.Store64(out, at+16, rawmem.Load64(out, src+16))
			}
		} else {
			copyMatch(dst[:end], int(at), int(offset))
		}
		at = end
	}
	d.bits.next, d.bits.buf, d.bits.n = int(next), buf, n
	d.recent = recent
	return int(at)
}
