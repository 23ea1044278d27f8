package xpress

import (
	"encoding/binary"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// longSize is the size of the second part of the decoding table: a codeword of
// more than codeBits bits takes at most 1 << (maxCodeLength-codeBits-1)
// entries.
const longSize = numSymbols << (maxCodeLength - codeBits - 1)

// A code is a decoding table as package huffman describes it, and with its
// errors. It is not a [huffman.Table] because building is a good part of the
// time that a chunk takes, 10 to 15 % with that one. Half of it goes away by
// knowing what lengths of 4 bits and two kinds of symbols allow.
type code struct {
	// main has an entry for each value of the next codeBits bits. Where they
	// are not enough it is entryLong, and the entry is in long.
	main [1 << codeBits]uint32

	// long is indexed by input>>longShift - longBase, where input has the next
	// bit as its most significant one. It lies after main in memory.
	long      [longSize]uint32
	longShift uint
	longBase  uint64

	built  bool              // for packed
	packed [lengthsSize]byte // the lengths as they are in the chunk

	// The entries in the order of their codewords. Unused symbols come first.
	sorted [numSymbols]uint32
}

// lengthCounts has a number for each codeword length.
type lengthCounts [maxCodeLength + 1]uint32

// build makes the table for the codeword lengths that packed holds.
func (c *code) build(packed *[lengthsSize]byte) error {
	if c.built && c.packed == *packed {
		return nil
	}
	c.built = false

	// Literals and matches are counted apart, and placed apart: the processor
	// does both at a time, as neither waits for the other's counters.
	var literals, matches lengthCounts
	for at := 0; at < lengthsSize/2; at += 8 {
		// 16 lengths, the first one lowest
		l := binary.LittleEndian.Uint64(packed[at:])
		m := binary.LittleEndian.Uint64(packed[at+lengthsSize/2:])
		if l|m == 0 {
			continue
		}
		for range 16 {
			literals[l&15]++
			matches[m&15]++
			l >>= 4
			m >>= 4
		}
	}

	// Where each length begins in sorted.
	var count lengthCounts
	used, next := uint32(0), uint32(0)
	for length := range count {
		l, m := literals[length], matches[length]
		count[length] = l + m
		literals[length], matches[length] = next, next+l
		next += l + m
		if length > 0 {
			used += (l + m) << (maxCodeLength - length)
		}
	}
	const whole = 1 << maxCodeLength
	switch {
	case used == 0:
		return huffman.ErrEmpty
	case used > whole:
		return fmt.Errorf("%w (%d of %d parts used)", huffman.ErrOversubscribed, used, whole)
	case used < whole:
		return fmt.Errorf("%w (%d of %d parts used)", huffman.ErrIncomplete, used, whole)
	}

	for at := uint32(0); at < lengthsSize/2; at += 8 {
		l := binary.LittleEndian.Uint64(packed[at:])
		m := binary.LittleEndian.Uint64(packed[at+lengthsSize/2:])
		if l|m == 0 {
			continue
		}
		for i, e := range matchEntries[2*at : 2*at+16] {
			place := &literals[l&15]
			c.sorted[*place%numSymbols] = literalEntry(2*at+uint32(i), uint32(l&15))
			*place++
			place = &matches[m&15]
			c.sorted[*place%numSymbols] = e + uint32(m&15)*matchStep
			*place++
			l >>= 4
			m >>= 4
		}
	}
	c.fill(&count)
	c.packed, c.built = *packed, true
	return nil
}

// fill writes the entries of main and long from left to right.
func (c *code) fill(count *lengthCounts) {
	sorted, out := c.sorted[count[0]:], c.main[:]
	for length := 1; length <= codeBits; length++ {
		n := count[length]
		out = huffman.Fill(out, sorted[:n], 1<<(codeBits-length))
		sorted = sorted[n:]
	}
	if len(out) == 0 {
		return
	}

	// What is left of main belongs to longer codewords.
	longest := maxCodeLength
	for count[longest] == 0 {
		longest--
	}
	c.longShift = uint(64 - longest)
	c.longBase = uint64(len(c.main)-len(out)) << (longest - codeBits)
	for i := range out {
		out[i] = entryLong
	}
	out = c.long[:]
	for length := codeBits + 1; length <= longest; length++ {
		n := count[length]
		out = huffman.Fill(out, sorted[:n], 1<<(longest-length))
		sorted = sorted[n:]
	}
}

// lookup returns the entry of the codeword that input begins with, the next bit
// being the most significant one.
func (c *code) lookup(input uint64) uint32 {
	e := c.main[input>>(64-codeBits)]
	if e == entryLong {
		e = c.long[input>>c.longShift-c.longBase]
	}
	return e
}
