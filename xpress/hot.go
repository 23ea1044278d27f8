package xpress

import "encoding/binary"

func (d *Decoder) hotPlain(dst []byte, pos int) (int, bool) {
	limit := len(dst) - 16
	in := d.bits.in
	inLimit := len(in) - 8
	if pos < 16 || pos > limit || d.bits.next > inLimit {
		return pos, true
	}
	main := (*[1 << codeBits]uint32)(d.code.Main)
	next, buf, n := d.bits.next, d.bits.buf, d.bits.n
	ok := true

	buf |= unitsTop(binary.LittleEndian.Uint64(in[next:])) >> (n & 63)
	next += int((63^n)>>3) &^ 1
	n |= 48
	e := main[buf>>(64-codeBits)]
	for pos <= limit && next <= inLimit {
		if int32(e) < 0 {
			if e == entryLong {
				e = d.code.Long[buf>>d.code.LongShift-d.code.LongBase]
			}
			if int32(e) < 0 {
				footer := uint(e>>entryFooter) & 31
				codeword := uint(e&entryBits) - footer
				length := int(e>>entryLength) & 31
				b := buf << (codeword & 63)
				nn := n - codeword
				at := next
				if length == longMatch {
					surplus := nn/16 - 1
					at -= int(2 * surplus)
					nn -= 16 * surplus
					b &= ^uint64(0) << ((64 - nn) & 63)
					length = 15 + minMatch + int(in[at])
					at++
					if length == 15+minMatch+255 {
						length = int(binary.LittleEndian.Uint16(in[at:])) + minMatch
						at += 2
					}
					if at > inLimit {
						break
					}
				}
				offset := 1<<footer | int(b>>1>>((63-footer)&63))
				b <<= footer & 63
				nn -= footer
				buf = b
				n = nn
				next = at
				buf |= unitsTop(binary.LittleEndian.Uint64(in[next:])) >> (n & 63)
				next += int((63^n)>>3) &^ 1
				n |= 48
				e = main[buf>>(64-codeBits)]
				if length > len(dst)-pos || offset > pos {
					d.badMatch = match{length, offset}
					ok = false
					break
				}
				to := pos + length
				src := pos - offset
				if offset >= 8 && to <= limit {
					for pos < to {
						binary.LittleEndian.PutUint64(dst[pos:], binary.LittleEndian.Uint64(dst[src:]))
						pos += 8
						src += 8
					}
				} else {
					copyMatch(dst[:to], pos, offset)
				}
				pos = to
				continue
			}
		}

		footer := e >> entryFooter & 31
		length := int(e>>entryLength) & 31
		bits := uint32(buf >> ((64 - e&entryBits) & 63))
		buf <<= e & entryBits
		n -= uint(e & entryBits)
		following := main[buf>>(64-codeBits)]
		buf |= unitsTop(binary.LittleEndian.Uint64(in[next:])) >> (n & 63)
		next += int((63^n)>>3) &^ 1
		n |= 48

		offset := int(1<<footer | bits&(1<<footer-1))
		src := pos - offset
		if uint(src) > uint(pos-length) {
			if offset > pos {
				d.badMatch = match{length, offset}
				ok = false
				break
			}
			copyMatch(dst[:pos+length], pos, offset)
		} else {
			w := binary.LittleEndian.Uint64(dst[src:])
			w2 := binary.LittleEndian.Uint64(dst[src+8:])
			if e&flagLiteral != 0 {
				w = uint64(e >> entryLiteral)
			}
			binary.LittleEndian.PutUint64(dst[pos:], w)
			binary.LittleEndian.PutUint64(dst[pos+8:], w2)
		}
		pos += length
		e = following
	}
	d.bits.next, d.bits.buf, d.bits.n = next, buf, n
	return pos, ok
}
