package lzms

import (
	"errors"
	"fmt"
)

// ErrCorrupt is what Decode returns, wrapped with the place and the reason,
// for a chunk that is not valid.
var ErrCorrupt = errors.New("lzms: corrupt chunk")

// maxSize is the size of the greatest chunk that the format allows.
const maxSize = 1 << 30

// A Decoder decompresses chunks. It is reused from chunk to chunk, allocates
// nothing while decoding, and is not safe for concurrent use.
//
// It takes about 320 KiB whatever the size of the chunks, most of it for the
// x86 filter. The chunk is its own window: matches are copied within dst.
// Between calls a Decoder holds no reference to dst or src.
type Decoder struct {
	src, dst []byte
	rng      rangeDecoder // the forward stream
	bits     bitReader    // the backward stream
	out      int          // bytes of dst that are done

	main, match                       decision
	lz, lzRepeat0, lzRepeat1          decision
	delta, deltaRepeat0, deltaRepeat1 decision

	literal, length, lzOffset, deltaOffset, power code

	lzOffsetDone, lengthDone uint32
	lzQueue                  [4]uint32      // last LZ offsets, the latest first
	deltaQueue               [4]deltaSource // last delta sources, the latest first

	initial struct { // codes as they are at the start of a chunk
		literal, length, offset, power code
	}
	build  builder
	filter x86Filter
}

// NewDecoder returns a Decoder for chunks of any size.
func NewDecoder() *Decoder {
	d := new(Decoder)
	d.initial.literal.init(&d.build, &plain, 256, literalInterval)
	d.initial.length.init(&d.build, &lengths, lengthSlots, lengthInterval)
	d.initial.power.init(&d.build, &plain, 8, powerInterval)
	return d
}

// Symbols between two rebuilds of each code.
const (
	literalInterval = 1024
	lengthInterval  = 512
	offsetInterval  = 1024
	powerInterval   = 512
)

// Decode decompresses the chunk src into dst. It fills dst exactly: len(dst)
// is the uncompressed size of the chunk, at most 1 GiB.
//
// The error wraps ErrCorrupt and dst then holds garbage. Not every damaged
// chunk gives one: the format has no redundancy, so that most damage yields
// other bytes, and the hash of the content must decide. In particular the
// streams may cross, or run out (zeros follow), as in other decoders.
//
// Whatever src holds, Decode reads nothing outside it, writes nothing outside
// dst, and takes time proportional to len(dst) at worst.
func (d *Decoder) Decode(dst, src []byte) error {
	switch {
	case len(src) < 4:
		return fmt.Errorf("%w: %d bytes, want at least 4", ErrCorrupt, len(src))
	case len(src)%2 != 0:
		return fmt.Errorf("%w: odd size of %d bytes", ErrCorrupt, len(src))
	case len(dst) > maxSize:
		return fmt.Errorf("%w: uncompressed size of %d bytes, want at most %d", ErrCorrupt, len(dst), maxSize)
	}
	d.src, d.dst = src, dst
	d.start(len(dst), src)
	for d.out < len(dst) {
		var err error
		before := d.out
		switch d.fast() {
		case pauseItem:
			if d.out == before {
				err = d.item(dst, src)
			}
		case pauseDelta:
			err = d.deltaMatch(dst, src, d.main.state>>1&(d.match.state>>1)&1)
		case pauseCopy:
			err = d.copyMatch(dst, d.lzOffsetDone, d.lengthDone)
		}
		if err != nil {
			return err
		}
	}
	d.filter.undo(dst)
	return nil
}

// start makes d ready for a chunk of size uncompressed bytes.
func (d *Decoder) start(size int, src []byte) {
	d.rng.start(src)
	d.bits.start(src)
	d.out = 0

	d.main.init(4)
	d.match.init(5)
	for _, k := range [...]*decision{
		&d.lz, &d.lzRepeat0, &d.lzRepeat1,
		&d.delta, &d.deltaRepeat0, &d.deltaRepeat1,
	} {
		k.init(6)
	}

	// It takes two symbols to make a code. The second one is of no use in a
	// chunk of one or two bytes.
	if n := max(offsetSlots(size), 2); n != d.initial.offset.symbols {
		d.initial.offset.init(&d.build, &offsets, n, offsetInterval)
	}
	d.literal = d.initial.literal
	d.length = d.initial.length
	d.lzOffset = d.initial.offset
	d.deltaOffset = d.initial.offset
	d.power = d.initial.power

	d.lzQueue = [4]uint32{1, 2, 3, 4}
	d.deltaQueue = [4]deltaSource{{0, 1}, {0, 2}, {0, 3}, {0, 4}}
}
