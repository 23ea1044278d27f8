package xpress

import (
	"fmt"
	"math/bits"

	"github.com/wimble-go/wimble/internal/match"
)

// Levels of an Encoder.
const (
	MinLevel     = 1
	DefaultLevel = 50
	MaxLevel     = 100
)

// MinChunk is the smallest chunk size that WIM files have.
const MinChunk = 4096

// smallest is the size of the smallest chunk there can be: the codeword
// lengths, and the two units that a decoder fetches at its start.
const smallest = lengthsSize + 4

// An Encoder compresses chunks, one after the other. It is not safe for
// concurrent use. Between calls it holds no reference to dst or src.
//
// What it makes of a chunk depends on the chunk and the level alone, not on the
// chunks before, on the machine or on build tags.
type Encoder struct {
	window int
	search search
	chains *match.Chains[uint16]
	items  []item
	code   encoderCode
	units  []byte // for write, as longs
	longs  []long
	plain  bool // for tests: leave out what is not in all builds

	// For the optimal parse.
	places  match.Places
	matches []match.Match
	best    []uint64
	costs   costs
}

// NewEncoder returns an Encoder for chunks of up to windowSize bytes, 1 to
// [MaxChunk]. A WIM's chunks have a power of two from [MinChunk] on, and the
// last one of a resource has what is left.
//
// The level is a number from 1 to 100:
//
//	1 to 9     greedy: at each place the longest match that a short search
//	           finds
//	10 to 59   lazy: unless a better one begins a byte later. The level is the
//	           effort of searching. 50 is the default.
//	60 to 79   optimal: of all ways to cut the chunk into literals and the
//	           matches that are found, the one that takes the fewest bits, by
//	           estimated lengths of codewords
//	80 to 100  the same, estimated again from what the first such parse came to
func NewEncoder(windowSize int, level int) (*Encoder, error) {
	if windowSize < 1 || windowSize > MaxChunk {
		return nil, fmt.Errorf("xpress: window of %d bytes: 1 to %d are possible", windowSize, MaxChunk)
	}
	if level < MinLevel || level > MaxLevel {
		return nil, fmt.Errorf("xpress: level %d: %d to %d are possible", level, MinLevel, MaxLevel)
	}
	e := &Encoder{
		window: windowSize,
		search: searchOf(level),
		chains: match.NewChains[uint16](windowSize),
		items:  make([]item, 0, windowSize+2),
		units:  make([]byte, windowSize+8),
		longs:  make([]long, 0, windowSize/longMatch+1),
	}
	if e.search.passes > 0 {
		e.places = make(match.Places, windowSize)
		e.matches = make([]match.Match, 0, cachedMatches*windowSize)
		e.best = make([]uint64, windowSize+1+near)
	}
	return e, nil
}

// A search is what a level means.
type search struct {
	depth  int // candidates tried at a position
	nice   int // a match of so many bytes is not bettered
	lazy   int // of the lazy parse: nor is one of so many, a byte later
	passes int // of the optimal parse, or 0 for the lazy one

	// The optimal parse passes over a position when one soon after it costs less
	// than margin more, in 1/64 bit. That is for the last pass; those before,
	// which only have to learn what items cost, have firstMargin.
	margin, firstMargin int
}

// steps are the levels where something changes. Sizes and speeds of some are in
// the tables of command codecs.
var steps = [...]struct {
	level int
	search
}{
	{1, search{depth: 2, nice: 16}},
	{5, search{depth: 4, nice: 32}},
	{10, search{depth: 3, nice: 24, lazy: 8}},
	{20, search{depth: 4, nice: 40, lazy: 16}},
	{30, search{depth: 6, nice: 64, lazy: 32}},
	{40, search{depth: 8, nice: 64, lazy: 32}},
	{50, search{depth: 12, nice: 64, lazy: 48}},
	{55, search{depth: 20, nice: 96, lazy: 64}},
	{60, search{depth: 8, nice: 32, passes: 1, margin: 32}},
	{70, search{depth: 16, nice: 48, passes: 1, margin: 16}},
	{80, search{depth: 32, nice: 128, passes: 2, firstMargin: 64, margin: 16}},
	{90, search{depth: 48, nice: 128, passes: 3, firstMargin: 64}},
	{100, search{depth: 64, nice: 256, passes: 4, firstMargin: 64, margin: never}},
}

// searchOf returns the search of a level.
func searchOf(level int) search {
	found := steps[0].search
	for _, s := range steps {
		if level >= s.level {
			found = s.search
		}
	}
	return found
}

// Encode compresses the chunk src into the beginning of dst and returns how
// many bytes that took. It returns 0 when they are not fewer than src has, or
// more than dst has: such a chunk is stored as it is. dst and src must not
// overlap.
//
// It panics when src is longer than the Encoder's window.
//
// Encode allocates nothing. The time is in proportion to len(src), whatever src
// holds; see the package's documentation for the factor.
func (e *Encoder) Encode(dst, src []byte) (n int) {
	if len(src) > e.window {
		panic(fmt.Sprintf("xpress: chunk of %d bytes for an encoder whose window is %d", len(src), e.window))
	}
	if len(src) <= smallest {
		return 0
	}
	e.chains.Reset(src)
	e.code.reset()
	counted := 0
	if e.search.passes == 0 {
		counted = e.parseLazily(src)
	} else {
		e.parseOptimally(src)
	}
	e.code.count(e.items[counted:])
	size := e.code.build()
	if size >= len(src) || size > len(dst) {
		return 0
	}
	e.write(dst[:size])
	return size
}

// log2 returns the position of the highest bit of x, which is not 0.
func log2(x uint32) uint32 { return uint32(31 - bits.LeadingZeros32(x)) }
