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

// build makes the best code for the items and returns the size of the chunk that
// they make.
func (c *encoderCode) build(items []item) (size int) {
	clear(c.freqs[:])
	plain, lengthBytes := 0, 0 // bits of footers
	for i := 0; i < len(items); i++ {
		it := items[i]
		c.freqs[it%numSymbols]++
		plain += int(it >> itemFooterBits & 15)
		if it&numLiterals != 0 && it&15 == 15 {
			i++
			lengthBytes++
			if items[i] >= 15+255 {
				lengthBytes += 2
			}
		}
	}
	c.builder.Lengths(c.lens[:], c.freqs[:], maxCodeLength)
	c.builder.Codewords(c.words[:], c.lens[:])
	for s, l := range c.lens {
		plain += int(c.freqs[s]) * int(l)
		c.entries[s] = uint32(c.words[s])<<4 | uint32(l)
	}
	return lengthsSize + 2*((plain+15)/16+1) + lengthBytes
}

// write writes the chunk, which fills dst exactly.
//
// Bits are gathered in 16-bit units, and length bytes come between them. A decoder
// has fetched at least 16 bits more than it has used when it meets a length byte, so
// the unit that is being filled and the one after it have their places before that
// byte: two units are always reserved.
func (e *Encoder) write(dst []byte) {
	for i := range dst[:lengthsSize] {
		dst[i] = e.code.lens[2*i] | e.code.lens[2*i+1]<<4
	}
	filling, reserved, next := lengthsSize, lengthsSize+2, lengthsSize+4
	buf, n := uint64(0), uint(0) // the n bits that are not written yet
	items := e.items
	for i := 0; i < len(items); i++ {
		it := items[i]
		c := e.code.entries[it%numSymbols]
		buf, n = buf<<(c&15)|uint64(c>>4), n+uint(c&15)
		if n > 16 {
			n -= 16
			binary.LittleEndian.PutUint16(dst[filling:], uint16(buf>>n))
			filling, reserved, next = reserved, next, next+2
		}
		if it < numLiterals {
			continue
		}
		if it&15 == 15 {
			i++
			if more := items[i]; more < 15+255 {
				dst[next] = byte(more - 15)
				next++
			} else {
				dst[next] = 255
				binary.LittleEndian.PutUint16(dst[next+1:], uint16(more))
				next += 3
			}
		}
		footer := uint(it >> itemFooterBits & 15)
		buf, n = buf<<footer|uint64(it>>itemFooter), n+footer
		if n > 16 {
			n -= 16
			binary.LittleEndian.PutUint16(dst[filling:], uint16(buf>>n))
			filling, reserved, next = reserved, next, next+2
		}
	}
	// The last unit is filled up with zeros, and so is the one that is fetched ahead.
	binary.LittleEndian.PutUint16(dst[filling:], uint16(buf<<(16-n)))
	binary.LittleEndian.PutUint16(dst[reserved:], 0)
}
