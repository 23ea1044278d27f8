//go:build !purego

package lzx

import (
	"math/bits"
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// A slot has 1<<slotShift bytes; if not, this index is out of range.
const slotShift = 5

var _ = [1]struct{}{}[unsafe.Sizeof(slot{})-1<<slotShift]

// hotUnsafe is hotPlain without bounds checks.
//
// What keeps it within bounds:
//
//   - Input: next is at most len(in)-8 at first and only moves down, by at most 7
//     after each load. At each load it is at least inputEnd, so it stays above 0.
//   - Tables: an index is a number of as many bits as the table has, or checked.
//   - Output, main path: at <= last = len(dst)-8 holds at each item, so the 8
//     bytes at it end before dst does. A source is used only if it is at most
//     at-length, which does not wrap, as at >= 8 >= length.
//   - Output, other items: the source is checked against the start. Copies go in
//     steps of 24 bytes as long as they begin before end, and end+24 <= len(dst).
func (d *Decoder) hotUnsafe(dst []byte, pos int) int {
	if pos < 8 || pos > len(dst)-8 || d.bits.next < inputEnd {
		return pos
	}
	in := unsafe.Pointer(unsafe.SliceData(d.bits.in))
	out := unsafe.Pointer(unsafe.SliceData(dst))
	next, buf, n, recent := uint(d.bits.next), d.bits.buf, d.bits.n, d.recent
	at, last := uint(pos), uint(len(dst)-8)

	buf |= rawmem.Load64(in, next) >> (n & 63)
	next -= ^n >> 3 & 7
	n |= 56
	e := d.tables.main[buf>>(64-mainBits)]
items:
	for at <= last && next >= inputEnd {
		var after recentOffsets
		var b uint64
		var left, length uint
		switch {
		case e&(flagSpecial|flagAligned) == 0: // a TEST, where one bit makes it a BT
			length = lengthOf(e)
			s := (*slot)(unsafe.Add(unsafe.Pointer(&d.tables.slots), e>>(entrySlot-slotShift)&(entrySlotMask<<slotShift)))
			after = recent.pushIf(s.newOffset(bits.RotateLeft64(buf, int(e))), s)
			// Only the low six bits of n are looked at, in this loop.
			b, left = buf<<(e&entryBits), n-uint(e)
			if src := at - uint(after.newest()); src <= at-length {
				following := d.tables.main[b>>(64-mainBits)]
				recent, buf, n = after, b, left
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
				continue items
			}
			if length == literalLength {
				break items
			}
		case e&flagAligned != 0:
			b, left, length = buf, n, lengthOf(e)
			upTo := uint(e&entryBits) - alignedBits
			if length == longMatch {
				code := codeBits(e)
				b <<= code & 63
				l := d.tables.length[b>>(64-lengthBits)]
				if l == entryLong {
					l = d.length.LookupLong(b)
				}
				if l == 0 {
					break items
				}
				length += uint(l >> symbolEntry)
				b <<= l & symbolEntryBits
				left -= code + uint(l&symbolEntryBits)
				upTo -= code
			}
			plain := bits.RotateLeft64(b, int(upTo))
			b <<= upTo & 63
			a := d.tables.aligned[b>>(64-alignedMaxCode)]
			b <<= a & symbolEntryBits
			left -= upTo + uint(a&symbolEntryBits)
			after = recent.push(d.tables.slots[slotOf(e)].alignedOffset(plain, a))
		default:
			if e == entryLong {
				e = d.main.LookupLong(buf)
				continue items
			}
			length = lengthOf(e)
			code := codeBits(e)
			b, left = buf<<(code&63), n-code
			if length == longMatch {
				l := d.tables.length[b>>(64-lengthBits)]
				if l == entryLong {
					l = d.length.LookupLong(b)
				}
				if l == 0 {
					break items
				}
				length += uint(l >> symbolEntry)
				b <<= l & symbolEntryBits
				left -= uint(l & symbolEntryBits)
			}
			if slot := slotOf(e); slot < repeatSlots {
				after = recent.repeat(slot)
			} else {
				// The footer has no lookup to wait for.
				footer := uint(e&entryBits) - code
				after = recent.push(d.tables.slots[slot].newOffset(bits.RotateLeft64(b, int(footer))))
				b <<= footer & 63
				left -= footer
			}
		}

		offset := uint(after.newest())
		end := at + length
		src := at - offset
		if offset > at || end > uint(len(dst)) {
			break items
		}
		e = d.tables.main[b>>(64-mainBits)]
		recent, buf, n = after, b, left
		buf |= rawmem.Load64(in, next) >> (n & 63)
		next -= ^n >> 3 & 7
		n |= 56
		if offset >= 8 && end+16 <= last {
			for {
				rawmem.Store64(out, at, rawmem.Load64(out, src))
				rawmem.Store64(out, at+8, rawmem.Load64(out, src+8))
				rawmem.Store64(out, at+16, rawmem.Load64(out, src+16))
				at, src = at+24, src+24
				if at >= end {
					break
				}
			}
		} else {
			copyMatch(dst[:end], int(at), int(offset))
		}
		at = end
	}
	d.bits.next, d.bits.buf, d.bits.n = int(next), buf, n&63
	d.recent = recent
	return int(at)
}
