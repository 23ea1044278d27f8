package lzx

import "math/bits"

// The parser counts costs in units of 1/64 bit.
const (
	costBits = 6
	costUnit = 1 << costBits
)

// symbolCounts is how often each symbol of a block's codes is used.
type symbolCounts struct {
	main    [maxMainSymbols]uint32
	length  [numLengthSymbols]uint32
	aligned [numAlignedSymbols]uint32
}

// addLiteral counts a literal, and returns it.
func (c *symbolCounts) addLiteral(b byte) item {
	c.main[b]++
	return item{length: 1, symbol: uint16(b)}
}

// addMatch counts the symbols of a match with an offset as in an [item], and returns
// it.
func (c *symbolCounts) addMatch(length int, offset uint32) item {
	slot := slotFor(offset)
	symbol := numLiterals + int(slot)*lengthHeaders + min(length, longMatch) - minMatch
	c.main[symbol]++
	if length >= longMatch {
		c.length[length-longMatch]++
	}
	if slot >= firstAligned {
		c.aligned[offset%numAlignedSymbols]++
	}
	return item{uint16(length), uint16(symbol), offset}
}

// add adds the counts of o.
func (c *symbolCounts) add(o *symbolCounts) {
	for i, n := range o.main {
		c.main[i] += n
	}
	for i, n := range o.length {
		c.length[i] += n
	}
	for i, n := range o.aligned {
		c.aligned[i] += n
	}
}

// slotFor returns the position slot of an item's offset.
func slotFor(offset uint32) uint32 {
	switch {
	case offset < 4:
		return offset
	case offset >= 1<<(maxFooterBits+1):
		return 2*maxFooterBits + offset>>maxFooterBits
	}
	// Two slots for each power of two: the bit below the top one tells which.
	top := uint32(bits.Len32(offset)) - 1
	return 2*top + offset>>(top-1)&1
}

// costs is what the parser thinks that items will cost, as words of the form
// that the parser adds up: see [word].
type costs struct {
	literal [numLiterals]uint64

	// slot has the costs of matches of lengths from 1 to 8, those of the symbol
	// and of the footer bits, by position slot. There is no match of length 1,
	// it is just too expensive. The last entry is for all longer ones, without
	// the length in the word: that, and what the length symbol costs, is in
	// long.
	slot [maxSlots][longMatch]uint64
	long [numLengthSymbols + 3]uint64 // and what a load of four words may read
}

// set makes costs from the counts of symbols: a symbol that makes up a share p
// of all costs -log2 p bits. One that was not seen counts as half a one: it is
// expensive, but not out of the question.
func (c *costs) set(counts *symbolCounts, mainSymbols int) {
	main := counts.main[:mainSymbols]
	total := logTotal(main)
	for s := range c.literal {
		c.literal[s] = word(total-logCount(main[s]), 1, 0)
	}
	for slot := range (mainSymbols - numLiterals) / lengthHeaders {
		costs := &c.slot[slot]
		costs[0] = word(tooExpensive, 1, 0)
		footer := costUnit * footerBits(slot)
		for header, n := range main[numLiterals+lengthHeaders*slot:][:lengthHeaders] {
			length := minMatch + header
			at := length - 1
			if length == longMatch {
				length = 0
			}
			costs[at] = word(total-logCount(n)+footer, length, 0)
		}
	}
	total = logTotal(counts.length[:])
	for s, n := range counts.length {
		c.long[s] = word(total-logCount(n), longMatch+s, 0)
	}
}

// tooExpensive is more than what any block costs, and small enough to be added
// to that.
const tooExpensive = 1 << 30

// match returns the cost of a match.
func (c *costs) match(slot uint32, length int) uint64 {
	if length < longMatch {
		return c.slot[slot][length-1]
	}
	return c.slot[slot][longMatch-1] + c.long[length-longMatch]
}

// logTotal returns the logarithm of the sum of counts.
func logTotal(counts []uint32) uint32 {
	total := uint32(0)
	for _, n := range counts {
		total += max(2*n, 1)
	}
	return logOf(total)
}

// logCount returns the logarithm of a count, on the same scale.
func logCount(n uint32) uint32 { return logOf(max(2*n, 1)) }

// logOf returns log2 of n in costUnits; n is not 0.
func logOf(n uint32) uint32 {
	zeros := bits.LeadingZeros32(n)
	return uint32(31-zeros)<<costBits + uint32(logs[n<<zeros>>(31-logIndex)-1<<logIndex])
}

// logs has the logarithms of numbers from 1 to 2, cut into 256 steps.
var logs = newLogs()

const logIndex = 8

// newLogs computes binary logarithms bit by bit, in integers, which are the
// same on every machine: log2 x is at least 1/2 if x squared is at least 2, and
// so on.
func newLogs() (logs [1 << logIndex]uint8) {
	const one = 1 << 31
	for i := range logs {
		x := one + (2*uint64(i)+1)<<(31-logIndex-1) // the step's middle
		for range costBits {
			x = x * x >> 31
			logs[i] <<= 1
			if x >= 2*one {
				x >>= 1
				logs[i]++
			}
		}
	}
	return logs
}
