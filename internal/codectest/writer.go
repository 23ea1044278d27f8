package codectest

import (
	"fmt"
	"math/bits"
)

// A BitWriter writes bit streams of 16-bit little-endian units, most
// significant bit first.
type BitWriter struct {
	bits  []byte // one bit each
	bytes map[int][]byte
}

// Bits writes the low count bits of v.
func (w *BitWriter) Bits(v uint, count int) {
	for i := count - 1; i >= 0; i-- {
		w.bits = append(w.bits, byte(v>>i&1))
	}
}

// Len is the number of bits written.
func (w *BitWriter) Len() int { return len(w.bits) }

// LengthBytes writes XPRESS length bytes: they lie in the stream after
// ceil(bits written / 16) + 1 units (the WIM format sheet, section 4.3).
func (w *BitWriter) LengthBytes(b ...byte) {
	if w.bytes == nil {
		w.bytes = map[int][]byte{}
	}
	units := (len(w.bits)+15)/16 + 1
	w.bytes[units] = append(w.bytes[units], b...)
}

// Bytes writes whole bytes to the stream, which must be at a unit's boundary.
func (w *BitWriter) Bytes(b ...byte) {
	if len(w.bits)%16 != 0 || len(b)%2 != 0 {
		panic("codectest: bytes across units")
	}
	for i := 0; i < len(b); i += 2 {
		w.Bits(uint(b[i])|uint(b[i+1])<<8, 16)
	}
}

// Stream returns the stream, its last unit filled up with zeros. It ends the
// writer's life.
func (w *BitWriter) Stream() []byte {
	var out []byte
	for unit := 0; unit*16 < len(w.bits) || len(w.bytes) > 0; unit++ {
		out = append(out, w.bytes[unit]...)
		delete(w.bytes, unit)
		if unit*16 >= len(w.bits) && len(w.bytes) == 0 {
			break
		}
		v := 0
		for i := range 16 {
			v <<= 1
			if at := unit*16 + i; at < len(w.bits) {
				v |= int(w.bits[at])
			}
		}
		out = append(out, byte(v), byte(v>>8))
	}
	return out
}

// A Code is a canonical Huffman code, written as one would on paper.
type Code struct {
	Lengths []uint8
	words   map[int]uint
}

// NewCode assigns the codewords (the WIM format sheet, section 7.1).
func NewCode(lengths []uint8) *Code {
	c := &Code{Lengths: lengths, words: map[int]uint{}}
	next := uint(0)
	for l := uint8(1); l <= 16; l++ {
		for symbol, length := range lengths {
			if length == l {
				c.words[symbol] = next
				next++
			}
		}
		next <<= 1
	}
	return c
}

// FlatCode returns a complete code with n symbols, whose codewords differ in
// length by at most one bit.
func FlatCode(n int) *Code {
	long := bits.Len(uint(n - 1))
	short := 1<<long - n // this many codewords have a bit less
	lengths := make([]uint8, n)
	for i := range lengths {
		lengths[i] = uint8(long)
		if i < short {
			lengths[i]--
		}
	}
	return NewCode(lengths)
}

// Write writes the codeword of a symbol.
func (c *Code) Write(w *BitWriter, symbol int) {
	word, ok := c.words[symbol]
	if !ok {
		panic(fmt.Sprintf("codectest: symbol %d has no codeword", symbol))
	}
	w.Bits(word, int(c.Lengths[symbol]))
}
