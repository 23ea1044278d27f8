package lzx

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
//	6       special: not for the main path of the hot loop
//	7       aligned: special because the footer ends with an aligned symbol
//	8..15   literal: the byte
//	16..19  bits of the codeword alone, less 1
//	20..21  0
//	22..27  position slot, 0 for a literal
//	28..31  match length, 1 for a literal, 9 when a length symbol follows
//
// A literal is then a match of length 1 at the newest offset whose byte is
// replaced, and the hot loop needs no branch to tell one from the other.
const (
	entryBits     = 63
	flagSpecial   = 1 << 6
	flagAligned   = 1 << 7
	entryLiteral  = 8
	entryCode     = 16
	entryCodeMask = 15
	entrySlot     = 22
	entrySlotMask = 63
	entryLength   = 28
	literalLength = 1

	// The table adds this for each bit of the codeword.
	entryStep = 1 | 1<<entryCode

	// The codeword is longer than the table's index.
	entryLong = flagSpecial

	// Entries of the other tables: the length of the codeword, below 32, and
	// the symbol. To shift by the length takes no instruction for a mask of 63.
	symbolEntryBits = 63
	symbolEntry     = 8
)

// lengthOf returns the match length of entry e.
func lengthOf(e uint32) uint { return uint(e >> entryLength) }

// codeBits returns the bits of the codeword of entry e, without the footer.
func codeBits(e uint32) uint { return uint(e>>entryCode&entryCodeMask) + 1 }

// A slot is what a position slot says about the offset of a match.
type slot struct {
	mask   uint64 // the footer's bits, the lowest ones
	base   uint64 // what is added to them
	push   uint64 // how far the recent offsets move up: offsetBits, or 0 if none is pushed
	footer uint64 // how many bits the footer has
}

// slots is indexed by the slot of an entry. The last few are not used.
var slots = newSlots()

func newSlots() (slots [entrySlotMask + 1]slot) {
	base := uint64(1)
	for i := repeatSlots; i < maxSlots; i++ {
		footer := uint64(footerBits(i))
		slots[i] = slot{mask: 1<<footer - 1, base: base, push: offsetBits, footer: footer}
		base += 1 << footer
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

// slotOf returns the number of the slot of entry e.
func slotOf(e uint32) uint32 { return e >> entrySlot & entrySlotMask }

// newOffset returns the offset of a match, where the last bits before those
// that buf begins with are the footer: buf has been rotated, not shifted. It is
// 0 for slots of recent offsets.
func (s *slot) newOffset(buf uint64) uint64 {
	return buf&s.mask + s.base
}

// alignedOffset is newOffset where an aligned symbol, which has the entry a, is
// the footer's last three bits, and buf has been rotated by the others alone.
func (s *slot) alignedOffset(buf uint64, a uint32) uint64 {
	return s.newOffset(buf<<alignedBits) + uint64(a>>symbolEntry)
}

// firstAligned is the first slot whose footer ends with a symbol of the aligned
// code, in an aligned block.
const firstAligned = 8

// A mainAlphabet has what the symbols of the main code say.
type mainAlphabet [maxMainSymbols]uint32

// newMainAlphabet returns it for blocks where the offsets from slot
// firstAligned on have an aligned symbol; R1 and R2 are special or not.
func newMainAlphabet(firstAligned int, specialRepeats bool) *mainAlphabet {
	var entries mainAlphabet
	for sym := range entries {
		e := uint32(literalLength<<entryLength | sym<<entryLiteral)
		if sym >= numLiterals {
			length, slot := minMatch+(sym-numLiterals)%lengthHeaders, (sym-numLiterals)/lengthHeaders
			e = uint32(slot<<entrySlot|length<<entryLength) | footerBits(slot)
			if length == longMatch || specialRepeats && (slot == 1 || slot == 2) {
				e |= flagSpecial
			}
			if slot >= firstAligned {
				e |= flagSpecial | flagAligned
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
	// Those for the loops in Go, then those for the loop in assembly, which
	// does repeats like any other match.
	verbatimMain = [2]*mainAlphabet{newMainAlphabet(maxSlots, true), newMainAlphabet(maxSlots, false)}
	alignedMain  = [2]*mainAlphabet{newMainAlphabet(firstAligned, true), newMainAlphabet(firstAligned, false)}
	symbols      = symbolEntries()
)

// tables is what the hot loop looks up, in one piece: there are too few
// registers for a pointer to each, and the table of slots next to the others is
// worth 1.5 % to hotUnsafe (BenchmarkDecode).
type tables struct {
	main    [1<<mainBits + maxMainSymbols<<(maxCodeLength-mainBits-1)]uint32
	length  [1<<lengthBits + numLengthSymbols<<(maxCodeLength-lengthBits-1)]uint32
	aligned [1 << alignedMaxCode]uint32
	slots   [entrySlotMask + 1]slot
}
