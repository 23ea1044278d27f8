package lzx

import "math"

// An item is a literal or a match, as a parser chose it: its length, 1 for a
// literal; its symbol in the main code; and its offset as LZX codes it, which
// is 0 to 2 for one of the recent offsets, and otherwise the offset plus 2.
// That of a literal is 0.
type item struct {
	length uint16
	symbol uint16
	offset uint32
}

const offsetBias = 2

// A parser chooses the items of a block so that they cost least. For each
// position it knows the cheapest way to get there, as a word: what all items
// cost up to there, and the last one of them. From each position, first to
// last, it offers to the positions after it all items that could come next, and
// a position keeps the cheapest offer. At the end the last items are followed
// back.
//
// What items cost depends on the block's codes, which depend on how often
// symbols are used, which is known when the block is parsed. So a block is
// parsed more than once, each time with the costs that the parse before says;
// for the first time there is a guess.
//
// LZX has a catch: what a repeated offset is depends on the way to a position,
// and of two ways the dearer one may be better in the end, because its recent
// offsets are. The parser keeps only the cheapest way. It makes up for the most
// common loss by an item of its own, the gap: a match, a few literals, and a
// repeat of the same offset, offered all at once. That is what data looks like
// where a byte was changed, and each of the three alone may lose to something
// cheaper.
//
// Many positions are not worth a look. Inside of a good match, a position costs
// as much as one a little further on that the match reaches, too. What could
// begin at the former may as well begin, a little shorter, at the latter. Such
// a position is passed over: only its literal is offered, and its matches are
// not even looked for. That loses little and saves half of the work.
type parser struct {
	mainSymbols int
	counts      symbolCounts
	costs       costs
	words       []uint64
	gaps        []uint16 // of words that are gaps: the match's length, the literals
	items       []item
	recent      recentOffsets // after the block

	// margin, added to the word of a position, is above those of the positions
	// that are a reason to pass over it.
	margin uint64

	// ring has the recent offsets of the positions before the current one.
	ring [ringSize]recentOffsets
}

const (
	maxGap   = 4                   // literals
	maxStep  = 2*maxMatch + maxGap // the longest way that an item goes
	ringSize = 1024                // more than that
	gapBits  = 3                   // in gaps, for the literals
)

// A word is a cost, on top, and an item. The smaller of two words is the
// cheaper way to a position.
//
//	0..20   the item's offset
//	21..30  its length
//	31      it is a gap
//	32..62  the cost
//
// Costs do not begin at 0, for the sake of the assembly, which see.
//
// A literal has offset 0: like a repeat of R0, it leaves the recent offsets as
// they are. So does the rest of a gap: it has the offset of its match, and the
// length of all.
func word(cost uint32, length int, offset uint32) uint64 {
	return uint64(cost)<<wordCost | uint64(length)<<wordLength | uint64(offset)
}

const (
	wordLength  = offsetBits
	wordGap     = 31
	wordCost    = 32
	offsetField = 1<<wordLength - 1
	lengthField = 1<<(wordGap-wordLength) - 1
	costField   = math.MaxUint64 &^ (1<<wordCost - 1)

	firstWord = 1 << 52 // of a block's first position
	noWord    = 0x7fefffffffffffff
)

func newParser(size, mainSymbols int) parser {
	return parser{
		mainSymbols: mainSymbols,
		words:       make([]uint64, size+maxStep+1),
		gaps:        make([]uint16, size+maxStep+1),
		items:       make([]item, size),
	}
}

// parse returns the items of a block that starts at start.
func (p *parser) parse(e *Encoder, start int, b *piece, recent recentOffsets) []item {
	p.counts = b.counts
	p.counts.flatten(p.mainSymbols)
	var items []item
	for pass := range e.params.passes {
		margin := e.params.firstMargin
		if pass == e.params.passes-1 {
			margin = e.params.margin
		}
		p.margin = uint64(margin) << wordCost
		p.costs.set(&p.counts, p.mainSymbols)
		p.search(e, start, b.end, recent)
		items = p.collect(e, start, b.end)
	}
	for _, it := range items {
		recent = recent.after(it.offset)
	}
	p.recent = recent
	return items
}

// collect follows the words back from the block's end, and counts and returns
// the items.
func (p *parser) collect(e *Encoder, start, end int) []item {
	p.counts = symbolCounts{}
	i, at := end-start, len(p.items)
	put := func(length int, offset uint32) {
		i -= length
		at--
		if length == 1 {
			p.items[at] = p.counts.addLiteral(e.data[start+i])
		} else {
			p.items[at] = p.counts.addMatch(length, offset)
		}
	}
	for i > 0 {
		w := p.words[i]
		length := int(w >> wordLength & lengthField)
		if w>>wordGap&1 != 0 {
			first, gap := int(p.gaps[i]>>gapBits), int(p.gaps[i]&(1<<gapBits-1))
			put(length-first-gap, 0)
			for range gap {
				put(1, 0)
			}
			length = first
		}
		put(length, uint32(w&offsetField))
	}
	return p.items[at:]
}
