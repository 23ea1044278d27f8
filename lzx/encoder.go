package lzx

import (
	"errors"
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

// An Encoder compresses chunks, one after the other. It is not safe for concurrent
// use. What it makes of a chunk depends on the chunk, the window size and the
// level alone.
//
// The stages, each in a file of its own: the calls of x86 code are translated
// (calls.go); the matches of each position are found and kept, a segment of the
// chunk at a time (segment.go); the segment is cut into blocks where its content
// changes (split.go); the cheapest items for each block are chosen (parse.go) by
// what their bits are likely to cost (costs.go); and the block is written with codes
// made for it (block.go, bitwriter.go).
type Encoder struct {
	windowSize  int
	mainSymbols int
	params      params

	data   []byte // the translated chunk, as package match wants it
	size   int    // of the chunk
	tree   *match.Tree
	seg    segment
	parser parser
	writer blockWriter
}

// NewEncoder returns an Encoder for chunks of up to windowSize bytes, which must be
// a power of two from [MinWindow] to [MaxWindow], and the same for the decoder.
//
// The level, from [MinLevel] to [MaxLevel], trades speed for size.
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
		data:        make([]byte, 1+windowSize+match.Padding),
		tree:        match.NewTree(windowSize),
	}
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

// errFull ends the work on a chunk that does not get smaller.
var errFull = errors.New("lzx: no room for the compressed chunk")

// Encode compresses the chunk src into dst and returns the number of bytes it
// wrote. It returns 0 when they would not be fewer than len(src), or more than
// len(dst): the container then stores the chunk as it is. The size of src is from 1
// byte to the window size; Encode panics when it is larger.
//
// Encode keeps neither slice, does not change src, and allocates nothing. What dst
// holds after the bytes written, or when the result is 0, means nothing.
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

// load makes e.data of the chunk. The byte before it is made different from the
// first one: offset 1, which the recent offsets start with, must find no match at
// the first position.
func (e *Encoder) load(src []byte) {
	e.size = len(src)
	e.data[0] = ^src[0]
	copy(e.data[1:], src)
	clear(e.data[1+len(src) : 1+len(src)+match.Padding])
	makeAbsolute(e.data[1 : 1+len(src)])
}

// compress writes all blocks of the chunk. It gives up, and returns false, when
// they take more than limit bytes.
func (e *Encoder) compress(limit int) bool {
	e.tree.Reset()
	e.writer.reset(limit)
	recent := newRecentOffsets(1, 1, 1)
	for start := 1; start <= e.size; {
		e.seg.fill(e, start, min(start+maxSegment, e.size+1))
		for _, end := range e.seg.split(e) {
			items := e.parser.parse(e, start, end, recent)
			if !e.writer.writeBlock(e.data[start:end], items) {
				return false
			}
			recent = e.parser.recent
			start = end
		}
	}
	return true
}
