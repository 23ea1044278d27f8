package lzms

import "encoding/binary"

// Codewords of up to tableBits bits are decoded in one step. Longer ones are
// rare by construction (less than one symbol in 2^tableBits of the recent
// past) and are found by comparing with the limit of each length.
const (
	tableBits = 10
	tableSize = 2<<tableBits + 16 // entries of two bytes, and room to store eight at the last one
)

// maxCodeLen bounds the codewords. Nothing in the format enforces it: longer
// ones need frequencies like Fibonacci numbers, up to greater ones than can
// come about. TestCodeLengthBound has the arithmetic.
const maxCodeLen = 15

// An entry is symbol<<entryBits | bits, where bits counts those of the
// codeword and the plain ones that follow it: at most 15 + 30.
type entry uint16

const entryBits = 6

func (e entry) symbol() uint { return uint(e >> entryBits) }
func (e entry) bits() uint   { return uint(e) & (1<<entryBits - 1) }

// A code is an adaptive Huffman code. Encoder and decoder both count the
// symbols that they see and, whenever interval symbols have gone by, build a
// new code from the counts and then halve them, so that the recent past
// weighs more. No code is ever transmitted.
type code struct {
	// table is indexed by the next tableBits bits. An entry is 0 when the
	// codeword is longer than that.
	table [tableSize]byte

	freq [1024]uint32 // of the symbols
	left int          // symbols until the next rebuild

	// limit[n] is one past the last codeword of n bits, left-aligned to 16
	// bits, and sorted[v>>(16-n) - delta[n]] is for the codeword of n bits
	// that begins v.
	limit  [16]uint32
	delta  [16]uint32
	sorted [1024]entry // by (length, symbol), without the length

	slots    *slots // what the symbols stand for
	symbols  int    // size of the alphabet
	interval int    // symbols between two rebuilds
}

// init makes c the code that every chunk starts with: all symbols have been
// seen once.
func (c *code) init(b *builder, s *slots, symbols, interval int) {
	c.slots, c.symbols, c.interval = s, symbols, interval
	for i := range symbols {
		c.freq[i] = 1
	}
	b.rebuild(c) // which leaves frequencies of 1 alone
}

// lookup returns the entry for the codeword at the top of buf.
func (c *code) lookup(buf uint64) entry {
	if e := c.at(buf); e != 0 {
		return e
	}
	return c.lookupLong(buf)
}

// lookupLong is for codewords of more than tableBits bits. Each limit that is
// not above the codeword makes it one bit longer.
func (c *code) lookupLong(buf uint64) entry {
	v := uint32(buf >> 48)
	n := tableBits + 1 +
		(c.limit[tableBits+1]-1-v)>>31 +
		(c.limit[tableBits+2]-1-v)>>31 +
		(c.limit[tableBits+3]-1-v)>>31 +
		(c.limit[tableBits+4]-1-v)>>31
	return c.sorted[(v>>(16-n)-c.delta[n%16])%1024] + entry(n)
}

// number returns what the symbol and the plain bits that follow it stand for.
// They are at the top of buf.
func (c *code) number(e entry, buf uint64) uint32 {
	s := &c.slots.slot[e.symbol()]
	return s.base + uint32(buf>>(64-e.bits()))&s.mask
}

// fill makes the decoding table from c.sorted. An entry is repeated for all
// that can follow its codeword. It goes from low to high and stores eight
// entries or more at a time; what is too much is overwritten by the next.
func (c *code) fill(depths *[maxCodeLen + 1]uint32) {
	at, symbol := 0, uint32(0)
	for l := 1; l <= tableBits; l++ {
		size := 2 << (tableBits - l)
		for end := symbol + depths[l]; symbol < end; symbol++ {
			four := uint64(c.sorted[symbol%1024]+entry(l)) * 0x0001_0001_0001_0001
			t := c.table[at : at+16 : at+16]
			binary.LittleEndian.PutUint64(t[0:], four)
			binary.LittleEndian.PutUint64(t[8:], four)
			for i := at + 16; i < at+size; i += 16 {
				t := c.table[i : i+16 : i+16]
				binary.LittleEndian.PutUint64(t[0:], four)
				binary.LittleEndian.PutUint64(t[8:], four)
			}
			at += size
		}
	}
	clear(c.table[at:])
}
