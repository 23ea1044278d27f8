package lzx

import "github.com/wimble-go/wimble/internal/huffman"

// A pretreeWriter writes codeword lengths, as differences from those of the
// block before, in a code of their own (the WIM format sheet, section 5.4).
type pretreeWriter struct {
	symbols []lengthSymbol
	counts  [numPretreeSymbols]uint32
	lengths [numPretreeSymbols]uint8
	codes   [numPretreeSymbols]uint16
}

// A lengthSymbol is a symbol of the pretree with what follows it.
type lengthSymbol struct {
	symbol uint8
	extra  uint8 // the bits that follow
	next   uint8 // after symbol 19: the difference that is repeated
}

// Runs of codeword lengths.
const (
	zeroRun, zeroRunBits, minZeroRun, maxZeroRun = 17, 4, 4, 19
	longRun, longRunBits, minLongRun, maxLongRun = 18, 5, 20, 51
	sameRun, sameRunBits, minSameRun, maxSameRun = 19, 1, 4, 5
)

// write writes lengths, one part of a code, where old are those of the last
// block.
func (p *pretreeWriter) write(w *bitWriter, builder *huffman.Builder, old, lengths []uint8) {
	p.symbols = p.symbols[:0]
	p.counts = [numPretreeSymbols]uint32{}
	for i := 0; i < len(lengths); {
		run := 1
		for i+run < len(lengths) && lengths[i+run] == lengths[i] {
			run++
		}
		i += p.addRun(old[i:], lengths[i], run)
	}
	builder.Lengths(p.lengths[:], p.counts[:], pretreeMaxCode)
	complete(p.lengths[:])
	builder.Codewords(p.codes[:], p.lengths[:])

	for _, l := range p.lengths {
		w.put(uint64(l), 4)
		w.flush()
	}
	for _, s := range p.symbols {
		w.put(uint64(p.codes[s.symbol]), uint(p.lengths[s.symbol]))
		switch s.symbol {
		case zeroRun:
			w.put(uint64(s.extra), zeroRunBits)
		case longRun:
			w.put(uint64(s.extra), longRunBits)
		case sameRun:
			w.put(uint64(s.extra), sameRunBits)
			w.put(uint64(p.codes[s.next]), uint(p.lengths[s.next]))
		}
		w.flush()
	}
}

// addRun adds symbols for the first of run equal lengths, and returns for how
// many. A run of symbol 19 takes its difference from the first position.
func (p *pretreeWriter) addRun(old []uint8, length uint8, run int) int {
	switch {
	case length == 0 && run >= minLongRun:
		run = min(run, maxLongRun)
		p.add(lengthSymbol{symbol: longRun, extra: uint8(run - minLongRun)})
	case length == 0 && run >= minZeroRun:
		run = min(run, maxZeroRun)
		p.add(lengthSymbol{symbol: zeroRun, extra: uint8(run - minZeroRun)})
	case run >= minSameRun:
		run = min(run, maxSameRun)
		s := lengthSymbol{symbol: sameRun, extra: uint8(run - minSameRun), next: difference(old[0], length)}
		p.counts[s.next]++
		p.add(s)
	default:
		run = 1
		p.add(lengthSymbol{symbol: difference(old[0], length)})
	}
	return run
}

func (p *pretreeWriter) add(s lengthSymbol) {
	p.symbols = append(p.symbols, s)
	p.counts[s.symbol]++
}

// difference returns what takes the old length to the new one: [lengthMinus]
// undoes it.
func difference(old, length uint8) uint8 {
	return lengthMinus(old, uint32(length))
}
