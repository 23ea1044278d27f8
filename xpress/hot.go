package xpress

import "encoding/binary"

// hotMargin is how far before the end of the chunk the hot loop stops: two
// copies of 16 bytes.
const hotMargin = 32

// hotPlain decodes items into the window from pos on, for a chunk of size bytes,
// as long as that takes no special care, and returns how far it came. What it
// leaves are the first and the last few bytes, the end of the input, and matches
// that are wrong: it stops before the item.
//
// The main loop does literals and matches of up to 16 bytes alike, by one copy of
// 16 bytes, without a branch to tell them apart: in real data no processor
// predicts which of them comes next, and a wrong guess costs more than such an
// item does (BenchmarkDecode: a third of the time). What needs more than that
// leaves the loop: longer matches, codewords longer than the table's index, and
// copies that overlap. Those are 3 to 8 % of the items.
func (d *Decoder) hotPlain(pos, size uint) uint {
	// Shown to be so to the compiler, which then knows all indices of window to
	// be in range: pos and the sources are below 64 KiB.
	size = min(size, MaxChunk)
	in, next, buf, n := d.bits.in, d.bits.next, d.bits.buf, d.bits.n
	in = in[:len(in):len(in)]
	if pos < maxMain || size < hotMargin || next > len(in)-8 {
		return pos
	}
	code := (*[1 << codeBits]uint32)(d.code.Main)
	window := &d.window

	for pos < size-hotMargin && next <= len(in)-8 {
		buf |= unitsInOrder(load64(in, next)) >> (n & 63)
		next += int(^n >> 3 & 6)
		n |= 48
		e := code[buf>>(64-codeBits)]
		for pos < size-hotMargin && next <= len(in)-8 && e&flagSpecial == 0 {
			// The first item takes at most 11 + 15 bits. Then there are at least
			// 22 for the second, which nearly always is enough.
			length := uint(e>>entryLength) & 15 // less 1
			src := source(pos, e, buf)
			if src >= pos-length {
				break // before the start, or an overlap
			}
			copyItem(window, pos, src, e)
			pos += length + 1
			buf <<= e & entryBits
			n -= uint(e & entryBits)
			e = code[buf>>(64-codeBits)]

			if e&flagSpecial != 0 || uint(e&entryBits) > n {
				break
			}
			length = uint(e>>entryLength) & 15
			src = source(pos, e, buf)
			if src >= pos-length {
				break
			}
			copyItem(window, pos, src, e)
			pos += length + 1
			buf <<= e & entryBits
			n -= uint(e & entryBits)

			buf |= unitsInOrder(load64(in, next)) >> (n & 63)
			next += int(^n >> 3 & 6)
			n |= 48
			e = code[buf>>(64-codeBits)]
		}
		if pos >= size-hotMargin || next > len(in)-8 {
			break
		}

		// One item of any kind. It is looked at in copies of the state, which is
		// left as it was when the item is not for here.
		b := buf | unitsInOrder(load64(in, next))>>(n&63)
		at := next + int(^n>>3&6)
		left := n | 48
		if e == entryLong {
			e = d.code.Long[b>>d.code.LongShift-d.code.LongBase]
		}
		if e&flagLiteral != 0 {
			window[pos] = byte(e >> entryLiteral)
			pos++
			buf, next, n = b<<(e&entryBits), at, left-uint(e&entryBits)
			continue
		}
		codeword := uint(e >> entryCode & 15)
		footer := uint(e&entryBits) - codeword
		b <<= codeword
		left -= codeword
		length := uint(matchLength(e))
		if length == longMatch {
			// See lengthBytes.
			surplus := left/16 - 1
			at -= 2 * int(surplus)
			left -= 16 * surplus
			b &= ^uint64(0) << ((64 - left) & 63)
			if at > len(in)-3 {
				break
			}
			length += uint(in[at])
			at++
			if length == longMatch+255 {
				length = minMatch + uint(binary.LittleEndian.Uint16(in[at:]))
				at += 2
			}
		}
		offset := uint(matchOffset(b, e))
		if offset > pos || length > size-pos {
			break
		}
		src, end := pos-offset, pos+length
		if offset < 8 {
			copyMatch(window[:end], int(pos), int(offset))
		} else {
			for to := pos; to < end; to, src = to+8, src+8 {
				binary.LittleEndian.PutUint64(window[to:to+8], binary.LittleEndian.Uint64(window[src:src+8]))
			}
		}
		pos = end
		buf, next, n = b<<footer, at, left-footer
	}
	d.bits.next, d.bits.buf, d.bits.n = next, buf, n
	return pos
}

// source returns where in the window the item with entry e at pos is copied from,
// when buf begins with its codeword. That is 0 for a literal: any place does whose
// bytes were not just written, as the processor makes a load wait for those.
// A source before the start becomes one behind pos.
func source(pos uint, e uint32, buf uint64) uint {
	offset := matchOffset(buf<<(e>>entryCode&15), e)
	return uint(uint16(pos-uint(offset))) & uint(int32(e)>>31)
}

// copyItem copies 16 bytes from src to pos, or writes the literal.
func copyItem(window *[windowSize]byte, pos, src uint, e uint32) {
	from, to := window[src:src+16], window[pos:pos+16]
	a := binary.LittleEndian.Uint64(from[:8])
	b := binary.LittleEndian.Uint64(from[8:])
	if e&flagLiteral != 0 {
		a = uint64(e >> entryLiteral)
	}
	binary.LittleEndian.PutUint64(to[:8], a)
	binary.LittleEndian.PutUint64(to[8:], b)
}

func load64(b []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(b[at : at+8 : at+8])
}
