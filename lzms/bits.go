package lzms

import "encoding/binary"

// A bitReader reads Huffman codes and plain numbers from the backward stream:
// the bytes of src from the last one down, each from its most significant
// bit. (The format speaks of 16-bit words, last word first; in memory those
// are just the bytes in reverse.)
type bitReader struct {
	left int64 // bits not read yet; below zero when src has run out
}

func (b *bitReader) start(src []byte) { b.left = 8 * int64(len(src)) }

// peek returns the bits that come next, at least 57 of them, from the top.
// Past the start of src they are zero.
func (b *bitReader) peek(src []byte) uint64 {
	// The next bit is bit (left-1)%8 of byte (left-1)/8. That byte goes to
	// the top, and what has been read of it is shifted out.
	end := int((b.left + 7) >> 3)
	used := uint(-b.left) & 7
	if end >= 8 {
		return load64(src, end-8) << used
	}
	var last [8]byte
	if end > 0 {
		copy(last[8-end:], src[:end])
	}
	return binary.LittleEndian.Uint64(last[:]) << used
}

// load64 returns the eight bytes from b[i] on. The limits of the slice
// expression spare it all but the check that they are there.
func load64(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64(b[i : i+8 : i+8])
}
