package lzx

import (
	"encoding/binary"
	"math/bits"
)

// hotPlain decodes items of a block, dst[pos:], as long as that takes no special
// care, and returns how far it came. What it leaves are the first and the last
// few bytes, the end of the input, and matches that are wrong: it stops before
// the item.
//
// The inner loop does literals and matches of up to 8 bytes alike, by one copy of 8
// bytes, without a branch to tell them apart: in real data no processor predicts
// which of them comes next. (The XPRESS decoder, which is built alike, loses 12 to
// 16 % of its speed with that branch, by BenchmarkDecode on amd64.) What needs more
// leaves the inner loop: long matches, codewords longer than the table's index, R1,
// R2, aligned offsets, and copies that overlap. Those are 10 to 20 % of the items.
func (d *Decoder) hotPlain(dst []byte, pos int) int {
	dst = dst[:len(dst):len(dst)]
	if pos < 8 || pos > len(dst)-8 || d.bits.next < inputEnd {
		return pos
	}
	main := (*[1 << mainBits]uint32)(d.main.Main)
	lengths := (*[1 << lengthBits]uint32)(d.length.Main)
	aligned := (*[1 << alignedMaxCode]uint32)(d.aligned.Main)
	in, buf, n := d.bits.in[:d.bits.next+8], d.bits.buf, d.bits.n
	recent, firstAligned := d.recent, d.firstAligned

	// The buffer is refilled as in bitReader. The rest of in, not an index, is
	// where the reader stands: so the compiler sees that no load is out of bounds.
	buf |= binary.LittleEndian.Uint64(in[len(in)-8:]) >> (n & 63)
	in = in[:len(in)-int(^n>>3&7)]
	n |= 56
	e := main[buf>>(64-mainBits)]
	for {
		for pos <= len(dst)-8 && len(in) >= inputEnd+8 && e&flagSpecial == 0 {
			length := int(lengthOf(e))
			s := slotOf(e)
			after := recent.pushIf(s.newOffset(bits.RotateLeft64(buf, int(e&entryBits))), s)
			src := pos - int(after.newest())
			if uint(src) > uint(pos-length) {
				break // before the start, or an overlap
			}
			recent = after
			// The next entry is looked up before the buffer is refilled: after
			// at most 16 + 17 bits it still has enough for that.
			buf <<= e & entryBits
			n -= uint(e & entryBits)
			following := main[buf>>(64-mainBits)]
			buf |= binary.LittleEndian.Uint64(in[len(in)-8:]) >> (n & 63)
			in = in[:len(in)-int(^n>>3&7)]
			n |= 56

			v := load64(dst, src)
			if length == literalLength {
				v = uint64(e >> entryLiteral)
			}
			store64(dst, pos, v)
			pos += length
			e = following
		}
		if pos > len(dst)-8 || len(in) < inputEnd+8 {
			break
		}
		if e == entryLong {
			e = d.main.Long[buf>>d.main.LongShift-d.main.LongBase]
			if e&flagSpecial == 0 {
				continue
			}
		}

		// One item of any kind. It is looked at in copies of the state, which is
		// left as it was when the item is not for here.
		s := slotOf(e)
		footer := uint(s.footer)
		code := uint(e&entryBits) - footer
		b, left := buf<<(code&63), n-code
		length := int(lengthOf(e))
		if length == longMatch {
			l := lengths[b>>(64-lengthBits)]
			if l == entryLong {
				l = d.length.Long[b>>d.length.LongShift-d.length.LongBase]
			}
			if l == 0 {
				break
			}
			length += int(l >> symbolEntry)
			b <<= l & symbolEntryBits
			left -= uint(l & symbolEntryBits)
		}
		after := recent
		if s.isNew == 0 {
			after = recent.repeat(e >> entrySlot)
		} else {
			offset := s.newOffset(bits.RotateLeft64(b, int(footer)))
			if e>>entrySlot >= firstAligned {
				// The last three bits are not plain ones, but a codeword.
				b <<= (footer - alignedBits) & 63
				a := aligned[b>>(64-alignedMaxCode)]
				offset = s.base + (offset-s.base)&^7 + a>>symbolEntry
				left -= footer - alignedBits
				footer = uint(a & symbolEntryBits)
			}
			b <<= footer & 63
			left -= footer
			after = recent.push(offset)
		}
		offset := int(after.newest())
		end := pos + length
		src := pos - offset
		if src < 0 || end > len(dst) || lengthOf(e) == literalLength {
			break // a wrong match, or a literal while R0 is before the start
		}
		recent, buf, n = after, b, left
		buf |= binary.LittleEndian.Uint64(in[len(in)-8:]) >> (n & 63)
		in = in[:len(in)-int(^n>>3&7)]
		n |= 56
		e = main[buf>>(64-mainBits)]
		if offset >= 8 && end <= len(dst)-8 {
			for {
				store64(dst, pos, load64(dst, src))
				pos += 8
				src += 8
				if pos >= end {
					break
				}
			}
		} else {
			copyMatch(dst[:end], pos, offset)
		}
		pos = end
	}
	d.bits.next, d.bits.buf, d.bits.n = len(in)-8, buf, n
	d.recent = recent
	return pos
}

func load64(b []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(b[at : at+8 : at+8])
}

func store64(b []byte, at int, v uint64) {
	binary.LittleEndian.PutUint64(b[at:at+8:at+8], v)
}
