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
	entries [numSymbols]uint32 // codeword << 4 | length
}

// build makes the best code for the items and returns the size of the chunk
// that they make.
func (c *encoderCode) build(items []item) (size int) {
	clear(c.freqs[:])
	lengthBytes := 0
	for i := 0; i < len(items); i++ {
		it := items[i]
		c.freqs[it%numSymbols]++
		if it.long() {
			i++
			lengthBytes++
			if items[i] >= 15+255 {
				lengthBytes += 2
			}
		}
	}
	c.builder.Lengths(c.lens[:], c.freqs[:], maxCodeLength)
	c.builder.Codewords(c.words[:], c.lens[:])
	bits := uint32(0)
	for s, l := range c.lens {
		bits += c.freqs[s] * (uint32(l) + footerBits(s))
		c.entries[s] = uint32(c.words[s])<<4 | uint32(l)
	}
	return lengthsSize + 2*(int(bits+15)/16+1) + lengthBytes
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
	longs := e.longs[:0]
	units, full := e.units, uint(0) // the first full bytes are done
	buf, n := uint64(0), uint(0)    // the next n bits, the first one on top
	items := e.items
	for i := 0; i < len(items); i++ {
		it := items[i]
		c := e.code.entries[it%numSymbols]
		if it.long() {
			i++
			bits := 8*full + n + uint(c&15)
			longs = append(longs, long{uint16((bits+15)/16 + 1), uint16(items[i])})
		}
		// At most 15 bits, and a codeword and a footer of at most 15 each.
		footer := uint(it >> itemFooterBits & 15)
		n += uint(c&15) + footer
		buf |= (uint64(c>>4)<<footer | uint64(it>>itemFooter)) << (-n & 63)
		binary.LittleEndian.PutUint64(units[full:full+8:full+8], unitsInOrder(buf))
		full += n >> 4 << 1
		buf <<= n & 48
		n &= 15
	}
	e.longs = longs

	// What comes after the last bit are zeros: the rest of its unit, and the
	// unit that a decoder fetches ahead.
	moved := 0
	for _, l := range longs {
		dst = dst[copy(dst, units[moved:2*int(l.units)]):]
		moved = 2 * int(l.units)
		if l.more < 15+255 {
			dst[0] = byte(l.more - 15)
			dst = dst[1:]
		} else {
			dst[0], dst[1], dst[2] = 255, byte(l.more), byte(l.more>>8)
			dst = dst[3:]
		}
	}
	copy(dst, units[moved:])
}
