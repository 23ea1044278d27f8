package lzx

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// An item is a literal or a match, as the parser chose it: the length, 1 for a
// literal, and the offset as LZX codes it: 0 to 2 for one of the recent offsets,
// otherwise the offset plus 2.
type item struct {
	length uint16
	offset uint32
}

const offsetBias = 2

// A word is the cost of all items up to a position, on top, and the last of them.
// The smaller of two words is the cheaper way to get there.
//
//	0..20   the item's offset
//	21..30  its length
//	31      it is a gap: see [parser.search]
//	32..63  cost
//
// The offset of a literal is 0: like a repeat of R0, it leaves the recent offsets
// as they are.
func word(cost uint32, length int, offset uint32) uint64 {
	return uint64(cost)<<wordCost | uint64(length)<<wordLength | uint64(offset)
}

const (
	wordLength  = 21
	wordGap     = 31
	wordCost    = 32
	offsetField = 1<<wordLength - 1
	lengthField = 1<<(wordGap-wordLength) - 1
	costField   = math.MaxUint64 &^ (1<<wordCost - 1)
)

// A parser chooses the items of a block.
type parser struct {
	mainSymbols int
	counts      symbolCounts
	costs       costs
	words       []uint64 // the cheapest way to each position of the block
	items       []item
	recent      recentOffsets // after the block

	// ring has the recent offsets at the positions before the current one.
	ring [ringSize]recentOffsets
}

const (
	ringSize = 1024
	maxGap   = 4
	maxStep  = 2*maxMatch + maxGap // the longest way that a word goes in one step
)

func newParser(size, mainSymbols int) parser {
	return parser{
		mainSymbols: mainSymbols,
		words:       make([]uint64, size+maxStep+8),
		items:       make([]item, 0, size),
	}
}

// parse returns the items of the block e.data[start:end].
func (p *parser) parse(e *Encoder, start, end int, recent recentOffsets) []item {
	p.guess(e, start, end)
	for range e.params.passes {
		p.costs.set(&p.counts, p.mainSymbols)
		p.search(e, start, end, recent)
		p.collect(e, start, end, recent)
	}
	return p.items
}

// firstMatch returns where the segment's matches of position pos begin.
func (s *segment) firstMatch(pos int) int {
	piece := (pos - s.start) / pieceSize
	at := int(s.firsts[piece])
	for _, n := range s.counts[piece*pieceSize : pos-s.start] {
		at += int(n)
	}
	return at
}

// guess counts the symbols that a simple parse would use: the longest match at
// each position.
func (p *parser) guess(e *Encoder, start, end int) {
	s := &e.seg
	p.counts = symbolCounts{}
	next := s.firstMatch(start)
	skip := 0
	for pos := start; pos < end; pos++ {
		n := int(s.counts[pos-s.start])
		next += n
		if skip > 0 {
			skip--
			continue
		}
		if n > 0 {
			m := s.matches[next-1]
			if m.Length > 3 || m.Offset < 4096 && m.Length > 2 {
				p.counts.addMatch(int(m.Length), m.Offset+offsetBias)
				skip = int(m.Length) - 1
				continue
			}
		}
		p.counts.main[e.data[pos]]++
	}
	// Let all match symbols look much alike.
	matches := p.counts.main[numLiterals:p.mainSymbols]
	total := uint32(0)
	for _, n := range matches {
		total += n
	}
	mean := 16 * total / uint32(len(matches))
	for i := range matches {
		matches[i] = (16*matches[i] + 16*mean) / 17
	}
	for i := range p.counts.main[:numLiterals] {
		p.counts.main[i] *= 16
	}
	total = 0
	for _, n := range p.counts.length {
		total += n
	}
	for i := range p.counts.length {
		p.counts.length[i] = 16*p.counts.length[i] + 16*total/numLengthSymbols
	}
}

// slotFor returns the position slot of an item's offset.
func slotFor(offset uint32) uint32 {
	if offset >= 1<<(maxFooterBits+1) {
		return 34 + offset>>maxFooterBits
	}
	if offset < 4 {
		return offset
	}
	top := uint32(bits.Len32(offset)) - 1
	return 2*top + offset>>(top-1)&1
}

func (c *symbolCounts) addMatch(length int, offset uint32) {
	slot := slotFor(offset)
	header := min(length, longMatch) - minMatch
	c.main[numLiterals+int(slot)*lengthHeaders+header]++
	if length >= longMatch {
		c.length[length-longMatch]++
	}
	if slot >= firstAligned {
		c.aligned[offset%numAlignedSymbols]++
	}
}

// search finds the cheapest way to each position of the block, from the first to
// the last.
func (p *parser) search(e *Encoder, start, end int, recent recentOffsets) {
	s := &e.seg
	data := e.data
	c := &p.costs
	words := p.words[:end-start+maxStep+1]
	for i := range words {
		words[i] = math.MaxUint64
	}
	words[0] = 0
	p.ring[0] = recent
	next := s.firstMatch(start)
	counts := s.counts[start-s.start : end-s.start]
	for i, n := range counts {
		w := words[i]
		base := w & costField
		if i > 0 {
			recent = p.step(i, w)
			p.ring[i%ringSize] = recent
		}
		pos := start + i
		words[i+1] = min(words[i+1], base+c.literal[data[pos]])
		if n == 0 {
			continue
		}
		found := s.matches[next : next+int(n)]
		next += int(n)
		rest := min(end-pos, maxMatch)
		if rest < minMatch {
			continue
		}
		here := binary.LittleEndian.Uint16(data[pos:])
		for k := range uint32(repeatSlots) {
			offset := int(recent >> (k * offsetBits) & offsetMask)
			if binary.LittleEndian.Uint16(data[pos-offset:]) != here {
				continue
			}
			length := extendMatch(data, pos, offset, rest)
			relax(words[i:], c, base|uint64(k), k, 2, length)
		}
		shortest := minMatch
		for _, m := range found {
			length := min(int(m.Length), rest)
			offset := m.Offset + offsetBias
			relax(words[i:], c, base|uint64(offset), slotFor(offset), shortest, length)
			shortest = length + 1
		}
	}
}

// relax offers the matches of all lengths from shortest to longest.
func relax(words []uint64, c *costs, base uint64, slot uint32, shortest, longest int) {
	costs := &c.slot[slot]
	length := shortest
	for ; length < longMatch && length <= longest; length++ {
		words[length] = min(words[length], base+costs[length-minMatch])
	}
	base += costs[longMatch-minMatch]
	for ; length <= longest; length++ {
		words[length] = min(words[length], base+c.long[length-longMatch])
	}
}

// step returns the recent offsets after the item that ends at position i.
func (p *parser) step(i int, w uint64) recentOffsets {
	length := int(w >> wordLength & lengthField)
	q := p.ring[(i-length)%ringSize]
	offset := w & offsetField
	if offset >= repeatSlots {
		return q.push(offset - offsetBias)
	}
	return q.repeat(uint32(offset))
}

// extendMatch returns how many bytes are the same at pos and offset before, at
// most limit.
func extendMatch(data []byte, pos, offset, limit int) int {
	length := 0
	for length < limit {
		differ := binary.LittleEndian.Uint64(data[pos+length:]) ^ binary.LittleEndian.Uint64(data[pos-offset+length:])
		if differ != 0 {
			return min(limit, length+bits.TrailingZeros64(differ)/8)
		}
		length += 8
	}
	return limit
}

// collect follows the words back from the block's end, and counts and lists the
// items.
func (p *parser) collect(e *Encoder, start, end int, recent recentOffsets) {
	p.counts = symbolCounts{}
	// The words of the way become the items, from the last to the first.
	i := end - start
	items := p.items[:cap(p.items)]
	at := len(items)
	for i > 0 {
		w := p.words[i]
		length := int(w >> wordLength & lengthField)
		i -= length
		at--
		items[at] = item{uint16(length), uint32(w & offsetField)}
		if length == 1 {
			p.counts.main[e.data[start+i]]++
		} else {
			p.counts.addMatch(length, uint32(w&offsetField))
		}
	}
	n := copy(items, items[at:])
	p.items = items[:n]
	p.recent = recent
	for _, it := range p.items {
		if it.offset >= repeatSlots {
			p.recent = p.recent.push(uint64(it.offset - offsetBias))
		} else {
			p.recent = p.recent.repeat(it.offset)
		}
	}
	p.items = items[:n]
}
