package lzms

import "fmt"

// item decodes one item: a literal, an LZ match or a delta match. It is the
// readable description of the format and serves wherever fast does not: near
// the ends of the streams, and for rare items.
func (d *Decoder) item(dst, src []byte) error {
	// The queues of repeat offsets are updated one item late. Updating them
	// at once and passing over the first entry directly after a match of
	// the same kind comes to the same.
	afterLZ := d.main.state & 1 &^ d.match.state
	afterDelta := d.main.state & 1 & d.match.state

	if d.rng.decide(src, &d.main) == 0 {
		dst[d.out] = byte(d.symbol(src, &d.literal))
		d.out++
		return nil
	}
	if d.rng.decide(src, &d.match) == 0 {
		return d.lzMatch(dst, src, afterLZ)
	}
	return d.deltaMatch(dst, src, afterDelta)
}

// repeat decodes which entry of a queue a repeat match uses: 0 to 2, plus
// skip.
func (d *Decoder) repeat(src []byte, first, second *decision, skip uint32) uint32 {
	i := d.rng.decide(src, first)
	if i != 0 {
		i += d.rng.decide(src, second)
	}
	return i + skip
}

// symbol decodes a symbol of c, counts it, and rebuilds c when that is due.
// Symbols that are slots are followed by plain bits; it returns the number
// that they come to.
func (d *Decoder) symbol(src []byte, c *code) uint32 {
	if c.left == 0 {
		d.build.rebuild(c)
	}
	buf := d.bits.peek(src)
	e := c.lookup(buf)
	d.bits.left -= int64(e.bits())
	c.count(e)
	return c.number(e, buf)
}

// lzMatch decodes the rest of an LZ match: a copy of earlier output.
func (d *Decoder) lzMatch(dst, src []byte, skip uint32) error {
	var offset uint32
	last := uint32(3) // the queue entry that goes
	if d.rng.decide(src, &d.lz) == 0 {
		offset = d.symbol(src, &d.lzOffset)
	} else {
		last = d.repeat(src, &d.lzRepeat0, &d.lzRepeat1, skip)
		offset = d.lzQueue[last]
	}
	copy(d.lzQueue[1:last+1], d.lzQueue[:last])
	d.lzQueue[0] = offset

	length := d.symbol(src, &d.length)
	return d.copyMatch(dst, offset, length)
}

// copyMatch copies length bytes that begin offset bytes back. Where the two
// overlap, the copy repeats itself.
func (d *Decoder) copyMatch(dst []byte, offset, length uint32) error {
	if int64(offset) > int64(d.out) {
		return d.badMatch(uint64(offset))
	}
	if int64(length) > int64(len(dst)-d.out) {
		return d.longMatch(dst, length)
	}
	start, end := d.out-int(offset), d.out+int(length)
	for d.out < end {
		// All since start is the source repeated, so it doubles each time.
		d.out += copy(dst[d.out:end], dst[start:d.out])
	}
	return nil
}

// A deltaSource says where a delta match predicts from: bytes that are span =
// 1<<power apart, and a table of them that is offset<<power back.
type deltaSource struct {
	power, offset uint32
}

// deltaMatch decodes the rest of a delta match: for tables of numbers or
// samples of 1<<power bytes, whose differences repeat earlier differences.
func (d *Decoder) deltaMatch(dst, src []byte, skip uint32) error {
	var s deltaSource
	last := uint32(3)
	if d.rng.decide(src, &d.delta) == 0 {
		s.power = d.symbol(src, &d.power)
		s.offset = d.symbol(src, &d.deltaOffset)
	} else {
		last = d.repeat(src, &d.deltaRepeat0, &d.deltaRepeat1, skip)
		s = d.deltaQueue[last]
	}
	copy(d.deltaQueue[1:last+1], d.deltaQueue[:last])
	d.deltaQueue[0] = s

	length := d.symbol(src, &d.length)
	span := uint64(1) << s.power
	offset := uint64(s.offset) << s.power
	if offset+span > uint64(d.out) {
		return d.badMatch(offset + span)
	}
	if int64(length) > int64(len(dst)-d.out) {
		return d.longMatch(dst, length)
	}
	// out[i] - out[i-span] = out[i-offset] - out[i-offset-span]
	n := int(length)
	to := dst[d.out:][:n]
	near := dst[d.out-int(span):][:n]
	far := dst[d.out-int(offset):][:n]
	farther := dst[d.out-int(offset+span):][:n]
	for i := range to {
		to[i] = near[i] + far[i] - farther[i]
	}
	d.out += n
	return nil
}

func (d *Decoder) badMatch(distance uint64) error {
	return fmt.Errorf("%w: match at output byte %d reaches back %d bytes, to before the chunk's start",
		ErrCorrupt, d.out, distance)
}

func (d *Decoder) longMatch(dst []byte, length uint32) error {
	return fmt.Errorf("%w: match at output byte %d has %d bytes, but only %d are left of the chunk's %d",
		ErrCorrupt, d.out, length, len(dst)-d.out, len(dst))
}
