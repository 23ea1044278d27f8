package lzx

import (
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// recentOffsets is the queue R0, R1, R2 of the last match offsets. It lives in a
// ring and grows downward: a new offset goes in front of the newest, and the
// oldest is forgotten without being moved.
type recentOffsets struct {
	ring   [64]uint32
	newest uint // R0 is ring[newest%64], R1 and R2 follow
}

func (q *recentOffsets) set(r0, r1, r2 uint32) {
	q.newest = 0
	q.ring[0], q.ring[1], q.ring[2] = r0, r1, r2
}

// push makes offset the newest.
func (q *recentOffsets) push(offset uint32) {
	q.newest--
	q.ring[q.newest%64] = offset
}

// repeat makes R0 and Rk change places, and returns the new R0. This is not a
// move to the front: with k = 2, R1 stays where it is.
func (q *recentOffsets) repeat(k uint) uint32 {
	r0, rk := &q.ring[q.newest%64], &q.ring[(q.newest+k)%64]
	*r0, *rk = *rk, *r0
	return *r0
}

// readTables reads the codes of a verbatim or aligned block (the WIM format
// sheet, section 5.4).
func (d *Decoder) readTables(kind uint32) error {
	entries := verbatimMain
	if kind == blockAligned {
		entries = alignedMain
		var lengths [numAlignedSymbols]uint8
		for i := range lengths {
			lengths[i] = uint8(d.bits.bits(3))
		}
		if err := d.aligned.Build(lengths[:], symbols[:numAlignedSymbols]); err != nil {
			return fmt.Errorf("aligned offset code: %w", err)
		}
	}
	main := d.mainLengths[:d.mainSymbols]
	if err := d.readLengths(main[:numLiterals]); err != nil {
		return fmt.Errorf("lengths of the literals: %w", err)
	}
	if err := d.readLengths(main[numLiterals:]); err != nil {
		return fmt.Errorf("lengths of the match symbols: %w", err)
	}
	if err := d.readLengths(d.lengthLengths[:]); err != nil {
		return fmt.Errorf("lengths of the length symbols: %w", err)
	}
	if err := d.main.Build(main, entries[:d.mainSymbols]); err != nil {
		return fmt.Errorf("main code: %w", err)
	}
	// Without a match longer than 8 bytes there is no length code.
	err := d.length.Build(d.lengthLengths[:], symbols[:])
	if err != nil && !errors.Is(err, huffman.ErrEmpty) {
		return fmt.Errorf("length code: %w", err)
	}
	d.mayHaveCalls = d.mayHaveCalls || main[e8Opcode] != 0
	return nil
}

// readLengths updates one part of the codeword lengths. A pretree comes first,
// and its symbols say how each length differs from the one of the last block,
// modulo 17.
func (d *Decoder) readLengths(lengths []uint8) error {
	r := &d.bits
	var pretree [numPretreeSymbols]uint8
	for i := range pretree {
		pretree[i] = uint8(r.bits(4))
	}
	if err := d.pretree.Build(pretree[:], symbols[:numPretreeSymbols]); err != nil {
		return fmt.Errorf("pretree: %w", err)
	}
	for i := 0; i < len(lengths); {
		r.refill()
		e := d.pretree.Lookup(r.buf)
		r.consume(uint(e & symbolEntryBits))
		symbol := e >> symbolEntry
		if symbol < 17 {
			lengths[i] = lengthMinus(lengths[i], symbol)
			i++
			continue
		}
		// A run of one value.
		var run int
		var value uint8
		switch symbol {
		case 17:
			run = 4 + int(r.bits(4))
		case 18:
			run = 20 + int(r.bits(5))
		default:
			run = 4 + int(r.bits(1))
			e = d.pretree.Lookup(r.buf)
			r.consume(uint(e & symbolEntryBits))
			if e>>symbolEntry >= 17 {
				return fmt.Errorf("run of pretree symbol %d", e>>symbolEntry)
			}
			value = lengthMinus(lengths[i], e>>symbolEntry)
		}
		if run > len(lengths)-i {
			return fmt.Errorf("run of %d lengths where %d are left", run, len(lengths)-i)
		}
		for ; run > 0; run-- {
			lengths[i] = value
			i++
		}
	}
	return nil
}

// lengthMinus returns (length - delta) mod 17.
func lengthMinus(length uint8, delta uint32) uint8 {
	v := int(length) - int(delta)
	if v < 0 {
		v += 17
	}
	return uint8(v)
}

// A match is a copy of length bytes from offset bytes before.
type match struct {
	length int
	offset uint32
}

// check returns the error for a match at pos in a block that ends at end, or nil
// if it is a good one.
func (m match) check(pos, end int) error {
	if m.length > end-pos {
		return corrupt("match of %d bytes at output offset %d passes the end of its block", m.length, pos)
	}
	if uint64(m.offset) > uint64(pos) {
		return corrupt("match at output offset %d reaches %d bytes back, before the start", pos, m.offset)
	}
	return nil
}

// decodeBlock decodes the items of a verbatim or aligned block, dst[pos:end].
// The hot loop does nearly all of them, and stops before one that it must not
// do: near the start and the end, or one that is wrong.
func (d *Decoder) decodeBlock(dst []byte, pos, end int) error {
	for {
		var ok bool
		if pos, ok = d.hotPlain(dst, pos, end); !ok {
			return d.badMatch.check(pos, end)
		}
		if pos == end {
			return nil
		}
		var err error
		if pos, err = d.decodeItem(dst, pos, end); err != nil {
			return err
		}
	}
}

// decodeItem decodes one item at pos and returns the position behind it (the
// WIM format sheet, section 5.6).
func (d *Decoder) decodeItem(dst []byte, pos, end int) (int, error) {
	r := &d.bits
	r.refill() // 56 bits are enough for the longest item: 16 + 16 + 17
	e := d.main.Lookup(r.buf)
	footer := uint(e>>entryFooter) & 31
	r.consume(uint(e&entryBits) - footer)
	if e&flagLiteral != 0 {
		dst[pos] = byte(e >> entryLiteral)
		return pos + 1, nil
	}
	m := match{length: int(e>>entryLength) & 15}
	if m.length == longMatch {
		l := d.length.Lookup(r.buf)
		if l == 0 {
			return pos, corrupt("match at output offset %d needs a length symbol, but its block has none", pos)
		}
		r.consume(uint(l & symbolEntryBits))
		m.length += int(l >> symbolEntry)
	}
	if e&flagRecent != 0 {
		m.offset = d.recent.repeat(uint(e>>entryRepeat) & 3)
	} else {
		m.offset = e >> entryMantissa & 15
		if e&flagAligned != 0 {
			m.offset = m.offset<<(footer-alignedBits) | r.take(footer-alignedBits)
			a := d.aligned.Lookup(r.buf)
			r.consume(uint(a & symbolEntryBits))
			m.offset = m.offset<<alignedBits | a>>symbolEntry
		} else {
			m.offset = m.offset<<footer | r.take(footer)
		}
		m.offset -= 2
		d.recent.push(m.offset)
	}
	if err := m.check(pos, end); err != nil {
		return pos, err
	}
	copyMatch(dst[:pos+m.length], pos, int(m.offset))
	return pos + m.length, nil
}

// copyMatch fills dst from pos to its end with what stands offset bytes before.
// The copy may read what it has just written.
func copyMatch(dst []byte, pos, offset int) {
	src := dst[pos-offset:]
	for i := range dst[pos:] {
		dst[pos+i] = src[i]
	}
}
