package lzx

import "github.com/wimble-go/wimble/internal/huffman"

// A blockWriter writes blocks: it makes codes for the symbols of each.
type blockWriter struct {
	bits       bitWriter
	limit      int // bits that the chunk may have
	windowSize int
	builder    huffman.Builder

	mainLengths   [maxMainSymbols]uint8 // of the last block and of this one
	lengthLengths [numLengthSymbols]uint8
	oldMain       [maxMainSymbols]uint8
	oldLength     [numLengthSymbols]uint8
	alignedLens   [numAlignedSymbols]uint8
	mainSymbols   int

	mainCodes    [maxMainSymbols]uint16
	lengthCodes  [numLengthSymbols]uint16
	alignedCodes [numAlignedSymbols]uint16
	mainEntries  [maxMainSymbols]uint32 // codeword << 10 | footer bits << 5 | length

	pretree pretreeWriter
}

const (
	// A match of a long length with an aligned offset takes 16 + 12 + 14 + 7
	// bits, and up to 15 wait in the writer: together they fill its 64. The
	// length code needs no more than 12 bits per symbol to be good.
	lengthMaxCode = 12

	// headerSlack is more than the bits of a block's header and codes.
	headerSlack = 3 + 1 + 24 + 8*3 + 3*20*4 + (maxMainSymbols+numLengthSymbols)*(pretreeMaxCode+5)
)

func newBlockWriter(windowSize, mainSymbols int) blockWriter {
	w := blockWriter{windowSize: windowSize, mainSymbols: mainSymbols}
	w.pretree.symbols = make([]lengthSymbol, 0, maxMainSymbols)
	w.bits.out = make([]byte, windowSize+headerSlack/8+bitWriterSlack)
	return w
}

// reset begins a chunk of at most limit bytes.
func (w *blockWriter) reset(limit int) {
	w.limit = limit / 2 * 16 // whole units
	w.bits.next, w.bits.buf, w.bits.n = 0, 0, 0
	clear(w.oldMain[:])
	clear(w.oldLength[:])
}

// writeBlock writes a block of size bytes of content, unless the chunk gets too
// large. counts are those of the items.
func (w *blockWriter) writeBlock(size int, items []item, counts *symbolCounts) bool {
	main := w.mainLengths[:w.mainSymbols]
	w.builder.Lengths(main, counts.main[:w.mainSymbols], maxCodeLength)
	complete(main)
	w.builder.Lengths(w.lengthLengths[:], counts.length[:], lengthMaxCode)
	complete(w.lengthLengths[:]) // no symbol at all is well
	w.builder.Lengths(w.alignedLens[:], counts.aligned[:], alignedMaxCode)
	complete(w.alignedLens[:])

	kind := uint64(blockVerbatim)
	if w.alignedPays(counts) {
		kind = blockAligned
	}
	itemBits := w.itemBits(kind, counts)
	if w.bits.bitsWritten()+itemBits > w.limit {
		return false
	}

	w.writeHeader(kind, size)
	if kind == blockAligned {
		for _, l := range w.alignedLens {
			w.bits.put(uint64(l), 3)
		}
		w.bits.flush()
	}
	w.pretree.write(&w.bits, &w.builder, w.oldMain[:numLiterals], main[:numLiterals])
	w.pretree.write(&w.bits, &w.builder, w.oldMain[numLiterals:w.mainSymbols], main[numLiterals:])
	w.pretree.write(&w.bits, &w.builder, w.oldLength[:], w.lengthLengths[:])
	copy(w.oldMain[:], main)
	w.oldLength = w.lengthLengths
	if w.bits.bitsWritten()+itemBits > w.limit {
		return false
	}

	w.builder.Codewords(w.mainCodes[:w.mainSymbols], main)
	w.builder.Codewords(w.lengthCodes[:], w.lengthLengths[:])
	w.builder.Codewords(w.alignedCodes[:], w.alignedLens[:])
	w.writeItems(kind, items)
	return true
}

// complete gives a second symbol to a code that has only one.
func complete(lengths []uint8) {
	used, n := 0, 0
	for s, l := range lengths {
		if l != 0 {
			used = s
			n++
		}
	}
	if n == 1 {
		lengths[(used+1)%2] = 1
	}
}

// alignedPays tells whether an aligned block is smaller than a verbatim one.
func (w *blockWriter) alignedPays(counts *symbolCounts) bool {
	plain, coded := 0, 3*numAlignedSymbols
	for s, n := range counts.aligned {
		plain += alignedBits * int(n)
		coded += int(w.alignedLens[s]) * int(n)
	}
	return coded < plain
}

// itemBits returns the size of the block without its header and codes.
func (w *blockWriter) itemBits(kind uint64, counts *symbolCounts) int {
	size := 0
	for s, n := range counts.main[:w.mainSymbols] {
		if n == 0 {
			continue
		}
		bits := int(w.mainLengths[s])
		if s >= numLiterals {
			bits += int(footerBits((s - numLiterals) / lengthHeaders))
		}
		size += int(n) * bits
	}
	for s, n := range counts.length {
		size += int(n) * int(w.lengthLengths[s])
	}
	if kind == blockAligned {
		for s, n := range counts.aligned {
			size += int(n) * (int(w.alignedLens[s]) - alignedBits)
		}
	}
	return size
}

// writeHeader writes a block's type and size (the WIM format sheet, section
// 5.3).
func (w *blockWriter) writeHeader(kind uint64, size int) {
	w.bits.put(kind, 3)
	switch {
	case size == defaultBlock:
		w.bits.put(1, 1)
	case w.windowSize == MinWindow:
		w.bits.put(uint64(size), 1+16)
	default:
		w.bits.put(uint64(size), 1+24)
	}
	w.bits.flush()
}

// writeItems writes the items themselves (the WIM format sheet, section 5.6).
func (w *blockWriter) writeItems(kind uint64, items []item) {
	for s, l := range w.mainLengths[:w.mainSymbols] {
		e := uint32(w.mainCodes[s])<<10 | uint32(l)
		if s >= numLiterals {
			e |= footerBits((s-numLiterals)/lengthHeaders) << 5
		}
		w.mainEntries[s] = e
	}
	fewestAligned := uint(maxFooterBits + 1)
	if kind == blockAligned {
		fewestAligned = alignedBits
	}
	b := w.bits
	for _, it := range items {
		e := w.mainEntries[it.symbol]
		b.put(uint64(e>>10), uint(e&31))
		if it.length >= longMatch {
			l := it.length - longMatch
			b.put(uint64(w.lengthCodes[l]), uint(w.lengthLengths[l]))
		}
		footer := uint(e >> 5 & 31) // 0 for a literal
		plain := uint64(it.offset) & (1<<footer - 1)
		if footer < fewestAligned {
			b.put(plain, footer)
		} else {
			b.put(plain>>alignedBits, footer-alignedBits)
			a := it.offset % numAlignedSymbols
			b.put(uint64(w.alignedCodes[a]), uint(w.alignedLens[a]))
		}
		b.flush()
	}
	w.bits = b
}
