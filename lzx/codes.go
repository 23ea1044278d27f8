package lzx

import (
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// readCodes reads the codes of a verbatim or aligned block (the WIM format
// sheet, section 5.4).
func (d *Decoder) readCodes(kind uint32) error {
	alphabets := &verbatimMain
	if kind == blockAligned {
		alphabets = &alignedMain
		var lengths [numAlignedSymbols]uint8
		for i := range lengths {
			lengths[i] = uint8(d.bits.read(3))
		}
		if err := d.aligned.Build(lengths[:], symbols[:numAlignedSymbols]); err != nil {
			return fmt.Errorf("aligned offset code: %w", err)
		}
	}
	entries := alphabets[0]
	if d.variant == variantAssembly {
		entries = alphabets[1]
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
	for i := 0; i < len(pretree); i += 4 {
		v := r.read(16) // four lengths of 4 bits
		pretree[i], pretree[i+1], pretree[i+2], pretree[i+3] = uint8(v>>12), uint8(v>>8&15), uint8(v>>4&15), uint8(v&15)
	}
	if err := d.pretree.Build(pretree[:], symbols[:numPretreeSymbols]); err != nil {
		return fmt.Errorf("pretree: %w", err)
	}
	// The reader's state and the table are in variables here. A symbol takes at
	// most 15 bits, or 31 with those of its run.
	buf, n := r.buf, r.n
	entries := (*[1 << pretreeBits]uint32)(d.pretree.Main)
	for i := 0; i < len(lengths); {
		if n < 31 {
			r.buf, r.n = buf, n
			r.refill()
			buf, n = r.buf, r.n
		}
		e := entries[buf>>(64-pretreeBits)]
		if e == entryLong {
			e = d.pretree.LookupLong(buf)
		}
		buf <<= e & symbolEntryBits
		n -= uint(e & symbolEntryBits)
		symbol := e >> symbolEntry
		if symbol < 17 {
			lengths[i] = lengthMinus(lengths[i], symbol)
			i++
			continue
		}
		// A run of one value.
		var extra uint
		var run int
		var value uint8
		switch symbol {
		case 17:
			extra, run = 4, 4
		case 18:
			extra, run = 5, 20
		default:
			extra, run = 1, 4
		}
		run += int(buf >> (64 - extra))
		buf <<= extra
		n -= extra
		if symbol == 19 {
			e = d.pretree.Lookup(buf)
			buf <<= e & symbolEntryBits
			n -= uint(e & symbolEntryBits)
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
	r.buf, r.n = buf, n
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
