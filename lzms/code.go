package lzms

import "encoding/binary"

// Codewords of up to tableBits bits are decoded in one step. Longer ones are
// rare by construction (less than one symbol in 2^tableBits of the recent
// past) and are found by comparing with the limit of each length.
const (
	tableBits = 10
	tableSize = 2<<tableBits + 8 // entries of two bytes, and room to write the last one with a store of eight
)

// maxCodeLen bounds the codewords. Nothing enforces it: a Huffman codeword of
// 16 bits needs symbols that weigh at least 2584 together, a Fibonacci
// number, and more where there are more symbols, while weights are halved too
// often to get there. TestCodeLengthBound has the arithmetic.
const maxCodeLen = 15

// From bigFreq on, symbols are sorted one by one; rarer ones are counted. The
// frequencies of a code add up to at most maxTotal (they are halved and
// incremented every 1024 symbols), so there are few of them.
const (
	bigFreq  = 64
	maxTotal = 2*maxOffsetSlots + 2*1024
	maxBig   = maxTotal / bigFreq
)

// An entry is symbol<<entryBits | bits, where bits counts those of the
// codeword and the plain ones that follow it: at most 15 + 30.
type entry uint16

const entryBits = 6

func (e entry) symbol() uint { return uint(e >> entryBits) }
func (e entry) bits() uint   { return uint(e) & (1<<entryBits - 1) }

// A code is an adaptive Huffman code. Encoder and decoder both count the
// symbols that they see and, whenever interval symbols have gone by, build a
// new code from the counts and then halve them, so that the recent past
// weighs more. No code is ever transmitted.
type code struct {
	// table is indexed by the next tableBits bits. An entry is 0 when the
	// codeword is longer than that.
	table [tableSize]byte

	freq [1024]uint32 // of the symbols
	left int          // symbols until the next rebuild

	// limit[n] is one past the last codeword of n bits, left-aligned to 16
	// bits, and sorted[v>>(16-n) - delta[n]] is for the codeword of n bits
	// that begins v.
	limit  [maxCodeLen + 1]uint32
	delta  [maxCodeLen + 1]uint32
	sorted [1024]entry // by (length, symbol), without the length

	slots    *slots // what the symbols stand for
	symbols  int    // size of the alphabet
	interval int    // symbols between two rebuilds
}

// init makes c the code that every chunk starts with: all symbols have been
// seen once.
func (c *code) init(b *builder, s *slots, symbols, interval int) {
	c.slots, c.symbols, c.interval = s, symbols, interval
	for i := range symbols {
		c.freq[i] = 1
	}
	b.rebuild(c) // which leaves frequencies of 1 alone
}

// lookup returns the entry for the codeword at the top of buf.
func (c *code) lookup(buf uint64) entry {
	if e := c.at(buf); e != 0 {
		return e
	}
	return c.lookupLong(buf)
}

// at returns the entry for the tableBits bits at the top of buf.
func (c *code) at(buf uint64) entry {
	i := buf >> (64 - tableBits) * 2
	return entry(c.table[i]) | entry(c.table[i+1])<<8
}

// lookupLong is for codewords of more than tableBits bits.
//
//go:noinline
func (c *code) lookupLong(buf uint64) entry {
	v := uint32(buf >> 48)
	n := tableBits + 1
	for n < maxCodeLen && v >= c.limit[n] {
		n++
	}
	return c.sorted[(v>>(16-n)-c.delta[n])%1024] + entry(n)
}

// number returns what the symbol and the plain bits that follow it stand for.
// They are at the top of buf.
func (c *code) number(e entry, buf uint64) uint32 {
	s := &c.slots.slot[e.symbol()]
	return s.base + uint32(buf>>(64-e.bits()))&s.mask
}

// count counts a symbol.
func (c *code) count(e entry) {
	c.freq[e.symbol()]++
	c.left--
}

// A builder makes codes. It is the space to work in.
type builder struct {
	rank, rankEnd [bigFreq]uint16
	bigs          [1 + maxBig]uint32 // frequency<<16 | symbol
	bigLength     [1024]uint8        // by symbol
	runs          [bigFreq + maxBig + 1]run
	lengthAt      [1024]uint8
	weight        [1024]uint32
	used          [1024]uint16
}

// A run is a number of leaves of the same frequency.
type run struct{ weight, count uint32 }

// noNode is the weight of a node that is not there.
const noNode = 1 << 30

// rebuild replaces the code by the Huffman code of the current frequencies,
// halves them, and starts a new interval.
//
// Which of several optimal codes it makes is part of the format (WIM format
// sheet, section 6.7). The two lightest nodes are merged, a leaf before an
// internal node of equal weight; the depths of the leaves are handed out by
// (frequency, symbol), longest first; and codewords are canonical, by
// (length, symbol). So neither the sorted leaves nor the tree is needed, only
// the number of leaves of each frequency and at each depth.
func (b *builder) rebuild(c *code) {
	c.left = c.interval
	freq := c.freq[:c.symbols]

	// Count the symbols of each frequency. The few with a high one are
	// sorted by insertion; bigs[0] stops it.
	clear(b.rank[:])
	n := 0
	for s, f := range freq {
		if f < bigFreq {
			b.rank[f]++
			continue
		}
		n++
		i, key := n, f<<16|uint32(s)
		for ; key < b.bigs[i-1]; i-- {
			b.bigs[i] = b.bigs[i-1]
		}
		b.bigs[i] = key
	}
	big := b.bigs[1 : n+1]

	// From now on, rank[f] is the place of the next symbol of frequency f
	// among all in the order of frequencies.
	n = 0
	place := uint32(0)
	for f := range b.rank {
		count := uint32(b.rank[f])
		b.rank[f] = uint16(place)
		place += count
		b.rankEnd[f] = uint16(place)
		if count != 0 {
			b.runs[n] = run{uint32(f), count}
			n++
		}
	}
	for _, key := range big {
		b.runs[n] = run{key >> 16, 1}
		n++
	}
	b.runs[n] = run{noNode, 0}
	depths := b.countDepths(len(freq))

	// In that order lengths fall; lengthAt has them. In c.sorted they
	// rise: next has the place of the next symbol of each length.
	var next, nextEnd [16]uint16
	first, at, down := uint32(0), uint32(0), len(freq)
	for l := 1; l <= maxCodeLen; l++ {
		next[l] = uint16(at)
		c.delta[l] = first - at
		first += depths[l]
		at += depths[l]
		nextEnd[l] = uint16(at)
		c.limit[l] = first << (16 - l)
		first <<= 1
		to := down - int(depths[l])
		same := b.lengthAt[to:down]
		for i := range same {
			same[i] = uint8(l)
		}
		down = to
	}
	for i, key := range big {
		b.bigLength[key%1024] = b.lengthAt[len(freq)-len(big)+i]
	}
	entries := c.slots.entry[:len(freq)]
	for s, t := 0, len(freq)-1; s <= t; s, t = s+1, t-1 {
		f, g := freq[s], freq[t]
		freq[t] = g>>1 + 1
		freq[s] = f>>1 + 1
		var l, m uint8
		if f < bigFreq {
			l = b.lengthAt[b.rank[f]%1024]
			b.rank[f]++
		} else {
			l = b.bigLength[s]
		}
		if g < bigFreq {
			b.rankEnd[g]--
			m = b.lengthAt[b.rankEnd[g]%1024]
		} else {
			m = b.bigLength[t%1024]
		}
		c.sorted[next[l%16]%1024] = entries[s]
		next[l%16]++
		nextEnd[m%16]--
		c.sorted[nextEnd[m%16]%1024] = entries[t]
	}
	c.fill(&depths)
}

// countDepths runs Huffman's algorithm and returns the number of leaves at
// each depth. There are n leaves; b.runs has them by frequency and ends with
// a run of noNode.
//
// Internal nodes are made in the order of their weights, so that a first-in,
// first-out queue serves as the priority queue for them, and the depth never
// rises along it. Hence no parent pointers: the internal nodes of one level
// are next to each other, and those of the next level are the ones that they
// were made of.
func (b *builder) countDepths(n int) (depths [maxCodeLen + 1]uint32) {
	weight := &b.weight
	used := &b.used // used[k]: internal nodes that nodes 0 to k are made of
	runs := b.runs[:]
	leaf := runs[0] // the lightest leaves
	head := 0       // the lightest internal node
	weight[0] = noNode
	for k := 0; k < n-1; {
		if leaf.weight <= weight[head%1024] && leaf.count > 1 {
			// Leaves of one frequency pair up.
			for ; leaf.count > 1; leaf.count -= 2 {
				weight[k%1024] = 2 * leaf.weight
				used[k%1024] = uint16(head)
				k++
			}
			weight[k%1024] = noNode
			if leaf.count == 0 {
				runs = runs[1:]
				leaf = runs[0]
			}
			continue
		}
		w := uint32(0)
		for range 2 {
			if leaf.weight > weight[head%1024] {
				w += weight[head%1024]
				head++
				continue
			}
			w += leaf.weight
			leaf.count--
			if leaf.count == 0 {
				runs = runs[1:]
				leaf = runs[0]
			}
		}
		weight[k%1024] = w
		used[k%1024] = uint16(head)
		k++
		weight[k%1024] = noNode
	}

	// The root is node n-2. Of the internal nodes, low to high-1 are those
	// of a level; each has two children.
	low, high := n-2, n-1
	for d := 1; d <= maxCodeLen && low < high; d++ {
		nextLow := 0
		if low > 0 {
			nextLow = int(used[(low-1)%1024])
		}
		depths[d] = uint32(2*(high-low) - (low - nextLow))
		low, high = nextLow, low
	}
	return depths
}

// fill makes the decoding table from c.sorted. An entry is repeated for all
// that can follow its codeword. It goes from low to high and stores four
// entries at a time; what is too much is overwritten by the next.
func (c *code) fill(depths *[maxCodeLen + 1]uint32) {
	at, pos := 0, uint32(0)
	for l := 1; l <= tableBits; l++ {
		size := 2 << (tableBits - l)
		for range depths[l] {
			four := uint64(c.sorted[pos%1024]+entry(l)) * 0x0001_0001_0001_0001
			pos++
			for i := at; i < at+size; i += 8 {
				binary.LittleEndian.PutUint64(c.table[i:i+8:i+8], four)
			}
			at += size
		}
	}
	clear(c.table[at:])
}
