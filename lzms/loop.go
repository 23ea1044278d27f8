package lzms

import "math/bits"

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
// allowed for by 128 bits per item and 64 for all. An item makes at least one
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
// registers. BenchmarkVariants compares it with decoding by item alone.
//
// The next main decision is prepared (its bound is known) before the symbols
// of an item are decoded, for they do not matter to it. So, where the
// processor has predicted it wrongly, it learns that early.
//
// What it needs of the state is in locals as far as there are registers. It
// stops at d.limit bytes of output; a match that ends beyond d.margin cannot be
// copied by 32 bytes. How it accesses memory is in memory_purego.go and,
// without bounds checks, in memory_unsafe.go.
func goLoop(d *Decoder) pause {
	items := d.batch()
	if items == 0 {
		return pauseItem
	}
	width, code := d.rng.width, d.rng.code
	bit := uint64(d.bits.left + 7) // as in peek
	buf := d.bits.peek(d.src)
	top := buf // begins with the same tableBits bits, and is known earlier
	out := uint(d.out)
	d.limit = out + uint(items)
	d.margin = uint(max(len(d.dst)-32, 0))
	why := pauseItem
	mainState := uint(d.main.state % 16)
	if width <= 0xFFFF {
		width <<= 16
		code = code<<16 | d.word()
	}
	bound := width >> 6 * d.main.chanceOf(mainState)

	for out < d.limit {
		if code < bound {
			width = bound
			d.main.learn(mainState, 0, &d.rng)
			mainState = mainState << 1 % 16
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chanceOf(mainState)

			e := uint(d.literal.at(top))
			if e == 0 {
				e = uint(d.literal.lookupLong(buf))
			}
			bit -= uint64(e % 64)
			top = bits.RotateLeft64(buf, int(e))
			buf = d.load(bit) << (^bit & 7)
			d.put(out, byte(e>>entryBits))
			out++
			d.literal.count(e >> entryBits)
			d.literal.left--
			if d.literal.left == 0 {
				break
			}
			continue
		}
		width -= bound
		code -= bound
		d.main.learn(mainState, 1, &d.rng)
		mainState = (mainState<<1 | 1) % 16

		// An LZ or a delta match?
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.word()
		}
		state := uint(d.match.state)
		bound = width >> 6 * d.match.chanceOf(state)
		if code >= bound {
			width -= bound
			code -= bound
			d.match.learn(state, 1, &d.rng)
			d.match.state = uint32((state<<1 + 1) % 32)
			why = pauseDelta
			break
		}
		width = bound
		d.match.learn(state, 0, &d.rng)
		d.match.state = uint32(state << 1 % 32)

		// An explicit or a repeat offset?
		if width <= 0xFFFF {
			width <<= 16
			code = code<<16 | d.word()
		}
		state = uint(d.lz.state)
		bound = width >> 6 * d.lz.chanceOf(state)
		var offset uint32
		if code < bound {
			width = bound
			d.lz.learn(state, 0, &d.rng)
			d.lz.state = uint32(state << 1 % 64)
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chanceOf(mainState)

			e := uint(d.lzOffset.at(top))
			if e == 0 {
				e = uint(d.lzOffset.lookupLong(buf))
			}
			bit -= uint64(e % 64)
			top = bits.RotateLeft64(buf, int(e)) // ends with the plain bits
			buf = d.load(bit) << (^bit & 7)
			s := offsets.at(e >> entryBits)
			offset = s.base + uint32(top)&s.mask
			d.lzQueue[3] = d.lzQueue[2]
			d.lzQueue[2] = d.lzQueue[1]
			d.lzQueue[1] = d.lzQueue[0]
			d.lzQueue[0] = offset
			d.lzOffset.count(e >> entryBits)
			d.lzOffset.left--
			if d.lzOffset.left == 0 {
				d.limit = 0
			}
		} else {
			width -= bound
			code -= bound
			d.lz.learn(state, 1, &d.rng)
			d.lz.state = uint32((state<<1 + 1) % 64)

			// Was the last item a match, and an LZ match? See repeat.
			i := uint32(mainState) >> 1 &^ (d.match.state >> 1) & 1
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			state = uint(d.lzRepeat0.state)
			bound = width >> 6 * d.lzRepeat0.chanceOf(state)
			if code < bound {
				width = bound
				d.lzRepeat0.learn(state, 0, &d.rng)
				d.lzRepeat0.state = uint32(state << 1 % 64)
			} else {
				width -= bound
				code -= bound
				d.lzRepeat0.learn(state, 1, &d.rng)
				d.lzRepeat0.state = uint32((state<<1 + 1) % 64)

				if width <= 0xFFFF {
					width <<= 16
					code = code<<16 | d.word()
				}
				state = uint(d.lzRepeat1.state)
				bound = width >> 6 * d.lzRepeat1.chanceOf(state)
				if code < bound {
					width = bound
					d.lzRepeat1.learn(state, 0, &d.rng)
					d.lzRepeat1.state = uint32(state << 1 % 64)
					i++
				} else {
					width -= bound
					code -= bound
					d.lzRepeat1.learn(state, 1, &d.rng)
					d.lzRepeat1.state = uint32((state<<1 + 1) % 64)
					i += 2
				}
			}
			if width <= 0xFFFF {
				width <<= 16
				code = code<<16 | d.word()
			}
			bound = width >> 6 * d.main.chanceOf(mainState)

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
		s := lengths.at(e >> entryBits)
		length := s.base + uint32(top)&s.mask
		d.length.count(e >> entryBits)
		d.length.left--
		if d.length.left == 0 {
			d.limit = 0
		}

		if uint(offset) > out || out+uint(length) > uint(d.margin) {
			d.copyOffset, d.copyLength = offset, length
			why = pauseCopy
			break
		}
		to, from := out, out-uint(offset)
		out += uint(length)
		switch {
		case offset >= 16:
			for {
				d.copy32(to, from)
				to += 32
				from += 32
				if to >= out {
					break
				}
			}
		case offset >= 8:
			for ; to < out; to += 8 {
				d.put64(to, d.get64(from))
				from += 8
			}
		default:
			// Eight bytes of repetitions, stored at steps of the greatest
			// multiple of offset that is not over eight. The offset is
			// not 0: no slot stands for that, and the queue does not
			// begin with it.
			n := 8 * uint(offset)
			v := d.get64(from) << (64 - n) >> (64 - n)
			v |= v << n
			v |= v << (2 * n)
			v |= v << (4 * n)
			step := uint(8 - 8%offset)
			for ; to < out; to += step {
				d.put64(to, v)
			}
		}
	}

	d.rng.width, d.rng.code = width, code
	d.bits.left = int64(bit - 7)
	d.out = int(out)
	d.main.state = uint32(mainState)
	return why
}
