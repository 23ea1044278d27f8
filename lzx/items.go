package lzx

import "math/bits"

// A copyItem is a match: a copy of length bytes from offset bytes before.
type copyItem struct {
	length int
	offset uint32
}

// check returns the error for a match at pos in a block that ends at end, or
// nil if it is a good one.
func (m copyItem) check(pos, end int) error {
	if m.length > end-pos {
		return corrupt("match of %d bytes at output offset %d passes the end of its block", m.length, pos)
	}
	if uint64(m.offset) > uint64(pos) {
		return corrupt("match at output offset %d reaches %d bytes back, before the start", pos, m.offset)
	}
	return nil
}

// decodeItems decodes the items of a verbatim or aligned block, dst[pos:end].
// The hot loop does nearly all of them, and stops before one that it must not
// do.
func (d *Decoder) decodeItems(dst []byte, pos, end int) error {
	for {
		if pos = d.hot(dst, pos, end); pos == end {
			return nil
		}
		var err error
		if pos, err = d.decodeItem(dst, pos, end); err != nil {
			return err
		}
		if pos == end {
			return nil
		}
	}
}

// decodeItem decodes one item at pos and returns the position after it (the
// WIM format sheet, section 5.6).
func (d *Decoder) decodeItem(dst []byte, pos, end int) (int, error) {
	r := &d.bits
	r.refill() // 56 bits are enough for the longest item: 16 + 16 + 17
	e := d.main.Lookup(r.buf)
	m := copyItem{length: int(lengthOf(e))}
	if m.length == literalLength {
		r.consume(uint(e & entryBits))
		dst[pos] = byte(e >> entryLiteral)
		return pos + 1, nil
	}
	slot := slotOf(e)
	s := &slots[slot]
	r.consume(codeBits(e))
	if m.length == longMatch {
		l := d.length.Lookup(r.buf)
		if l == 0 {
			return pos, corrupt("match at output offset %d needs a length symbol, but its block has none", pos)
		}
		r.consume(uint(l & symbolEntryBits))
		m.length += int(l >> symbolEntry)
	}
	switch {
	case slot < repeatSlots:
		d.recent = d.recent.repeat(slot)
	case e&flagAligned == 0:
		d.recent = d.recent.push(s.newOffset(bits.RotateLeft64(r.buf, int(s.footer))))
		r.consume(uint(s.footer))
	default:
		// The last three bits are not plain ones, but a codeword.
		plain := bits.RotateLeft64(r.buf, int(s.footer)-alignedBits)
		r.consume(uint(s.footer) - alignedBits)
		a := d.aligned.Lookup(r.buf)
		r.consume(uint(a & symbolEntryBits))
		d.recent = d.recent.push(s.alignedOffset(plain, a))
	}
	m.offset = uint32(d.recent.newest())
	if err := m.check(pos, end); err != nil {
		return pos, err
	}
	copyMatch(dst[:pos+m.length], pos, int(m.offset))
	return pos + m.length, nil
}

// copyMatch fills dst from pos to its end with what stands offset bytes before.
// The copy may read what it has just written: each round doubles what is there.
func copyMatch(dst []byte, pos, offset int) {
	from := dst[pos-offset : pos]
	for to := dst[pos:]; len(to) > 0; {
		n := copy(to, from)
		to = to[n:]
		from = dst[pos-offset : len(dst)-len(to)]
	}
}
