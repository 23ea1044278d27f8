package lzx

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/huffman"
)

// ErrCorrupt is what Decode's errors wrap: the chunk is not valid LZX.
var ErrCorrupt = errors.New("lzx: corrupt chunk")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

// Window sizes that NewDecoder takes.
const (
	MinWindow = 1 << windowBitsFirst // 32 KiB
	MaxWindow = 1 << windowBitsLast  // 2 MiB
)

// A Decoder decompresses chunks, one after the other. It holds about 205 KiB
// and as much as a window: 235 KiB for windows of 32 KiB, 2.2 MiB for those of
// 2 MiB. It is not safe for concurrent use.
type Decoder struct {
	windowSize  int
	mainSymbols int
	variant     variant

	bits   bitReader
	recent recentOffsets

	// Codeword lengths live as long as the chunk: a block gives them as
	// differences from those of the block before.
	mainLengths   [maxMainSymbols]uint8
	lengthLengths [numLengthSymbols]uint8

	tables  tables         // the memory of the next three
	main    *huffman.Table // entries as tables.go says
	length  *huffman.Table
	aligned *huffman.Table
	pretree *huffman.Table

	mayHaveCalls bool // some block could produce the opcode of a call
}

// NewDecoder returns a Decoder for chunks of up to windowSize bytes, which must
// be a power of two from [MinWindow] to [MaxWindow]. In a WIM it is the chunk
// size. It is part of the format: it decides how large the main alphabet is and
// how block sizes are written.
func NewDecoder(windowSize int) (*Decoder, error) {
	slots, err := slotCount(windowSize)
	if err != nil {
		return nil, err
	}
	d := &Decoder{
		windowSize:  windowSize,
		mainSymbols: numLiterals + lengthHeaders*slots,
		variant:     bestVariant(),
		bits:        bitReader{in: make([]byte, margin+windowSize)},
		tables:      tables{slots: newSlots()},
	}
	d.main = huffman.NewTable(d.tables.main[:], d.mainSymbols, mainBits, maxCodeLength, entryLong, entryStep)
	d.length = huffman.NewTable(d.tables.length[:], numLengthSymbols, lengthBits, maxCodeLength, entryLong, 1)
	d.aligned = huffman.NewTable(d.tables.aligned[:], numAlignedSymbols, alignedMaxCode, alignedMaxCode, entryLong, 1)
	pretree := make([]uint32, 1<<pretreeBits+numPretreeSymbols<<(pretreeMaxCode-pretreeBits-1))
	d.pretree = huffman.NewTable(pretree, numPretreeSymbols, pretreeBits, pretreeMaxCode, entryLong, 1)
	return d, nil
}

// Block types.
const (
	blockVerbatim     = 1
	blockAligned      = 2
	blockUncompressed = 3
)

// Decode decompresses the chunk src into dst, whose length is the chunk's
// uncompressed size, at most the window size. It keeps neither. What follows
// the chunk's data in src is ignored. The error wraps [ErrCorrupt] when src is
// not a valid chunk of that size; dst then holds nothing of use.
//
// Decode allocates nothing as long as src is no larger than the window, which
// no chunk of a WIM is.
//
// Whatever src holds, the time is in proportion to len(src) and len(dst). The
// slowest chunks are blocks of one byte that each have other codes: about 80 MB
// of input a second, so that a chunk of 32 KiB takes some ten times as long as
// one of a program (BenchmarkTinyBlocks).
func (d *Decoder) Decode(dst, src []byte) error {
	if len(dst) > d.windowSize {
		return fmt.Errorf("lzx: uncompressed size %d is larger than the window of %d bytes",
			len(dst), d.windowSize)
	}
	d.bits.reset(src, d.variant.reverseUnits())
	d.recent = newRecentOffsets(1, 1, 1)
	clear(d.mainLengths[:])
	clear(d.lengthLengths[:])
	d.mayHaveCalls = false

	for pos := 0; pos < len(dst); {
		kind, size, err := d.readBlockHeader(len(dst) - pos)
		if err != nil {
			return corrupt("block at output offset %d: %w", pos, err)
		}
		end := pos + size
		if kind == blockUncompressed {
			err = d.copyBlock(dst[pos:end], src)
		} else {
			err = d.readCodes(kind)
		}
		if err != nil {
			return corrupt("block at output offset %d: %w", pos, err)
		}
		if kind != blockUncompressed {
			if err := d.decodeItems(dst, pos, end); err != nil {
				return err
			}
		}
		if d.bits.overrun() {
			return corrupt("input of %d bytes ends early, in the block at output offset %d", len(src), pos)
		}
		pos = end
	}
	if d.mayHaveCalls {
		d.variant.translateCalls(dst)
	}
	return nil
}

// readBlockHeader reads a block's type and its size in uncompressed bytes (the
// WIM format sheet, section 5.3). rest is how much of the chunk is left.
func (d *Decoder) readBlockHeader(rest int) (kind uint32, size int, err error) {
	kind = d.bits.read(3)
	switch kind {
	case blockVerbatim, blockAligned, blockUncompressed:
	default:
		return 0, 0, fmt.Errorf("unknown block type %d", kind)
	}
	size = defaultBlock
	if d.bits.read(1) == 0 {
		size = int(d.bits.read(16))
		if d.windowSize > MinWindow {
			size = size<<8 | int(d.bits.read(8))
		}
	}
	switch {
	case size == 0:
		return 0, 0, errors.New("block size is 0")
	case size > rest:
		return 0, 0, fmt.Errorf("block size %d, but only %d bytes are left of the chunk", size, rest)
	}
	return kind, size, nil
}

// copyBlock reads an uncompressed block (the WIM format sheet, section 5.7):
// three recent offsets, the bytes, and one more if their number is odd.
func (d *Decoder) copyBlock(dst, src []byte) error {
	// From 1 to 16 bits are skipped to get to a unit's boundary.
	at := int(d.bits.consumed()/16+1) * 2
	if at > len(src) || len(src)-at < 12+len(dst) {
		return fmt.Errorf("uncompressed block of %d bytes does not fit in the input", len(dst))
	}
	r0 := binary.LittleEndian.Uint32(src[at:])
	r1 := binary.LittleEndian.Uint32(src[at+4:])
	r2 := binary.LittleEndian.Uint32(src[at+8:])
	if r0 == 0 || r1 == 0 || r2 == 0 {
		return errors.New("uncompressed block sets a recent offset to 0")
	}
	d.recent = newRecentOffsets(r0, r1, r2)
	copy(dst, src[at+12:])
	d.bits.seek(at + 12 + (len(dst)+1)&^1)
	d.mayHaveCalls = true
	return nil
}
