package lzms

import "fmt"

// item decodes one item: a literal, an LZ match or a delta match. It is the
// readable description of the format and serves wherever the fast loops do
// not: near the ends of the streams.
func (d *Decoder) item() error {
	if d.decide(&d.main) == 0 {
		d.dst[d.out] = byte(d.symbol(&d.literal))
		d.out++
		return nil
	}
	if d.decide(&d.match) == 0 {
		return d.lzMatch()
	}
	return d.deltaMatch()
}

// symbol decodes a symbol of c, counts it, and rebuilds c when that is due.
// It returns the number that the symbol, with the plain bits that follow it,
// stands for.
func (d *Decoder) symbol(c *code) uint32 {
	if c.left == 0 {
		d.build.rebuild(c)
	}
	buf := d.bits.peek(d.src)
	e := c.lookup(buf)
	d.bits.left -= int64(e.bits())
	c.freq[e.symbol()]++
	c.left--
	return c.number(e, buf)
}

// decide decodes one outcome of k.
func (d *Decoder) decide(k *decision) uint32 { return d.rng.decide(d.src, k) }

// repeat decodes which entry of a queue a repeat match uses.
//
// The queues are updated one item late: what a match uses is not in them for
// the next item. Updating them at once and passing over the first entry
// directly after a match of the same kind comes to the same.
func (d *Decoder) repeat(first, second *decision) uint32 {
	i := d.decide(first)
	if i != 0 {
		i += d.decide(second)
	}
	// The lowest bits of both states are this item's, a match of this
	// kind. The ones before tell whether the last item was a match, and
	// whether the last match was of the same kind.
	afterMatch := d.main.state >> 1 & 1
	sameKind := ^(d.match.state ^ d.match.state>>1) & 1
	return i + afterMatch&sameKind
}

// lzMatch decodes the rest of an LZ match: a copy of earlier output.
func (d *Decoder) lzMatch() error {
	var offset uint32
	last := uint32(3) // the queue entry that goes
	if d.decide(&d.lz) == 0 {
		offset = d.symbol(&d.lzOffset)
	} else {
		last = d.repeat(&d.lzRepeat0, &d.lzRepeat1)
		offset = d.lzQueue[last]
	}
	copy(d.lzQueue[1:last+1], d.lzQueue[:last])
	d.lzQueue[0] = offset
	return d.copyMatch(offset, d.symbol(&d.length))
}

// copyMatch copies length bytes that begin offset bytes back. Where the two
// overlap, the copy repeats itself.
func (d *Decoder) copyMatch(offset, length uint32) error {
	if err := d.checkMatch(uint64(offset), length); err != nil {
		return err
	}
	start, end := d.out-int(offset), d.out+int(length)
	for d.out < end {
		// All since start is the source repeated, so it doubles each time.
		d.out += copy(d.dst[d.out:end], d.dst[start:d.out])
	}
	return nil
}

// A deltaSource says what a delta match continues: a table whose entries are
// 1<<power bytes apart, as it was offset entries ago.
type deltaSource struct {
	power, offset uint32
}

// deltaMatch decodes the rest of a delta match.
func (d *Decoder) deltaMatch() error {
	var s deltaSource
	last := uint32(3)
	if d.decide(&d.delta) == 0 {
		s.power = d.symbol(&d.power)
		s.offset = d.symbol(&d.deltaOffset)
	} else {
		last = d.repeat(&d.deltaRepeat0, &d.deltaRepeat1)
		s = d.deltaQueue[last]
	}
	copy(d.deltaQueue[1:last+1], d.deltaQueue[:last])
	d.deltaQueue[0] = s

	length := d.symbol(&d.length)
	span := uint64(1) << s.power
	offset := uint64(s.offset) << s.power
	if err := d.checkMatch(offset+span, length); err != nil {
		return err
	}
	// out[i] - out[i-span] = out[i-offset] - out[i-offset-span]
	n := int(length)
	to := d.dst[d.out:][:n]
	near := d.dst[d.out-int(span):][:n]
	far := d.dst[d.out-int(offset):][:n]
	farther := d.dst[d.out-int(offset+span):][:n]
	for i := range to {
		to[i] = near[i] + far[i] - farther[i]
	}
	d.out += n
	return nil
}

// checkMatch reports whether a match reaches back too far or has too many
// bytes.
func (d *Decoder) checkMatch(distance uint64, length uint32) error {
	if distance > uint64(d.out) {
		return fmt.Errorf("%w: match at output byte %d reaches back %d bytes, to before the chunk's start",
			ErrCorrupt, d.out, distance)
	}
	if room := len(d.dst) - d.out; uint64(length) > uint64(room) {
		return fmt.Errorf("%w: match at output byte %d has %d bytes, but only %d are left of the chunk's %d",
			ErrCorrupt, d.out, length, room, len(d.dst))
	}
	return nil
}
