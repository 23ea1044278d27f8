package lzx

import "encoding/binary"

// hotPlain decodes items from pos on and returns how far it came. It stops
// where the careful code must go on, or at a match that is wrong: then ok is
// false and badMatch is that match.
func (d *Decoder) hotPlain(dst []byte, pos, end int) (int, bool) {
	// Eight bytes are written at a time, and matches of up to eight bytes
	// before pos are told from wrong ones by one comparison; see below.
	limit := end - 8
	if pos < 8 || pos > limit || d.bits.next < inputEnd {
		return pos, true
	}
	main := (*[1 << mainBits]uint32)(d.main.Main)
	lengths := (*[1 << lengthBits]uint32)(d.length.Main)
	aligned := (*[1 << alignedMaxCode]uint32)(d.aligned.Main)
	in, next, buf, n := d.bits.in, d.bits.next, d.bits.buf, d.bits.n
	ring, newest := &d.recent.ring, d.recent.newest
	ok := true

	buf |= binary.LittleEndian.Uint64(in[next:]) >> (n & 63)
	next -= int((63 ^ n) >> 3)
	n |= 56
	e := main[buf>>(64-mainBits)]
	for pos <= limit && next >= inputEnd {
		if int32(e) < 0 {
			if e == entryLong {
				e = d.main.Long[buf>>d.main.LongShift-d.main.LongBase]
			}
			if int32(e) < 0 {
				b := buf
				footer := uint(e>>entryFooter) & 31
				used := uint(e&entryBits) - footer
				b <<= used & 63
				length := int(e>>entryLength) & 15
				if length == longMatch {
					l := lengths[b>>(64-lengthBits)]
					if l == entryLong {
						l = d.length.Long[b>>d.length.LongShift-d.length.LongBase]
					}
					if l == 0 {
						break
					}
					length += int(l >> symbolEntry)
					used += uint(l & symbolEntryBits)
					b <<= (l & symbolEntryBits) & 63
				}
				var offset uint32
				if e&flagRecent != 0 {
					r0, rk := &ring[newest%64], &ring[(newest+uint(e>>entryRepeat)&3)%64]
					offset = *rk
					*rk = *r0
					*r0 = offset
				} else {
					offset = e >> entryMantissa & 15
					if e&flagAligned != 0 {
						footer -= alignedBits
						offset = offset<<(footer&31) | uint32(b>>1>>((63-footer)&63))
						b <<= footer & 63
						a := aligned[b>>(64-alignedMaxCode)]
						used += footer + uint(a&symbolEntryBits)
						b <<= (a & symbolEntryBits) & 63
						offset = offset<<alignedBits | a>>symbolEntry
					} else {
						offset = offset<<(footer&31) | uint32(b>>1>>((63-footer)&63))
						used += footer
						b <<= footer & 63
					}
					offset -= 2
					newest--
					ring[newest%64] = offset
				}
				buf = b
				n -= used
				buf |= binary.LittleEndian.Uint64(in[next:]) >> (n & 63)
				next -= int((63 ^ n) >> 3)
				n |= 56
				e = main[buf>>(64-mainBits)]
				if length > end-pos || uint(offset) > uint(pos) {
					d.badMatch = match{length, offset}
					ok = false
					break
				}
				to := pos + length
				src := pos - int(offset)
				if offset >= 8 && to <= limit {
					for {
						binary.LittleEndian.PutUint64(dst[pos:], binary.LittleEndian.Uint64(dst[src:]))
						pos += 8
						src += 8
						if pos >= to {
							break
						}
					}
				} else {
					copyMatch(dst[:to], pos, int(offset))
				}
				pos = to
				continue
			}
		}

		footer := e >> entryFooter & 31
		length := int(e>>entryLength) & 15
		bits := uint32(buf >> ((64 - e&entryBits) & 63))
		buf <<= e & entryBits
		n -= uint(e & entryBits)
		following := main[buf>>(64-mainBits)]
		buf |= binary.LittleEndian.Uint64(in[next:]) >> (n & 63)
		next -= int((63 ^ n) >> 3)
		n |= 56

		offset := (e>>entryMantissa&15)<<footer | bits&(1<<footer-1) - 2
		k := uint(e>>entryRepeat) & 3
		r0 := ring[newest%64]
		rk := ring[(newest+k)%64]
		if e&flagRecent != 0 {
			offset = rk
		}
		ring[(newest+k)%64] = r0
		newest -= uint(^e>>28) & 1
		ring[newest%64] = offset

		src := pos - int(offset)
		if uint(src) > uint(pos-length) {
			if uint(offset) > uint(pos) {
				d.badMatch = match{length, offset}
				ok = false
				break
			}
			if e&flagLiteral != 0 {
				dst[pos] = byte(e >> entryLiteral)
			} else {
				copyMatch(dst[:pos+length], pos, int(offset))
			}
		} else {
			w := binary.LittleEndian.Uint64(dst[src:])
			if e&flagLiteral != 0 {
				w = uint64(e >> entryLiteral)
			}
			binary.LittleEndian.PutUint64(dst[pos:], w)
		}
		pos += length
		e = following
	}
	d.bits.next, d.bits.buf, d.bits.n = next, buf, n
	d.recent.newest = newest
	return pos, ok
}
