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
//	7       0
//	8..15   literal: the byte
//	16..19  match length, 1 for a literal, 9 when a length symbol follows
//	20      part of the footer comes from the aligned code
//	21      literal
//	22      match with R1 or R2
//	24..25  0
//	26..31  position slot, 0 for a literal
//
// A literal is then a match of length 1 at the newest offset whose byte is
// replaced, and the hot loop needs no branch to tell one from the other.
const (
	entryBits    = 63
	flagSpecial  = 1 << 6
	entryLiteral = 8
	entryLength  = 16
	flagAligned  = 1 << 20
	flagLiteral  = 1 << 21
	flagRepeat   = 1 << 22
	entrySlot    = 26

	// The table adds this for each bit of the codeword.
	entryStep = 1

	// The codeword is longer than the table's index.
	entryLong = flagSpecial

	symbolEntryBits = 31 // other tables: length of the codeword,
	symbolEntry     = 8  // and the symbol from here
)

// A slot is what a position slot says about the offset of a match.
type slot struct {
	// shuffle makes R0, R1, R2 and a new offset, 4 bytes each, the next three
	// recent offsets: byte i of the result is byte shuffle[i]. Only the
	// assembly uses it.
	shuffle [16]uint8
	mask    uint32 // the footer's bits, the lowest ones
	base    uint32 // what is added to them
	footer  uint32 // how many they are
	isNew   int32  // -1, or 0 for a slot of a recent offset
}

// slots is indexed by six bits of an entry. The last few are not used.
var slots = newSlots()

func newSlots() (slots [1 << 6]slot) {
	for i := range maxSlots {
		s := &slots[i]
		recent := [4]int{3, 0, 1, 3}
		switch {
		case i == 0:
			recent = [4]int{0, 1, 2, 3}
		case i == 1:
			recent = [4]int{1, 0, 2, 3}
		case i == 2:
			recent = [4]int{2, 1, 0, 3}
		case i == repeatSlots:
			s.isNew, s.base = -1, 1
		default:
			before := slots[i-1]
			s.isNew, s.base = -1, before.base+before.mask+1
			s.footer = footerBits(i)
			s.mask = 1<<s.footer - 1
		}
		for j := range s.shuffle {
			s.shuffle[j] = uint8(4*recent[j/4] + j%4)
		}
	}
	return slots
}

// footerBits returns the number of extra bits of a position slot.
func footerBits(slot int) uint32 {
	if slot < 4 {
		return 0
	}
	return min(maxFooterBits, uint32(slot)/2-1)
}

// slotOf returns the slot of entry e.
func slotOf(e uint32) *slot { return &slots[e>>entrySlot] }

// newOffset returns the offset of a match, where the last bits before those that
// buf begins with are the footer: buf has been rotated, not shifted.
func (s *slot) newOffset(buf uint64) uint32 {
	return uint32(buf)&s.mask + s.base
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
		e |= uint32(slot)<<entrySlot | footerBits(slot)
		if slot == 1 || slot == 2 {
			e |= flagRepeat
		}
		if aligned && footerBits(slot) >= alignedBits {
			e |= flagAligned | flagSpecial
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
