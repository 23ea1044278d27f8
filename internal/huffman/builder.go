package huffman

import (
	"fmt"
	"math/bits"
)

// A Builder makes codes for encoders. It is the space to work in: the zero
// value is ready, and allocates only when an alphabet is larger than those
// before.
type Builder struct {
	leaves []leaf // the used symbols, rarest first
	other  []leaf // for sorting

	// For countLengths: the weights of the internal nodes, then their parents,
	// then their depths.
	nodes []uint64

	// For limitLengths: the items of each level, weights of two levels.
	isLeaf  [MaxLength][]bool
	weights [2][]uint64
}

// A leaf is a symbol that is used.
type leaf struct {
	freq   uint32
	symbol uint32
}

// Lengths sets lens[s] to the length of symbol s's codeword, 0 where freqs[s]
// is
// 0. The code has the least total length, the sum of freqs[s] * lens[s], that
// codewords of at most limit bits can have. It is complete, unless a single
// symbol is used: that one gets length 1, and a caller whose format needs a
// complete code gives 1 to another one too.
//
// lens and freqs are of equal length. limit is at most [MaxLength]; Lengths
// panics when more symbols are used than there are codewords of that length.
func (b *Builder) Lengths(lens []uint8, freqs []uint32, limit int) {
	b.collect(lens, freqs)
	n := len(b.leaves)
	switch {
	case n > 1<<limit:
		panic(fmt.Sprintf("huffman: %d symbols in a code of at most %d bits", n, limit))
	case n == 0:
		return
	case n == 1:
		lens[b.leaves[0].symbol] = 1
		return
	}
	b.sort()
	var count [MaxLength + 1]int // of codewords, by length
	if !b.countLengths(&count, limit) {
		b.limitLengths(&count, limit)
	}
	// Rare symbols get the long codewords.
	i := 0
	for length := limit; length > 0; length-- {
		for _, l := range b.leaves[i : i+count[length]] {
			lens[l.symbol] = uint8(length)
		}
		i += count[length]
	}
}

// collect puts the used symbols into b.leaves and clears lens.
func (b *Builder) collect(lens []uint8, freqs []uint32) {
	if cap(b.leaves) < len(freqs) {
		b.leaves = make([]leaf, 0, len(freqs))
		b.other = make([]leaf, len(freqs))
		b.nodes = make([]uint64, len(freqs))
	}
	lens = lens[:len(freqs)]
	clear(lens)
	leaves := b.leaves[:cap(b.leaves)]
	n := 0
	for s, f := range freqs {
		leaves[n] = leaf{f, uint32(s)} // overwritten if unused
		if f != 0 {
			n++
			if n == len(leaves) {
				break
			}
		}
	}
	b.leaves = leaves[:n]
}

// sort orders the leaves by frequency, and those of equal frequency by symbol:
// a radix sort, a byte at a time.
func (b *Builder) sort() {
	var all uint32
	for _, l := range b.leaves {
		all |= l.freq
	}
	from, to := b.leaves, b.other[:len(b.leaves)]
	for shift := 0; shift < bits.Len32(all); shift += 8 {
		var next [256]uint32
		for _, l := range from {
			next[uint8(l.freq>>shift)]++
		}
		sum := uint32(0)
		for i, n := range next {
			next[i] = sum
			sum += n
		}
		for _, l := range from {
			place := &next[uint8(l.freq>>shift)]
			to[*place] = l
			*place++
		}
		from, to = to, from
	}
	b.leaves, b.other = from, to[:cap(to)]
}

// countLengths runs Huffman's algorithm and counts the codewords of each
// length. ok is false when one is longer than limit.
//
// Internal nodes are made in the order of their weights. So the two lightest
// nodes are always at the front of two queues, the leaves and the internal
// nodes; and a node's parent is made after it, so that a walk from the root
// down to the first node finds each node's depth from its parent's.
func (b *Builder) countLengths(count *[MaxLength + 1]int, limit int) (ok bool) {
	leaves := b.leaves
	nodes := b.nodes[:len(leaves)-1]
	leaf, node := 0, 0 // the front of each queue
	for made := range nodes {
		weight := uint64(0)
		for range 2 {
			if node == made || leaf < len(leaves) && uint64(leaves[leaf].freq) <= nodes[node] {
				weight += uint64(leaves[leaf].freq)
				leaf++
			} else {
				weight += nodes[node]
				nodes[node] = uint64(made) // no weight any more, but the parent
				node++
			}
		}
		nodes[made] = weight
	}

	// Of the 2 * n places that a level's n internal nodes offer, the next
	// level's internal nodes take some; leaves have the others.
	root := len(nodes) - 1
	nodes[root] = 0
	places, inner, depth := 2, 0, uint64(1)
	for i := root - 1; i >= 0; i-- {
		nodes[i] = nodes[nodes[i]] + 1
		for nodes[i] != depth {
			if depth > uint64(limit) {
				return false
			}
			count[depth] = places - inner
			places, inner, depth = 2*inner, 0, depth+1
		}
		inner++
	}
	for ; places > 0; places, inner, depth = 2*inner, 0, depth+1 {
		if depth > uint64(limit) {
			return false
		}
		count[depth] = places - inner
	}
	return true
}

// limitLengths counts the codewords of each length in the best code of at most
// limit bits, by the package-merge algorithm (Larmore and Hirschberg, 1990).
//
// A codeword of length L is seen as L coins, worth 1/2, 1/4, ... 1/2^L, each of
// which costs the symbol's frequency. A complete code of n symbols is a set of
// coins that are worth n - 1 together, and the best one is the cheapest. From
// the smallest coins up, neighbours in the order of cost are packed in pairs,
// and a pair is one more item among the coins of twice the worth. The solution
// is the first 2n - 2 items of worth 1/2, taken apart again.
//
// Few chunks need this: all codes of real data are within their limits.
func (b *Builder) limitLengths(count *[MaxLength + 1]int, limit int) {
	leaves := b.leaves
	if cap(b.weights[0]) < 2*len(leaves) {
		for i := range b.weights {
			b.weights[i] = make([]uint64, 2*cap(b.leaves))
		}
		for i := range b.isLeaf {
			b.isLeaf[i] = make([]bool, 2*cap(b.leaves))
		}
	}
	var previous []uint64
	for level := limit; level >= 1; level-- {
		items, isLeaf := b.weights[level%2][:0], b.isLeaf[level-1][:0]
		leaf, pair := 0, 0
		for leaf < len(leaves) || pair+1 < len(previous) {
			if pair+1 >= len(previous) ||
				leaf < len(leaves) && uint64(leaves[leaf].freq) <= previous[pair]+previous[pair+1] {
				items, isLeaf = append(items, uint64(leaves[leaf].freq)), append(isLeaf, true)
				leaf++
			} else {
				items, isLeaf = append(items, previous[pair]+previous[pair+1]), append(isLeaf, false)
				pair += 2
			}
		}
		b.isLeaf[level-1] = isLeaf
		previous = items
	}

	// The coins of worth 1/2^level that are in the solution are those of the
	// first, rarest symbols: so many codewords have level bits or more.
	*count = [MaxLength + 1]int{}
	taken := 2*len(leaves) - 2
	for level := 1; level <= limit; level++ {
		coins := 0
		for _, isLeaf := range b.isLeaf[level-1][:taken] {
			if isLeaf {
				coins++
			}
		}
		count[level] += coins
		count[level-1] -= coins
		taken = 2 * (taken - coins)
	}
}

// Codewords sets codes[s] to the codeword of symbol s for codeword lengths of
// at most [MaxLength]. Its last bit is the lowest one; what codes holds for a
// symbol without a codeword means nothing.
func (b *Builder) Codewords(codes []uint16, lens []uint8) {
	var next [32]uint32
	for _, l := range lens {
		next[l%32]++
	}
	first := uint32(0)
	next[0] = 0
	for l := 1; l <= MaxLength; l++ {
		first, next[l] = (first+next[l])<<1, first
	}
	codes = codes[:len(lens)]
	for s, l := range lens {
		word := &next[l%32]
		codes[s] = uint16(*word)
		*word++
	}
}
