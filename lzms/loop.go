package lzms

import (
	"encoding/binary"
	"math/bits"
)

// An engine is an implementation of the hot loops. Engines differ in nothing
// but speed.
type engine struct {
	name string
	loop func(*Decoder) pause
	find func(f *x86Filter, data []byte, n int) int
}

// goEngine is the one that every build has.
var goEngine = engine{"go", goLoop, findGo}

// A pause says why a loop returned.
type pause int

const (
	pauseItem  pause = iota // before an item, for whatever reason
	pauseDelta              // in an item that has turned out to be a delta match
	pauseCopy               // in an LZ match that is still to be copied
)

// batch rebuilds the codes that are due, and returns how many items a loop may
// decode before it has to look at the streams and at dst again.
//
// An item takes at most five words from the front, one for each decision, and
// a loop may be one ahead: 12 bytes, allowed for by 16. From the back it takes
// at most 45 bits for each of two symbols, and then loads the 64 that follow:
// allowed for by 128 bits an item and 64 for all. An item makes at least one
// byte, so a loop need not count them: it can stop when it has made as many
// bytes.
func (d *Decoder) batch() int {
	for _, c := range [...]*code{&d.literal, &d.length, &d.lzOffset} {
		if c.left == 0 {
			d.build.rebuild(c)
		}
	}
	forward := int64(len(d.src)-d.rng.next) >> 4
	backward := (d.bits.left - 64) >> 7
	return int(max(min(forward, backward, int64(len(d.dst)-d.out)), 0))
}

// goLoop decodes literals and LZ matches until something rare happens or one
// of the streams comes near its end. It is item and lzMatch, with all that
// they call, in one function without calls, so that the state lives in
// registers. BenchmarkEngines compares it with decoding by item alone.
//
// The next main decision is prepared (its bound is known) before the symbols
// of an item are decoded, for they do not matter to it. So, where the
// processor has predicted it wrongly, it learns that early.
func goLoop(d *Decoder) pause {
	items := d.batch()
	if items == 0 {
		return pauseItem
	}
	width, code := d.rng.width, d.rng.code
	bit := uint64(d.bits.left + 7) // as in peek
	buf := d.bits.peek(d.src)
	top := buf // begins with the same tableBits bits, and is known earlier
	out := d.out
	limit := out + items
	why := pauseItem
	mainState := d.main.state
	if width <= 0xFFFF {
		width <<= 16
		code = code<<16 | d.word()
	}
	bound := width >> 6 * d.main.chance[mainState%16]

	for out < limit {
		if code < bound {
			width = bound
			d.main.learn0(mainState % 16)
			mainState <<= 1
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chance[mainState%16]

			e := uint(d.literal.at(top))
			if e == 0 {
				e = uint(d.literal.lookupLong(buf))
			}
			bit -= uint64(e % 64)
			top = bits.RotateLeft64(buf, int(e))
			buf = d.load(bit) << (^bit & 7)
			d.dst[out] = byte(e >> entryBits)
			out++
			d.literal.freq[e>>entryBits%1024]++
			d.literal.left--
			if d.literal.left == 0 {
				break
			}
			continue
		}
		width -= bound
		code -= bound
		d.main.learn1(mainState % 16)
		mainState = mainState<<1 | 1

		// An LZ or a delta match?
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.word()
		}
		state := d.match.state % 32
		bound = width >> 6 * d.match.chance[state]
		if code >= bound {
			width -= bound
			code -= bound
			d.match.learn1(state)
			d.match.state = (state<<1 | 1) % 32
			why = pauseDelta
			break
		}
		width = bound
		d.match.learn0(state)
		d.match.state = state << 1 % 32

		// An explicit or a repeat offset?
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.word()
		}
		state = d.lz.state % 64
		bound = width >> 6 * d.lz.chance[state]
		var offset uint32
		if code < bound {
			width = bound
			d.lz.learn0(state)
			d.lz.state = state << 1 % 64
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chance[mainState%16]

			e := uint(d.lzOffset.at(top))
			if e == 0 {
				e = uint(d.lzOffset.lookupLong(buf))
			}
			bit -= uint64(e % 64)
			top = bits.RotateLeft64(buf, int(e)) // ends with the plain bits
			buf = d.load(bit) << (^bit & 7)
			s := &offsets.slot[e>>entryBits%1024]
			offset = s.base + uint32(top)&s.mask
			d.lzQueue[3] = d.lzQueue[2]
			d.lzQueue[2] = d.lzQueue[1]
			d.lzQueue[1] = d.lzQueue[0]
			d.lzQueue[0] = offset
			d.lzOffset.freq[e>>entryBits%1024]++
			d.lzOffset.left--
		} else {
			width -= bound
			code -= bound
			d.lz.learn1(state)
			d.lz.state = (state<<1 | 1) % 64

			// Was the last item a match, and an LZ match? See repeat.
			i := mainState >> 1 &^ (d.match.state >> 1) & 1
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			state = d.lzRepeat0.state % 64
			bound = width >> 6 * d.lzRepeat0.chance[state]
			if code < bound {
				width = bound
				d.lzRepeat0.learn0(state)
				d.lzRepeat0.state = state << 1 % 64
			} else {
				width -= bound
				code -= bound
				d.lzRepeat0.learn1(state)
				d.lzRepeat0.state = (state<<1 | 1) % 64

				if width <= 0xFFFF {
					width <<= 16
					code = code<<16 | d.word()
				}
				state = d.lzRepeat1.state % 64
				bound = width >> 6 * d.lzRepeat1.chance[state]
				if code < bound {
					width = bound
					d.lzRepeat1.learn0(state)
					d.lzRepeat1.state = state << 1 % 64
					i++
				} else {
					width -= bound
					code -= bound
					d.lzRepeat1.learn1(state)
					d.lzRepeat1.state = (state<<1 | 1) % 64
					i += 2
				}
			}
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chance[mainState%16]

			offset = d.lzQueue[i%4]
			for ; i > 0; i-- {
				d.lzQueue[i%4] = d.lzQueue[(i-1)%4]
			}
			d.lzQueue[0] = offset
		}

		e := uint(d.length.at(top))
		if e == 0 {
			e = uint(d.length.lookupLong(buf))
		}
		bit -= uint64(e % 64)
		top = bits.RotateLeft64(buf, int(e))
		buf = d.load(bit) << (^bit & 7)
		s := &lengths.slot[e>>entryBits%1024]
		length := s.base + uint32(top)&s.mask
		d.length.freq[e>>entryBits%1024]++
		d.length.left--
		if d.length.left == 0 || d.lzOffset.left == 0 {
			limit = 0
		}

		if int64(offset) > int64(out) || int64(length) > int64(len(d.dst)-32-out) {
			d.copyOffset, d.copyLength = offset, length
			why = pauseCopy
			break
		}
		to, from := out, out-int(offset)
		out += int(length)
		if offset < 8 {
			repeatShort(d.dst, to, out, uint(offset))
			continue
		}
		for {
			d.copy32(to, from)
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
	d.main.state = mainState % 16
	return why
}

// word reads a word of the forward stream, which must not be near its end.
func (d *Decoder) word() uint32 {
	n := d.rng.next
	w := d.src[n : n+2 : n+2]
	d.rng.next = n + 2
	return uint32(w[0]) | uint32(w[1])<<8
}

// load loads the eight bytes of the backward stream, which must not be near
// its end, before the byte that bit is in.
func (d *Decoder) load(bit uint64) uint64 {
	end := int(bit >> 3)
	return binary.LittleEndian.Uint64(d.src[end-8 : end : end])
}

// copy32 copies 32 bytes within dst, eight at a time, so that the two places
// may overlap if they are eight bytes apart.
func (d *Decoder) copy32(to, from int) {
	a, b := d.dst[to:to+32:to+32], d.dst[from:from+32:from+32]
	binary.LittleEndian.PutUint64(a[0:], load64(b, 0))
	binary.LittleEndian.PutUint64(a[8:], load64(b, 8))
	binary.LittleEndian.PutUint64(a[16:], load64(b, 16))
	binary.LittleEndian.PutUint64(a[24:], load64(b, 24))
}

// repeatShort fills dst[to:end] with repetitions of the offset bytes before
// it, and may write seven bytes more. The offset is 1 to 7: no slot stands for
// an offset of 0, and the queue does not begin with one.
func repeatShort(dst []byte, to, end int, offset uint) {
	// Eight bytes of repetitions, stored at steps of the greatest multiple
	// of offset that is not over eight.
	v := load64(dst, to-int(offset)) << (64 - 8*offset) >> (64 - 8*offset)
	v |= v << (8 * offset)
	v |= v << (16 * offset)
	v |= v << (32 * offset)
	step := int(8 - 8%offset)
	for ; to < end; to += step {
		binary.LittleEndian.PutUint64(dst[to:to+8:to+8], v)
	}
}
