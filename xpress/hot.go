package xpress

import "encoding/binary"

// hotMargin is how far before the end of the chunk the hot loop stops.
const hotMargin = 16

// hotPlain decodes items into the window from pos on, as long as that takes no
// special care, and returns how far it came. What it leaves are the first and
// the last few bytes, the end of the input, overlapping copies, and the items
// that tables.go calls special, 3 to 8 % of them: it stops before the item.
//
// It does literals and matches of up to 16 bytes alike, by one copy of 16
// bytes, without a branch to tell them apart: in real data no processor
// predicts which of them comes next. (With that branch it loses 12 to 16 % of
// its speed, by BenchmarkDecode on amd64.)
func (d *Decoder) hotPlain(pos uint) uint {
	in, next, buf, n := d.bits.in, d.bits.next, d.bits.buf, d.bits.n
	if pos < maxMain || len(d.out) < hotMargin || next > len(in)-8 {
		return pos
	}
	code, window := &d.code.main, d.window
	// Shown to be so to the compiler, which then knows all indices of window to
	// be in range.
	last := min(uint(len(d.out)), MaxChunk) - hotMargin
	in = in[:len(in):len(in)]

	// Refill: the load goes below the n valid bits, and the (63-n)/16 whole
	// units of it that fit count, which makes n | 48 valid bits. What the
	// buffer then holds of one more unit is read again by the next load, to the
	// same place.
	buf |= unitsInOrder(load64(in, next)) >> (n & 63)
	next += int(^n >> 3 & 6)
	n |= 48
	e := code[buf>>(64-codeBits)]
	for pos < last && next <= len(in)-8 && e&flagSpecial == 0 {
		length := uint(e >> entryLength)
		src := uint(uint16(pos - matchOffset(buf, e)))
		if src > pos-length { // before the start, or an overlap
			if e&flagMatch != 0 {
				break
			}
			src = 0
		}
		// The next entry is looked up before the buffer is refilled.
		buf <<= e & entryBits
		n -= uint(e & entryBits)
		following := code[buf>>(64-codeBits)]
		// At least 48 - 11 - 15 bits are left, so two units fill the buffer.
		load := binary.LittleEndian.Uint32(in[next : next+4 : next+4])
		buf |= unitPair(load) >> (n & 63)
		next += int(^n >> 3 & 6)
		n |= 48

		from, to := window[src:src+16], window[pos:pos+16]
		a := binary.LittleEndian.Uint64(from[:8])
		b := binary.LittleEndian.Uint64(from[8:])
		if e&flagMatch == 0 {
			a = uint64(e >> entryLiteral)
		}
		binary.LittleEndian.PutUint64(to[:8], a)
		binary.LittleEndian.PutUint64(to[8:], b)
		pos += length
		e = following
	}
	d.bits.next, d.bits.buf, d.bits.n = next, buf, n
	return pos
}

func load64(b []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(b[at : at+8 : at+8])
}
