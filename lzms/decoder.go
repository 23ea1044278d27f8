package lzms

import (
	"errors"
	"fmt"
)

// ErrCorrupt is what Decode returns, wrapped with the place and the reason,
// for a chunk that is not valid.
var ErrCorrupt = errors.New("lzms: corrupt chunk")

// MaxChunk is the largest uncompressed size of a chunk.
const MaxChunk = 1 << 30

// Symbols between two rebuilds of each code.
const (
	literalInterval = 1024
	lengthInterval  = 512
	offsetInterval  = 1024
	powerInterval   = 512
)

// A Decoder decompresses chunks. It is reused from chunk to chunk, allocates
// nothing while decoding, and is not safe for concurrent use.
//
// It takes about 360 KiB whatever the size of the chunks, most of it for the
// x86 filter. The chunk is its own window: matches are copied within dst.
// Between calls a Decoder holds no reference to dst or src.
type Decoder struct {
	dst, src []byte       // during a call of Decode
	out      int          // bytes of dst that are done
	rng      rangeDecoder // the forward stream
	bits     bitReader    // the backward stream

	main, match                       decision
	lz, lzRepeat0, lzRepeat1          decision
	delta, deltaRepeat0, deltaRepeat1 decision

	literal, length, lzOffset, deltaOffset, power code

	lzQueue    [4]uint32      // last LZ offsets, the latest first
	deltaQueue [4]deltaSource // last delta sources, the latest first

	limit, margin          uint   // see goLoop
	copyOffset, copyLength uint32 // see pauseCopy

	variant variant
	build   builder
	filter  x86Filter
	initial struct { // codes as they are at the start of a chunk
		literal, length, offset, power code
	}
}

// NewDecoder returns a Decoder for chunks of any size.
func NewDecoder() *Decoder { return newDecoder(bestVariant()) }

func newDecoder(v variant) *Decoder {
	d := &Decoder{variant: v}
	d.rng.init()
	d.initial.literal.init(&d.build, &plain, 256, literalInterval)
	d.initial.length.init(&d.build, &lengths, lengthSlots, lengthInterval)
	d.initial.power.init(&d.build, &plain, 8, powerInterval)
	return d
}

// Decode decompresses the chunk src into dst. It fills dst exactly: len(dst)
// is the uncompressed size of the chunk, at most [MaxChunk].
//
// The error wraps [ErrCorrupt] when src is not a valid chunk of that size, and
// dst then holds garbage. Not every damaged chunk gives one: the format has no
// redundancy, so that most damage yields other bytes, and a hash of the content
// must decide. In particular the two streams may overlap, or run out (zeros
// follow), as in other decoders.
//
// Whatever src holds, Decode reads nothing outside it, writes nothing outside
// dst, and takes no longer than in proportion to len(dst). The slowest chunks
// are all delta matches of one byte: a byte of such output takes up to about 16
// times as long as one of a program (BenchmarkHostile).
func (d *Decoder) Decode(dst, src []byte) error {
	switch {
	case len(dst) > MaxChunk:
		return fmt.Errorf("lzms: uncompressed size %d is larger than a chunk can be (%d)", len(dst), MaxChunk)
	case len(src) < 4:
		return fmt.Errorf("%w: %d bytes, want at least 4", ErrCorrupt, len(src))
	case len(src)%2 != 0:
		return fmt.Errorf("%w: odd size of %d bytes", ErrCorrupt, len(src))
	}
	d.dst, d.src = dst, src
	err := d.decode()
	d.dst, d.src = nil, nil
	return err
}

func (d *Decoder) decode() error {
	d.start()
	for d.out < len(d.dst) {
		var err error
		before := d.out
		switch d.loop() {
		case pauseItem:
			if d.out == before {
				err = d.item()
			}
		case pauseDelta:
			err = d.deltaMatch()
		case pauseCopy:
			err = d.copyMatch(d.copyOffset, d.copyLength)
		}
		if err != nil {
			return err
		}
	}
	d.filter.undo(d.dst, d.variant)
	return nil
}

// start makes d ready for the chunk.
func (d *Decoder) start() {
	d.out = 0
	d.rng.start(d.src)
	d.bits.start(d.src)

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
	if n := max(offsetSlots(len(d.dst)), 2); n != d.initial.offset.symbols {
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
