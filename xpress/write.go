package xpress

import (
	"encoding/binary"

	"github.com/wimble-go/wimble/internal/huffman"
)

// An encoderCode is the Huffman code of a chunk to be written.
type encoderCode struct {
	builder huffman.Builder
	freqs   [numSymbols]uint32
	lens    [numSymbols]uint8
	words   [numSymbols]uint16

	// How many matches take two length bytes more than long ones.
	huge uint64

	// What is written for a symbol: the codeword, and zeros for the footer,
	// from bit 8 on, and below that their length.
	entries [numSymbols]uint64
}

// reset forgets what has been counted.
func (c *encoderCode) reset() {
	clear(c.freqs[:])
	c.huge = 0
}

// count counts the symbols of items.
func (c *encoderCode) count(items []item) {
	for i := 0; i < len(items); i++ {
		it := items[i]
		c.freqs[it%numSymbols]++
		if it.long() {
			i++
			if items[i] >= hugeMatch-minMatch {
				c.huge++
			}
		}
	}
}

// build makes the best code for what has been counted and returns the size of
// the chunk.
func (c *encoderCode) build() (size int) {
	c.builder.Lengths(c.lens[:], c.freqs[:], maxCodeLength)
	c.builder.Codewords(c.words[:], c.lens[:])
	bits, lengthBytes := 0, 2*int(c.huge)
	for s, l := range c.lens {
		footer := footerBits(s)
		all := uint32(l) + footer
		c.entries[s] = uint64(c.words[s])<<footer<<8 | uint64(all)
		bits += int(c.freqs[s] * all)
		if item(s).long() {
			lengthBytes += int(c.freqs[s])
		}
	}
	return lengthsSize + 2*((bits+15)/16+1) + lengthBytes
}

// A long tells where the length bytes of a match belong.
type long struct {
	units uint16 // that come before them
	more  uint16 // the length less 3
}

// write writes the chunk, which fills dst exactly.
//
// Bits are gathered in 16-bit units, and length bytes come between them. A
// decoder has fetched at least 16 bits more than it has used when it meets a
// length byte: so many units come before it. All units are written next to each
// other first, and then moved to their places with the length bytes between
// them.
func (e *Encoder) write(dst []byte) {
	for i := range dst[:lengthsSize] {
		dst[i] = e.code.lens[2*i] | e.code.lens[2*i+1]<<4
	}
	dst = dst[lengthsSize:]
	if !e.gatherFast() {
		e.gatherPlain()
	}

	// What comes after the last bit are zeros: the rest of its unit, and the
	// unit that a decoder fetches ahead.
	moved := 0
	for _, l := range e.longs {
		dst = dst[copy(dst, e.units[moved:2*int(l.units)]):]
		moved = 2 * int(l.units)
		if l.more < hugeMatch-minMatch {
			dst[0] = byte(l.more + minMatch - longMatch)
			dst = dst[1:]
		} else {
			dst[0], dst[1], dst[2] = 255, byte(l.more), byte(l.more>>8)
			dst = dst[3:]
		}
	}
	copy(dst, e.units[moved:])
}

// gatherPlain writes the units of the items, and tells in longs where there are
// length bytes.
func (e *Encoder) gatherPlain() {
	longs := e.longs[:0]
	units, full := e.units, uint(0) // the first full bytes are done
	buf, n := uint64(0), uint(0)    // the next n bits, the first one on top
	items := e.items
	for i := 0; i < len(items); i++ {
		it := items[i]
		c := e.code.entries[it%numSymbols]
		if it.long() {
			i++
			bits := 8*full + n + uint(c&63) - uint(footerBits(int(it%numSymbols)))
			longs = append(longs, long{uint16((bits+15)/16 + 1), uint16(items[i])})
		}
		// At most 15 bits, and a codeword and a footer of at most 15 each.
		n += uint(c & 63)
		buf |= (c>>8 | uint64(it>>itemFooter)) << (-n & 63)
		binary.LittleEndian.PutUint64(units[full:full+8:full+8], unitsInOrder(buf))
		full += n >> 4 << 1
		buf <<= n & 48
		n &= 15
	}
	e.longs = longs
}
