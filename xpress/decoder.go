package xpress

import (
	"errors"
	"fmt"
)

// ErrCorrupt is what Decode's errors wrap: the chunk is not valid XPRESS.
var ErrCorrupt = errors.New("xpress: corrupt chunk")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

// MaxChunk is the largest uncompressed size of a chunk.
const MaxChunk = 65536

// windowSize leaves room after a chunk for copies of a fixed size.
const windowSize = MaxChunk + 64

// A Decoder decompresses chunks, one after the other. It holds about 30 KiB
// (with the build tag purego 94 KiB) and is not safe for concurrent use.
// Between calls it holds no reference to dst or src.
type Decoder struct {
	bits    bitReader
	out     []byte // dst; a chunk is its own window
	code    code
	variant variant

	// The plain variant decodes into an array, since the compiler then knows
	// that its indices are in range.
	window *[windowSize]byte
}

// NewDecoder returns a Decoder for chunks of any size.
func NewDecoder() *Decoder { return newDecoder(bestVariant()) }

func newDecoder(v variant) *Decoder {
	d := &Decoder{variant: v}
	if v == variantPlain {
		d.window = new([windowSize]byte)
	}
	return d
}

// Decode decompresses the chunk src into dst, whose length is the chunk's
// uncompressed size, at most [MaxChunk]. What follows the chunk's data in src
// is ignored. The error wraps [ErrCorrupt] when src is not a valid chunk of
// that size; dst then holds nothing of use.
//
// Decode allocates nothing. Whatever src holds, the time is in proportion to
// len(dst), and to building one table.
func (d *Decoder) Decode(dst, src []byte) error {
	if len(dst) > MaxChunk {
		return fmt.Errorf("xpress: uncompressed size %d is larger than a chunk can be (%d)", len(dst), MaxChunk)
	}
	if len(src) < lengthsSize {
		return corrupt("%d bytes of input, but the codeword lengths alone take %d", len(src), lengthsSize)
	}
	if err := d.code.build((*[lengthsSize]byte)(src)); err != nil {
		return corrupt("codeword lengths: %w", err)
	}
	d.out, d.bits = dst, bitReader{in: src, next: lengthsSize}
	if d.window != nil {
		d.out = d.window[:len(dst)]
	}
	err := d.decodeItems()
	if err == nil && d.window != nil {
		copy(dst, d.out)
	}
	d.out, d.bits.in = nil, nil
	return err
}

// decodeItems fills the output. The hot loop does nearly all items, and stops
// before one that it must not do: near the start and the end, or one that is
// wrong.
func (d *Decoder) decodeItems() error {
	for pos := uint(0); ; {
		pos = d.hot(pos)
		if pos == uint(len(d.out)) {
			break
		}
		length, err := d.decodeItem(pos)
		if err != nil {
			return err
		}
		pos += length
	}
	if d.bits.overrun() {
		return corrupt("input of %d bytes ends early", len(d.bits.in))
	}
	return nil
}

// decodeItem decodes one item at pos and returns its length (the WIM format
// sheet, section 4.2).
func (d *Decoder) decodeItem(pos uint) (uint, error) {
	r := &d.bits
	if r.n < 48 { // enough for the longest item: 15 + 15
		r.refill()
	}
	e := d.code.lookup(r.buf)
	if e&flagMatch == 0 {
		r.consume(uint(e & entryBits))
		d.out[pos] = byte(e >> entryLiteral)
		return 1, nil
	}
	offset, length := matchOffset(r.buf, e), uint(e>>entryLength)
	if length == longMatch {
		// The length bytes are read between the codeword and the footer.
		footer := uint(e >> entryFooter & 15)
		r.consume(uint(e&entryBits) - footer)
		more, ok := r.lengthBytes()
		if !ok {
			return 0, corrupt("input ends in the length of the match at output offset %d", pos)
		}
		length = minMatch + more
		r.consume(footer)
	} else {
		r.consume(uint(e & entryBits))
	}
	if length > uint(len(d.out))-pos {
		return 0, corrupt("match of %d bytes at output offset %d passes the end of the chunk", length, pos)
	}
	if offset > pos {
		return 0, corrupt("match at output offset %d reaches %d bytes back, before the start", pos, offset)
	}
	d.copyMatch(pos, length, offset)
	return length, nil
}

// copyMatch repeats length bytes of the output from offset bytes before pos.
func (d *Decoder) copyMatch(pos, length, offset uint) {
	out, end := d.out, pos+length
	if offset >= 16 && uint(len(out))-pos >= length+15 {
		// Up to 15 bytes more may be written here.
		for from := pos - offset; pos < end; pos, from = pos+16, from+16 {
			copy(out[pos:][:16], out[from:][:16])
		}
		return
	}
	// The copy reads what it has just written: each round doubles what is
	// there.
	for from := pos - offset; pos < end; {
		pos += uint(copy(out[pos:end], out[from:pos]))
	}
}
