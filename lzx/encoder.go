package lzx

import (
	"fmt"
	"math/bits"

	"github.com/wimble-go/wimble/internal/match"
)

// Levels that NewEncoder takes.
const (
	MinLevel     = 1
	DefaultLevel = 50
	MaxLevel     = 100
)

// An Encoder compresses chunks, one after the other. It is not safe for
// concurrent use. What it makes of a chunk depends on the chunk, the window
// size and the level alone.
//
// The stages, each in a file of its own: the calls of x86 code are translated
// (calls.go); for a segment of the chunk at a time, whose matches are found
// when they are asked for and then kept (segment.go), a simple parse guesses
// how often symbols will be used (guess.go); the segment is cut into blocks
// where its content changes (split.go); the cheapest items of each block are
// chosen (parse.go, search.go) by what they are likely to cost (costs.go); and
// the block is written with codes made for it (block.go, pretree.go,
// bitwriter.go). Low levels choose the items as they find them (lazy.go).
type Encoder struct {
	windowSize  int
	mainSymbols int
	params      params

	plain   bool   // for tests: leave out what is not in all builds
	data    []byte // the chunk, translated, and padding
	size    int    // of the chunk
	finder  finder
	longest longestFinder // the same, for lazy parsing
	seg     segment
	parser  parser
	writer  blockWriter
}

// NewEncoder returns an Encoder for chunks of up to windowSize bytes, which
// must be a power of two from [MinWindow] to [MaxWindow], and the same for the
// decoder.
//
// The level, from [MinLevel] to [MaxLevel], trades speed for size. Up to 29 the
// best match at each position is taken, or the next one's if that is better
// ("lazy parsing"); from 30 on the cheapest of all ways to write a block is
// looked for. Within both kinds, and from 70 on in a third one that finds more
// matches, higher levels try harder. The levels 10, 40 and [DefaultLevel] give
// about the sizes of the same levels of wimlib; 80 gives those of its level
// 100, and 100 those of its level 200.
func NewEncoder(windowSize, level int) (*Encoder, error) {
	slots, err := slotCount(windowSize)
	if err != nil {
		return nil, err
	}
	if level < MinLevel || level > MaxLevel {
		return nil, fmt.Errorf("lzx: level %d is not from %d to %d", level, MinLevel, MaxLevel)
	}
	e := &Encoder{
		windowSize:  windowSize,
		mainSymbols: numLiterals + lengthHeaders*slots,
		params:      newParams(level),
		data:        make([]byte, windowSize+match.Padding),
	}
	e.finder = newFinder(windowSize, e.params.tree)
	e.longest, _ = e.finder.(longestFinder)
	e.seg = newSegment(min(windowSize, maxSegment))
	e.parser = newParser(min(windowSize, maxSegment), e.mainSymbols)
	e.writer = newBlockWriter(windowSize, e.mainSymbols)
	return e, nil
}

// slotCount returns the number of position slots of a window size.
func slotCount(windowSize int) (int, error) {
	if windowSize < MinWindow || windowSize > MaxWindow || windowSize&(windowSize-1) != 0 {
		return 0, fmt.Errorf("lzx: window size %d is not a power of two from %d to %d",
			windowSize, MinWindow, MaxWindow)
	}
	return slotCounts[bits.Len(uint(windowSize))-1-windowBitsFirst], nil
}

// Encode compresses the chunk src into dst and returns the number of bytes it
// wrote. It returns 0 when they would not be fewer than len(src), or more than
// len(dst): the container then stores the chunk as it is. The size of src is
// from 1 byte to the window size; Encode panics when it is larger.
//
// Whatever src holds, the time is in proportion to its size; the package's
// documentation has the speeds of the slowest contents.
//
// Encode keeps neither slice, does not change src, and allocates nothing. What
// dst holds after the bytes written, or when the result is 0, means nothing.
func (e *Encoder) Encode(dst, src []byte) (n int) {
	if len(src) > e.windowSize {
		panic(fmt.Sprintf("lzx: chunk of %d bytes in a window of %d", len(src), e.windowSize))
	}
	if len(src) < 2 {
		return 0
	}
	e.load(src)
	if !e.compress(min(len(dst), len(src)-1)) {
		return 0
	}
	return copy(dst, e.writer.bits.finish())
}

// load makes e.data of the chunk.
func (e *Encoder) load(src []byte) {
	e.size = len(src)
	copy(e.data, src)
	clear(e.data[len(src):][:match.Padding])
	makeAbsolute(e.data[:len(src)])
}

// compress writes all blocks of the chunk. It gives up, and returns false, when
// they take more than limit bytes.
func (e *Encoder) compress(limit int) bool {
	e.finder.Reset(e.data[:e.size])
	e.seg.reset()
	e.writer.reset(limit)
	recent := newRecentOffsets(1, 1, 1)
	for start := 0; start < e.size; {
		end := min(start+maxSegment, e.size)
		var all []item // of a lazy parse
		if e.params.passes == 0 {
			all = e.parser.parseLazily(e, start, end, e.pieceSize(), recent)
		} else {
			e.seg.begin(e, start, end)
			e.seg.guess(e, e.pieceSize(), recent)
		}
		e.seg.join(e.mainSymbols)
		for i := range e.seg.pieces {
			b := &e.seg.pieces[i]
			var items []item
			counts := &b.counts
			if e.params.passes == 0 {
				last := len(all)
				if i+1 < len(e.seg.pieces) {
					last = e.seg.pieces[i+1].first
				}
				items = all[b.first:last]
			} else {
				items = e.parser.parse(e, start, b, recent)
				counts = &e.parser.counts
				recent = e.parser.recent
			}
			if !e.writer.writeBlock(b.end-start, items, counts) {
				return false
			}
			start = b.end
		}
		recent = e.parser.recent
	}
	return true
}

// pieceSize returns what blocks are made of.
func (e *Encoder) pieceSize() int {
	if e.windowSize == MinWindow {
		return MinWindow // one block
	}
	return pieceSize
}

func newFinder(windowSize int, tree bool) finder {
	switch {
	case tree && windowSize < 1<<16:
		return match.NewTree[uint16](windowSize, maxMatch)
	case tree:
		return match.NewTree[uint32](windowSize, maxMatch)
	case windowSize <= 1<<16:
		c := match.NewChains[uint16](windowSize)
		c.Limit(maxMatch)
		return c
	default:
		c := match.NewChains[uint32](windowSize)
		c.Limit(maxMatch)
		return c
	}
}
