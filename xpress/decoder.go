package xpress

import (
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// ErrCorrupt is what Decode's errors wrap: the chunk is not valid XPRESS.
var ErrCorrupt = errors.New("xpress: corrupt chunk")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

// MaxChunk is the largest uncompressed size of a chunk.
const MaxChunk = 65536

// A Decoder decompresses chunks, one after the other. It is not safe for
// concurrent use.
type Decoder struct {
	bits     bitReader
	code     *huffman.Table
	lengths  [numSymbols]uint8
	badMatch match // why the hot loop stopped
}

// NewDecoder returns a Decoder for chunks of any size.
func NewDecoder() *Decoder {
	return &Decoder{code: huffman.NewTable(numSymbols, codeBits, maxCodeLength, entryLong)}
}

// Decode decompresses the chunk src into dst, whose length is the chunk's
// uncompressed size, at most [MaxChunk]. It keeps neither. What follows the
// chunk's data in src is ignored. The error wraps [ErrCorrupt] when src is not a
// valid chunk of that size; dst then holds nothing of use.
//
// Decode allocates nothing.
func (d *Decoder) Decode(dst, src []byte) error {
	if len(dst) > MaxChunk {
		return fmt.Errorf("xpress: uncompressed size %d is larger than a chunk can be (%d)", len(dst), MaxChunk)
	}
	if len(src) < lengthsSize {
		return corrupt("%d bytes of input, but the code lengths alone take %d", len(src), lengthsSize)
	}
	for i, b := range src[:lengthsSize] {
		d.lengths[2*i] = b & 15
		d.lengths[2*i+1] = b >> 4
	}
	if err := d.code.Build(d.lengths[:], entries[:]); err != nil {
		return corrupt("code lengths: %w", err)
	}
	d.bits = bitReader{in: src, next: lengthsSize}
	for pos := 0; ; {
		var ok bool
		if pos, ok = d.hotPlain(dst, pos); !ok {
			return d.badMatch.check(pos, len(dst))
		}
		if pos == len(dst) {
			break
		}
		var err error
		if pos, err = d.decodeItem(dst, pos); err != nil {
			return err
		}
	}
	if d.bits.overrun() {
		return corrupt("input ends early")
	}
	return nil
}

// decodeItem decodes one item at pos and returns the position behind it (the
// WIM format sheet, section 4.2).
func (d *Decoder) decodeItem(dst []byte, pos int) (int, error) {
	r := &d.bits
	r.refill() // 48 bits are enough for the longest item: 15 + 15
	e := d.code.Lookup(r.buf)
	footer := uint(e>>entryFooter) & 31
	r.consume(uint(e&entryBits) - footer)
	if e&flagLiteral != 0 {
		dst[pos] = byte(e >> entryLiteral)
		return pos + 1, nil
	}
	m := match{length: int(e>>entryLength) & 31}
	if m.length == longMatch {
		extra, ok := r.lengthBytes()
		if !ok {
			return pos, corrupt("input ends in the length of the match at output offset %d", pos)
		}
		m.length = extra + minMatch
	}
	m.offset = 1<<footer | int(r.take(footer))
	if err := m.check(pos, len(dst)); err != nil {
		return pos, err
	}
	copyMatch(dst[:pos+m.length], pos, m.offset)
	return pos + m.length, nil
}

// A match is a copy of length bytes from offset bytes before.
type match struct {
	length, offset int
}

// check returns the error for a match at pos in a chunk of size bytes, or nil if
// it is a good one.
func (m match) check(pos, size int) error {
	if m.length > size-pos {
		return corrupt("match of %d bytes at output offset %d passes the end of the chunk", m.length, pos)
	}
	if m.offset > pos {
		return corrupt("match at output offset %d reaches %d bytes back, before the start", pos, m.offset)
	}
	return nil
}

// copyMatch fills dst from pos to its end with what stands offset bytes before.
// The copy may read what it has just written.
func copyMatch(dst []byte, pos, offset int) {
	src := dst[pos-offset:]
	for i := range dst[pos:] {
		dst[pos+i] = src[i]
	}
}
