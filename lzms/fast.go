package lzms

import "encoding/binary"

// A pause says why fast returned.
type pause int

const (
	pauseItem  pause = iota // before an item that it cannot do
	pauseDelta              // in an item that has turned out to be a delta match
	pauseCopy               // in an LZ match that is still to be copied
)

// fast decodes literals and LZ matches for as long as nothing rare happens
// and neither stream comes near its end. It is item, lzMatch and all that
// they call in one function without calls, so that the state lives in
// registers.
func (d *Decoder) fast() pause {
	// An item takes at most five decisions of a word each from the front,
	// and 90 bits from the back, after which 57 more are looked at. It
	// makes at least a byte. So if no more than limit bytes are made, the
	// streams need no other check.
	items := min(int64(len(d.dst)-d.out), int64(len(d.src)-d.rng.next)>>4, (d.bits.left-64)>>7)
	if items <= 0 {
		return pauseItem
	}
	width, code := d.rng.width, d.rng.code
	// bit is 7 + the number of bits left.
	bit := uint64(d.bits.left + 7)
	buf := d.bits.peek(d.src)
	top := buf // of which only the next tableBits bits are valid
	out := d.out
	limit := out + int(items)
	why := pauseItem

loop:
	for out < limit {
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.rng.fastWord(d.src)
		}
		p := &d.main.contexts[d.main.state&15]
		bound := width >> 6 * p.zero
		if code < bound {
			width = bound
			p.update(0)
			d.main.state <<= 1

			if d.literal.left == 0 {
				d.build.rebuild(&d.literal)
			}
			e := d.literal.at(top)
			if e == 0 {
				e = d.literal.lookupLong(buf)
			}
			bit -= uint64(e & 63)
			top = buf << (e & 63)
			buf = load64(d.src, int(bit>>3)-8) << (^bit & 7)
			d.dst[out] = byte(e.symbol())
			out++
			d.literal.count(e)
			continue
		}
		width -= bound
		code -= bound
		p.update(1)
		skip := d.main.state & 1 &^ d.match.state
		d.main.state = d.main.state<<1 | 1

		// LZ or delta match
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.rng.fastWord(d.src)
		}
		p = &d.match.contexts[d.match.state&31]
		bound = width >> 6 * p.zero
		if code >= bound {
			width -= bound
			code -= bound
			p.update(1)
			d.match.state = d.match.state<<1 | 1
			why = pauseDelta
			break
		}
		width = bound
		p.update(0)
		d.match.state <<= 1

		// explicit or repeat
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.rng.fastWord(d.src)
		}
		p = &d.lz.contexts[d.lz.state&63]
		bound = width >> 6 * p.zero
		var offset uint32
		if code < bound {
			width = bound
			p.update(0)
			d.lz.state <<= 1

			if d.lzOffset.left == 0 {
				d.build.rebuild(&d.lzOffset)
			}
			e := d.lzOffset.at(top)
			if e == 0 {
				e = d.lzOffset.lookupLong(buf)
			}
			bit -= uint64(e & 63)
			s := &offsets.slot[e.symbol()]
			offset = s.base + uint32(buf>>((64-e)&63))&s.mask
			top = buf << (e & 63)
			buf = load64(d.src, int(bit>>3)-8) << (^bit & 7)
			d.lzQueue[3] = d.lzQueue[2]
			d.lzQueue[2] = d.lzQueue[1]
			d.lzQueue[1] = d.lzQueue[0]
			d.lzQueue[0] = offset
			d.lzOffset.count(e)
		} else {
			width -= bound
			code -= bound
			p.update(1)
			d.lz.state = d.lz.state<<1 | 1

			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.rng.fastWord(d.src)
			}
			p = &d.lzRepeat0.contexts[d.lzRepeat0.state&63]
			bound = width >> 6 * p.zero
			if code < bound {
				width = bound
				p.update(0)
				d.lzRepeat0.state <<= 1
			} else {
				width -= bound
				code -= bound
				p.update(1)
				d.lzRepeat0.state = d.lzRepeat0.state<<1 | 1
				if width <= 0xFFFF {
					width <<= 16
					code = code<<16 | d.rng.fastWord(d.src)
				}
				p = &d.lzRepeat1.contexts[d.lzRepeat1.state&63]
				bound = width >> 6 * p.zero
				if code < bound {
					width = bound
					p.update(0)
					d.lzRepeat1.state <<= 1
					skip++
				} else {
					width -= bound
					code -= bound
					p.update(1)
					d.lzRepeat1.state = d.lzRepeat1.state<<1 | 1
					skip += 2
				}
			}
			offset = d.lzQueue[skip&3]
			for i := skip & 3; i > 0; i-- {
				d.lzQueue[i] = d.lzQueue[i-1]
			}
			d.lzQueue[0] = offset
		}

		if d.length.left == 0 {
			d.build.rebuild(&d.length)
		}
		e := d.length.at(top)
		if e == 0 {
			e = d.length.lookupLong(buf)
		}
		bit -= uint64(e & 63)
		s := &lengths.slot[e.symbol()]
		n := s.base + uint32(buf>>((64-e)&63))&s.mask
		top = buf << (e & 63)
		buf = load64(d.src, int(bit>>3)-8) << (^bit & 7)
		d.length.count(e)

		if int64(offset) > int64(out) || int64(n) > int64(len(d.dst)-32-out) {
			d.lzOffsetDone, d.lengthDone = offset, n
			why = pauseCopy
			break loop
		}
		from, to := out-int(offset), out
		out += int(n)
		if offset < 8 {
			repeatShort(d.dst, to, out, uint(offset))
			continue
		}
		for {
			a, b := d.dst[to:to+32:to+32], d.dst[from:from+32:from+32]
			binary.LittleEndian.PutUint64(a[0:], load64(b, 0))
			binary.LittleEndian.PutUint64(a[8:], load64(b, 8))
			binary.LittleEndian.PutUint64(a[16:], load64(b, 16))
			binary.LittleEndian.PutUint64(a[24:], load64(b, 24))
			to += 32
			from += 32
			if to >= out {
				break
			}
		}
	}

	d.rng.width, d.rng.code = width, code
	d.bits.left = int64(bit - 7)
	d.out = out
	return why
}

// repeatShort is copyMatch for an offset of less than eight. It may write up
// to eight bytes more.
func repeatShort(dst []byte, to, end int, offset uint) {
	if offset == 0 {
		return
	}
	// Eight bytes of the repeated source, and the greatest multiple of
	// offset that is not over eight.
	v := load64(dst, to-int(offset)) << (64 - 8*offset) >> (64 - 8*offset)
	v |= v << (8 * offset)
	v |= v << (16 * offset)
	v |= v << (32 * offset)
	step := int(8 - 8%offset)
	for ; to < end; to += step {
		binary.LittleEndian.PutUint64(dst[to:to+8:to+8], v)
	}
}
