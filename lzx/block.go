package lzx

import (
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// recentOffsets is the queue R0, R1, R2 of the last match offsets, R0 in the low
// bits. Three offsets of 21 bits fit in one register, where a new one is pushed
// by a shift. (The top bit is what is left of an offset that was forgotten.)
type recentOffsets uint64

const (
	offsetBits = windowBitsLast
	offsetMask = 1<<offsetBits - 1
)

// newRecentOffsets makes a queue. An offset above the mask is stored as the
// mask: it is as useless, since a match of two bytes or more at the one position
// that it can reach back from would pass the end of the largest window.
func newRecentOffsets(r0, r1, r2 uint32) recentOffsets {
	return recentOffsets(min(r0, offsetMask)) |
		recentOffsets(min(r1, offsetMask))<<offsetBits |
		recentOffsets(min(r2, offsetMask))<<(2*offsetBits)
}

// newest returns R0.
func (q recentOffsets) newest() uint32 {
	return uint32(q & offsetMask)
}

// push puts offset in front.
func (q recentOffsets) push(offset uint32) recentOffsets {
	return q<<offsetBits | recentOffsets(offset)
}

// pushIf pushes offset if entry e is one with a new offset, without a branch.
func (q recentOffsets) pushIf(offset, e uint32) recentOffsets {
	return q ^ (q^q.push(offset))&recentOffsets(int32(e)>>31)
}

// repeat makes R0 and Rk change places. This is not a move to the front: with
// k = 2, R1 stays where it is.
func (q recentOffsets) repeat(k uint32) recentOffsets {
	shift := k * offsetBits % 64
	differences := (q ^ q>>shift) & offsetMask
	return q ^ differences ^ differences<<shift
}

// readTables reads the codes of a verbatim or aligned block (the WIM format
// sheet, section 5.4).
func (d *Decoder) readTables(kind uint32) error {
	entries := verbatimMain
	if kind == blockAligned {
		entries = alignedMain
		var lengths [numAlignedSymbols]uint8
		for i := range lengths {
			lengths[i] = uint8(d.bits.read(3))
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
		pretree[i] = uint8(r.read(4))
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
			run = 4 + int(r.read(4))
		case 18:
			run = 20 + int(r.read(5))
		default:
			run = 4 + int(r.read(1))
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
		if pos = d.hot(dst[:end], pos); pos == end {
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

// decodeItem decodes one item at pos and returns the position behind it (the
// WIM format sheet, section 5.6).
func (d *Decoder) decodeItem(dst []byte, pos, end int) (int, error) {
	r := &d.bits
	r.refill() // 56 bits are enough for the longest item: 16 + 16 + 17
	e := d.main.Lookup(r.buf)
	if e&flagLiteral != 0 {
		r.consume(uint(e & entryBits))
		dst[pos] = byte(e >> entryLiteral)
		return pos + 1, nil
	}
	code := uint(e>>entryCode) & 63
	footer := uint(e&entryBits) - code
	r.consume(code)
	m := match{length: int(e>>entryLength) & 15}
	if m.length == longMatch {
		l := d.length.Lookup(r.buf)
		if l == 0 {
			return pos, corrupt("match at output offset %d needs a length symbol, but its block has none", pos)
		}
		r.consume(uint(l & symbolEntryBits))
		m.length += int(l >> symbolEntry)
	}
	if e&flagNew == 0 {
		d.recent = d.recent.repeat(e >> entryRepeat & 3)
	} else {
		offset := newOffset(r.buf, e)
		if e&flagAligned != 0 {
			// The last three bits are not plain ones, but a codeword.
			r.consume(footer - alignedBits)
			a := d.aligned.Lookup(r.buf)
			r.consume(uint(a & symbolEntryBits))
			offset = ((offset+2)&^7 | a>>symbolEntry) - 2
		} else {
			r.consume(footer)
		}
		d.recent = d.recent.push(offset)
	}
	m.offset = d.recent.newest()
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
