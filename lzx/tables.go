package lzx

import "github.com/wimble-go/wimble/internal/huffman"

// The alphabets (the WIM format sheet, sections 5.4 and 5.5).
const (
	numLiterals       = 256
	lengthHeaders     = 8 // match lengths 2 to 8, and "more in a length symbol"
	maxSlots          = 50
	maxMainSymbols    = numLiterals + lengthHeaders*maxSlots
	numLengthSymbols  = 249
	numPretreeSymbols = 20
	numAlignedSymbols = 8

	repeatSlots     = 3 // slots 0, 1, 2 repeat a recent offset
	minMatch        = 2
	longMatch       = minMatch + lengthHeaders - 1 // 9: from here a length symbol follows
	maxFooterBits   = 17
	alignedBits     = 3 // of the footer, in an aligned block, come from the aligned code
	defaultBlock    = 32768
	maxCodeLength   = 16
	pretreeMaxCode  = 15
	alignedMaxCode  = 7
	windowBitsFirst = 15
	windowBitsLast  = 21
)

// slotCounts is the number of position slots by window bits, from 15 on.
var slotCounts = [windowBitsLast - windowBitsFirst + 1]int{30, 32, 34, 36, 38, 42, 50}

// How many bits index the main part of each decoding table.
const (
	mainBits    = 11
	lengthBits  = 8
	pretreeBits = 7
)

// An entry of the main table tells all about a symbol, in 32 bits:
//
//	0..5    bits to consume: codeword, and footer of the offset
//	6       special: not for the inner loop of the hot loop
//	7       literal
//	8..13   bits of the codeword alone
//	14      part of the footer comes from the aligned code
//	16..19  match length, 1 for a literal, 9 when a length symbol follows
//	20..25  match with a new offset: 60 - footer bits
//	26..29  match with a new offset: mantissa, see newOffset
//	26..27  match with a recent offset: which, 0 to 2
//	20..27  literal: the byte
//	31      the offset is a new one. Not set for literals, which thereby repeat
//	        the newest offset and leave all as it was
//
// A literal is then a match of length 1 whose byte is replaced, and the hot loop
// needs no branch to tell one from the other.
const (
	entryBits     = 63
	flagSpecial   = 1 << 6
	flagLiteral   = 1 << 7
	entryCode     = 8
	flagAligned   = 1 << 14
	entryLength   = 16
	entryShift    = 20
	entryLiteral  = 20
	entryMantissa = 26
	entryRepeat   = 26
	flagNew       = 1 << 31

	// The table adds this for each bit of the codeword.
	entryStep = 1 | 1<<entryCode

	// The codeword is longer than the table's index.
	entryLong = flagSpecial

	symbolEntryBits = 31 // other tables: length of the codeword,
	symbolEntry     = 8  // and the symbol from here
)

// footerBits returns the number of extra bits of a position slot.
func footerBits(slot int) uint {
	if slot < 4 {
		return 0
	}
	return min(maxFooterBits, uint(slot)/2-1)
}

// mantissa returns (base(slot) + 2) >> footerBits(slot). The bases of the slots with
// 2 added are 2, 3 and then 4, 6, 8, 12, ... with one more footer bit every two
// slots, so that it is 2 or 3. From slot 36 on the footers stay at 17 bits and it
// counts on: 2, 3, 4, ... 15.
func mantissa(slot int) uint32 {
	if slot < 2*maxFooterBits+2 {
		return 2 | uint32(slot)&1
	}
	return uint32(slot) - 2*maxFooterBits
}

// newOffset returns the offset of a match with entry e, where buf begins with
// the footer: mantissa << footerBits + footer - 2. The mantissa is put in front of
// the footer, and both are shifted down together.
func newOffset(buf uint64, e uint32) uint32 {
	return uint32((buf>>4|uint64(e>>entryMantissa)<<60)>>(e>>entryShift&63)) - 2
}

// mainEntries returns what the symbols of the main code say, for verbatim or
// for aligned blocks.
func mainEntries(aligned bool) *[maxMainSymbols]uint32 {
	var entries [maxMainSymbols]uint32
	for sym := range entries {
		if sym < numLiterals {
			entries[sym] = flagLiteral | uint32(sym)<<entryLiteral | 1<<entryLength
			continue
		}
		header, slot := (sym-numLiterals)%lengthHeaders, (sym-numLiterals)/lengthHeaders
		e := uint32(minMatch+header) << entryLength
		if minMatch+header == longMatch {
			e |= flagSpecial
		}
		if slot < repeatSlots {
			e |= uint32(slot) << entryRepeat
			if slot > 0 {
				e |= flagSpecial
			}
		} else {
			footer := uint32(footerBits(slot))
			e |= flagNew | footer | (60-footer)<<entryShift | mantissa(slot)<<entryMantissa
			if aligned && footer >= alignedBits {
				e |= flagAligned | flagSpecial
			}
		}
		entries[sym] = e
	}
	return &entries
}

// symbolEntries returns the entries of the other codes: the symbol alone.
func symbolEntries() *[numLengthSymbols]uint32 {
	var entries [numLengthSymbols]uint32
	for sym := range entries {
		entries[sym] = uint32(sym) << symbolEntry
	}
	return &entries
}

var (
	verbatimMain = mainEntries(false)
	alignedMain  = mainEntries(true)
	symbols      = symbolEntries()
)

func newMainTable(symbols int) *huffman.Table {
	return huffman.NewTable(symbols, mainBits, maxCodeLength, entryLong, entryStep)
}
