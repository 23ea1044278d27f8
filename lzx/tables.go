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
//	20..23  bits of the codeword alone, less 1
//	24..25  0
//	26..31  position slot, 0 for a literal
//
// A literal is then a match of length 1 at the newest offset whose byte is
// replaced, and the hot loop needs no branch to tell one from the other.
const (
	entryBits     = 63
	flagSpecial   = 1 << 6
	entryLiteral  = 8
	entryLength   = 16
	literalLength = 1
	entryCode     = 20
	entrySlot     = 26

	// The table adds this for each bit of the codeword.
	entryStep = 1 | 1<<entryCode

	// The codeword is longer than the table's index.
	entryLong = flagSpecial

	symbolEntryBits = 31 // other tables: length of the codeword,
	symbolEntry     = 8  // and the symbol from here
)

// lengthOf returns the match length of entry e.
func lengthOf(e uint32) uint { return uint(e>>entryLength) & 15 }

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

// firstAligned is the first slot whose footer ends with a symbol of the aligned
// code, in an aligned block.
const firstAligned = 8

// neverAligned is above all slots.
const neverAligned = 1<<6 - 1

// A mainAlphabet has what the symbols of the main code say.
type mainAlphabet [maxMainSymbols]uint32

// newMainAlphabet returns it for blocks where the offsets from slot firstAligned
// on have an aligned symbol; R1 and R2 are special or not.
func newMainAlphabet(firstAligned int, specialRepeats bool) *mainAlphabet {
	var entries mainAlphabet
	for sym := range entries {
		e := uint32(literalLength<<entryLength | sym<<entryLiteral)
		if sym >= numLiterals {
			length, slot := minMatch+(sym-numLiterals)%lengthHeaders, (sym-numLiterals)/lengthHeaders
			e = uint32(slot<<entrySlot|length<<entryLength) | footerBits(slot)
			if length == longMatch || slot >= firstAligned || specialRepeats && (slot == 1 || slot == 2) {
				e |= flagSpecial
			}
		}
		entries[sym] = e - 1<<entryCode // codewords have at least one bit
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
	// Those for the loops in Go, then those for the loop in assembly, which does
	// repeats like any other match.
	verbatimMain = [2]*mainAlphabet{newMainAlphabet(neverAligned, true), newMainAlphabet(neverAligned, false)}
	alignedMain  = [2]*mainAlphabet{newMainAlphabet(firstAligned, true), newMainAlphabet(firstAligned, false)}
	symbols      = symbolEntries()
)

func newMainTable(symbols int) *huffman.Table {
	return huffman.NewTable(symbols, mainBits, maxCodeLength, entryLong, entryStep)
}
