package lzms

// A bitReader reads Huffman codes and plain numbers from the backward stream:
// the bytes of src from the last one down, each from its most significant
// bit. (The format speaks of 16-bit words, last word first; in memory those
// are just the bytes in reverse.)
type bitReader struct {
	buf   uint64 // the bits that come next, from the top
	count uint   // how many of them have been loaded
	next  int    // src[:next] is still to be loaded
}

// refill makes count at least 56. Past the start of src the bits are zero.
func (b *bitReader) refill(src []byte) {
	for b.count < 56 {
		if b.next > 0 {
			b.next--
			// Below count, buf may hold bits of this byte already, for
			// the fast loops refill by eight bytes; they are the same.
			b.buf |= uint64(src[b.next]) << (56 - b.count)
		}
		b.count += 8
	}
}

// take returns the next n <= 32 bits, which have been loaded.
func (b *bitReader) take(n uint32) uint32 {
	v := uint32(b.buf >> 32 >> (32 - n))
	b.buf <<= n
	b.count -= uint(n)
	return v
}

// symbol decodes a symbol of c, counts it, and rebuilds c when that is due.
func (b *bitReader) symbol(src []byte, c *code) uint32 {
	b.refill(src)
	symbol, length := c.lookup(b.buf)
	b.take(length)
	c.freq[symbol]++
	c.left--
	if c.left == 0 {
		c.rebuild()
	}
	return symbol
}

// number decodes a slot of c and the plain bits that pick a number in it.
func (b *bitReader) number(src []byte, c *code, table []slot) uint32 {
	s := table[b.symbol(src, c)]
	b.refill(src)
	return s.base + b.take(s.extra)
}
