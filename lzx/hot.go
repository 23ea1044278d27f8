package lzx

import (
	"encoding/binary"
	"math/bits"
)

// hotPlain decodes items of a block, dst[pos:], as long as that takes no
// special care, and returns how far it came. What it leaves are the first and
// the last few bytes, the end of the input, and what is wrong: it stops before
// the item.
//
// Literals and matches of up to 8 bytes are done alike, by one copy of 8 bytes,
// without a branch to tell them apart: in real data no processor predicts which
// of them comes next. (The XPRESS decoder, which is built alike, loses 12 to 16
// % of its speed with that branch, by BenchmarkDecode on amd64.) What needs
// more are matches with an aligned symbol, and special items: long matches,
// codewords longer than the table's index, R1 and R2. They are 10 to 20 % of
// the items. Each of the two kinds has a branch and code of its own, as a
// processor that has guessed wrong once for an item should not have to guess
// again.
func (d *Decoder) hotPlain(dst []byte, pos int) int {
	dst = dst[:len(dst):len(dst)]
	if pos < 8 || pos > len(dst)-8 || d.bits.next < inputEnd {
		return pos
	}
	t := &d.tables
	in, buf, n, recent := d.bits.in[:d.bits.next+8], d.bits.buf, d.bits.n, d.recent

	// The buffer is refilled as in bitReader. The rest of in, not an index, is
	// where the reader stands: so the compiler sees that no load is out of
	// bounds.
	buf |= binary.LittleEndian.Uint64(in[len(in)-8:]) >> (n & 63)
	in = in[:len(in)-int(^n>>3&7)]
	n |= 56
	e := t.main[buf>>(64-mainBits)]
items:
	for pos <= len(dst)-8 && len(in) >= inputEnd+8 {
		// The item is a match of length bytes at after.newest(), and b and left
		// are what buf and n are after it.
		var after recentOffsets
		var b uint64
		var left uint
		length := int(lengthOf(e))
		switch {
		case e&flagSpecial == 0:
			s := &t.slots[slotOf(e)]
			after = recent.pushIf(s.newOffset(bits.RotateLeft64(buf, int(e&entryBits))), s)
			b, left = buf<<(e&entryBits), n-uint(e&entryBits)
			if src := pos - int(after.newest()); uint(src) <= uint(pos-length) {
				// Not before the start, and no overlap. The next entry is
				// looked up before the buffer is refilled: after at most
				// 16 + 17 bits it still has enough for that.
				following := t.main[b>>(64-mainBits)]
				recent, buf, n = after, b, left
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
				continue items
			}
			if length == literalLength {
				break items // R0 is before the start: decodeItem does not need it
			}
		case e&flagAligned != 0:
			// Up to the aligned symbol
			upTo := uint(e&entryBits) - alignedBits
			b, left = buf, n
			if length == longMatch {
				code := codeBits(e)
				b <<= code & 63
				l := d.length.Lookup(b)
				if l == 0 {
					break items // no length code
				}
				length += int(l >> symbolEntry)
				b <<= l & symbolEntryBits
				left -= code + uint(l&symbolEntryBits)
				upTo -= code
			}
			plain := bits.RotateLeft64(b, int(upTo))
			b <<= upTo & 63
			a := t.aligned[b>>(64-alignedMaxCode)]
			b <<= a & symbolEntryBits
			left -= upTo + uint(a&symbolEntryBits)
			after = recent.push(t.slots[slotOf(e)].alignedOffset(plain, a))
		default:
			if e == entryLong {
				e = d.main.LookupLong(buf)
				continue items
			}
			code := codeBits(e)
			b, left = buf<<(code&63), n-code
			if length == longMatch {
				l := d.length.Lookup(b)
				if l == 0 {
					break items // no length code
				}
				length += int(l >> symbolEntry)
				b <<= l & symbolEntryBits
				left -= uint(l & symbolEntryBits)
			}
			if slot := slotOf(e); slot < repeatSlots {
				after = recent.repeat(slot)
			} else {
				s := &t.slots[slot]
				after = recent.push(s.newOffset(bits.RotateLeft64(b, int(s.footer))))
				b <<= s.footer & 63
				left -= uint(s.footer)
			}
		}

		offset := int(after.newest())
		end := pos + length
		src := pos - offset
		if src < 0 || end > len(dst) {
			break // a wrong match
		}
		// The items of 16 + 16 + 21 bits leave 11 of the 64 in b.
		e = t.main[b>>(64-mainBits)]
		recent, buf, n = after, b, left
		buf |= binary.LittleEndian.Uint64(in[len(in)-8:]) >> (n & 63)
		in = in[:len(in)-int(^n>>3&7)]
		n |= 56
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
