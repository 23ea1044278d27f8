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

// costs is what the parser thinks that items will cost, as words of the form that
// the parser adds up: see [word].
type costs struct {
	literal [numLiterals]uint64
	// slot has the costs of matches by position slot and length header: the
	// symbol's, and that of the footer bits. The item's length is in the word, but
	// for the last header, whose length is in long.
	slot [maxSlots][lengthHeaders]uint64
	long [numLengthSymbols]uint64
}

// set makes costs from the counts of symbols: a symbol that makes up a share p of
// all costs -log2 p bits. One that was not seen counts as half a one: it is
// expensive, but not out of the question.
func (c *costs) set(counts *symbolCounts, mainSymbols int) {
	main := counts.main[:mainSymbols]
	total := logTotal(main)
	for s := range c.literal {
		c.literal[s] = word(total-logCount(main[s]), 1, 0)
	}
	for s, n := range main[numLiterals:] {
		slot, header := s/lengthHeaders, s%lengthHeaders
		length := minMatch + header
		if length == longMatch {
			length = 0
		}
		c.slot[slot][header] = word(total-logCount(n)+costUnit*footerBits(slot), length, 0)
	}
	total = logTotal(counts.length[:])
	for s, n := range counts.length {
		c.long[s] = word(total-logCount(n), longMatch+s, 0)
	}
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
const logIndex = 8

var logs = newLogs()

// newLogs computes binary logarithms bit by bit, in integers, which are the same on
// every machine: log2 x is at least 1/2 if x squared is at least 2, and so on.
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
