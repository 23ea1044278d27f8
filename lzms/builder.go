package lzms

import "encoding/binary"

// A builder makes codes. It is the space to work in.
type builder struct {
	count [bigFreq]uint16    // of symbols, by frequency
	bigs  [1 + maxBig]uint32 // frequency<<16 | symbol

	// For countDepths.
	inner [2 * tiers]uint32
	tier  [tiers]tier
	leaf  weights
	node  weights
	used  [1024]uint16

	lengthAt  [1024 + 8]uint8 // by place in the order of frequencies
	bigLength [1024]uint8     // by symbol
}

const (
	// From bigFreq on, symbols are sorted one by one; rarer ones are
	// counted. There are few of them: frequencies add up to at most
	// maxTotal, for they are halved and incremented every 1024 symbols.
	bigFreq  = 64
	maxTotal = 2*maxOffsetSlots + 2*1024
	maxBig   = maxTotal / bigFreq

	// Nodes that weigh less than tiers are merged by weight, not one by one.
	tiers = 32

	// noNode is the weight of a node that is not there.
	noNode = 1<<16 - 1
)

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
	clear(b.count[:])
	n := 0
	for s, f := range freq {
		if f < bigFreq {
			b.count[f]++
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
	depths := b.countDepths(big, uint(len(freq)))

	// In c.sorted, next and nextEnd are the places of the next symbol and
	// after the last one of each length.
	var next, nextEnd [16]uint16
	first, at := uint32(0), uint32(0)
	for l := 1; l <= maxCodeLen; l++ {
		next[l] = uint16(at)
		c.delta[l] = first - at
		first += depths[l]
		at += depths[l]
		nextEnd[l] = uint16(at)
		c.limit[l] = first << (16 - l)
		first <<= 1
	}

	// In the order of frequencies, lengths fall.
	to := 0
	for l := maxCodeLen; l > 0; l-- {
		end := to + int(depths[l])
		eight := uint64(l) * 0x0101_0101_0101_0101
		for i := to; i < end; i += 8 {
			binary.LittleEndian.PutUint64(b.lengthAt[i:i+8:i+8], eight)
		}
		to = end
	}

	// And rank and rankEnd are those of each frequency in their order.
	var rank, rankEnd [bigFreq]uint16
	place := uint16(0)
	for f, n := range b.count {
		rank[f] = place
		place += n
		rankEnd[f] = place
	}
	for i, key := range big {
		b.bigLength[key%1024] = b.lengthAt[int(place)+i]
	}

	// Place the symbols, from both ends at once: half of the time goes into
	// waiting for the counters of the symbol before.
	entries := c.slots.entry[:len(freq)]
	for s, t := 0, len(freq)-1; s <= t; s, t = s+1, t-1 {
		f, g := freq[s], freq[t]
		freq[t] = g>>1 + 1
		freq[s] = f>>1 + 1
		var l, m uint8
		if f < bigFreq {
			l = b.lengthAt[rank[f]%1024]
			rank[f]++
		} else {
			l = b.bigLength[s]
		}
		if g < bigFreq {
			rankEnd[g]--
			m = b.lengthAt[rankEnd[g]%1024]
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

// A tier is what the merging of the nodes of one weight came to.
type tier struct {
	start uint16 // the first internal node that it made
	base  uint16 // the internal nodes that nodes before start, and the first one's carry, are made of
	lead  uint16 // how many nodes came before the internal ones
}

// countDepths runs Huffman's algorithm and returns the number of leaves at
// each depth. There are n leaves: b.count has those below bigFreq, by
// frequency, and big the others.
//
// Internal nodes are made in the order of their weights, so that a first-in,
// first-out queue serves as the priority queue for them, and the depth never
// rises along it. Hence no parent pointers: the internal nodes of one level
// are next to each other, and those of the next level are the ones that they
// were made of.
func (b *builder) countDepths(big []uint32, n uint) (depths [maxCodeLen + 1]uint32) {
	// All nodes of a weight w merge with each other, in pairs of weight 2w,
	// except for one that an odd number leaves over: it is carried on to the
	// next weight, and comes first there.
	clear(b.inner[:])
	var made, used uint32 // internal nodes
	var carry, carryInner, carryWeight uint32
	for w := uint32(1); w < tiers; w++ {
		inner := b.inner[w]
		lead := carry + uint32(b.count[w])
		nodes := lead + inner
		pairs := nodes / 2
		mixed := carry & nonzero(pairs)
		b.tier[w] = tier{uint16(made), uint16(used + carryInner&mixed), uint16(lead)}
		b.inner[(carryWeight+w)%(2*tiers)] += mixed
		b.inner[2*w] += pairs - mixed

		// Weights below tiers will not be looked at.
		b.node.setFour(uint(made), 2*w)
		b.node.set(uint(made), 2*w-(w-carryWeight)&-mixed)
		if pairs > 4 && 2*w >= tiers {
			b.node.fill(uint(made)+4, uint(pairs)-4, 2*w)
		}

		made += pairs
		left := nodes & 1
		used += carryInner&mixed + inner - left&nonzero(inner)
		fresh := nonzero(nodes - carry)
		carryWeight += (w - carryWeight) & -fresh
		carryInner += (nonzero(inner) - carryInner) & -fresh
		carry = left
	}
	tiered := uint(made)

	// The rest, in order: leaves in b.leaf, internal nodes in b.node.
	b.leaf.set(0, carryWeight)
	leaves := uint(carry &^ carryInner)
	if carry&carryInner != 0 {
		b.node.set(uint(used), carryWeight)
	}
	for f := uint32(tiers); f < bigFreq; f++ {
		n := uint(b.count[f])
		b.leaf.setFour(leaves, f)
		if n > 4 {
			b.leaf.fill(leaves+4, n-4, f)
		}
		leaves += n
	}
	for _, key := range big {
		b.leaf.set(leaves, key>>16)
		leaves++
	}
	b.leaf.fill(leaves, 2, noNode)
	b.node.fill(tiered, n+1-tiered, noNode)

	// b.used[k] is the number of internal nodes that nodes 0 to k are made of.
	leaf, node := uint(0), uint(used)
	for k := tiered; k < n-1; k++ {
		// A node is made of two leaves if the second leaf is not heavier
		// than the first internal node, of two internal nodes if the
		// second is lighter than the first leaf, and of one of each
		// otherwise. A branch would be mispredicted every other time.
		x0, x1 := b.leaf.at(leaf), b.leaf.at(leaf+1)
		y0, y1 := b.node.at(node), b.node.at(node+1)
		notLeaves := uint32(int32(y0-x1) >> 31) // all ones or zero
		nodes := uint32(int32(y1-x0) >> 31)
		b.node.set(k, x0+y0+(x1-y0)&^notLeaves+(y1-x0)&nodes)
		fewer := uint(int32(notLeaves + nodes))
		leaf += 2 + fewer
		node -= fewer
		b.used[k%1024] = uint16(node)
	}

	// The root is node n-2. Of the internal nodes, low to high-1 are those
	// of a level; each has two children.
	low, high := n-2, n-1
	t := tiers - 1
	for d := 1; d <= maxCodeLen && low < high; d++ {
		nextLow := uint(0)
		if low > tiered {
			nextLow = uint(b.used[(low-1)%1024])
		} else if low > 0 {
			for uint(b.tier[t].start) >= low {
				t--
			}
			t := &b.tier[t]
			nextLow = uint(t.base) + uint(max(0, 2*(int(low)-int(t.start))-int(t.lead)))
		}
		depths[d] = uint32(2*(high-low) - (low - nextLow))
		low, high = nextLow, low
	}
	return depths
}

// nonzero returns 1 if x is not zero; x is less than 1<<31.
func nonzero(x uint32) uint32 { return -x >> 31 }

// weights are 16-bit numbers, to be written four at a time.
type weights [2 * (1024 + 4)]byte

func (w *weights) at(i uint) uint32 {
	i = i % 1024 * 2
	return uint32(w[i]) | uint32(w[i+1])<<8
}

func (w *weights) set(i uint, v uint32) {
	i = i % 1024 * 2
	binary.LittleEndian.PutUint16(w[i:i+2:i+2], uint16(v))
}

func (w *weights) setFour(i uint, v uint32) {
	i = i % 1024 * 2
	binary.LittleEndian.PutUint64(w[i:i+8:i+8], uint64(v)*0x0001_0001_0001_0001)
}

// fill sets n weights from i on, and may set up to three more.
func (w *weights) fill(i, n uint, v uint32) {
	for end := i + n; i < end; i += 4 {
		w.setFour(i, v)
	}
}
