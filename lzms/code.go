package lzms

// Bits that the decoding table of a code resolves in one step. Longer
// codewords are rare by construction (less than one symbol in 2^tableBits of
// the recent past) and are found by comparing with the limit of each length.
const tableBits = 10

// maxCodeLen bounds the codewords. Huffman codes of LZMS are never longer
// than 15 bits, and nothing in the format enforces it: a codeword of 16 bits
// needs symbols that weigh at least 2584 (a Fibonacci number) together, more
// with many symbols, and the weights are halved too often to get there. See
// TestCodeLengthBound for the arithmetic.
const maxCodeLen = 15

// bigFreq is the frequency from which on symbols are sorted one by one;
// below it they are counted. Frequencies of one code add up to at most
// 2*799 + 2*1024 (each is halved and incremented every 1024 symbols), so at
// most 3646/bigFreq symbols are above it.
const (
	bigFreq = 128
	maxBig  = 3646/bigFreq + 1
)

// A code is an adaptive Huffman code. Encoder and decoder both count the
// symbols that they see and, whenever interval symbols have gone by, build a
// new code from the counts and then halve them, so that the recent past
// weighs more. No code is ever transmitted.
type code struct {
	// table is indexed by the next tableBits bits. An entry is
	// symbol<<4 | length, or 0 when the codeword is longer than that.
	table [1 << tableBits]uint16

	// limit[n] is one past the last codeword of n bits, left-aligned to 16
	// bits, and sorted[v>>(16-n) - delta[n]] is the symbol of a codeword of
	// n bits that begins the left-aligned v.
	limit  [maxCodeLen + 1]uint32
	delta  [maxCodeLen + 1]uint32
	sorted [1024]uint16 // symbols by (length, symbol)

	freq     [1024]uint16
	symbols  int // size of the alphabet
	interval int // symbols between two rebuilds
	left     int // symbols until the next rebuild
}

// init makes c the code that every chunk starts with: all symbols have been
// seen once.
func (c *code) init(symbols, interval int) {
	c.symbols, c.interval = symbols, interval
	for i := range symbols {
		c.freq[i] = 1
	}
	c.rebuild() // which leaves frequencies of 1 alone
}

// lookup finds the codeword at the top of buf, and returns its symbol and its
// length.
func (c *code) lookup(buf uint64) (symbol, length uint32) {
	if e := uint32(c.table[buf>>(64-tableBits)]); e != 0 {
		return e >> 4, e & 15
	}
	v := uint32(buf >> 48)
	length = tableBits + 1
	for length < maxCodeLen && v >= c.limit[length] {
		length++
	}
	return uint32(c.sorted[(v>>(16-length)-c.delta[length])%1024]) % 1024, length
}

// rebuild replaces the code by the Huffman code of the current frequencies,
// halves them, and starts a new interval.
//
// Which of several equally good codes it makes is part of the format (section
// 6.7 of the WIM format sheet): the two lightest nodes are merged, a leaf
// before an internal node of equal weight; the depths that the leaves get are
// then handed out by (frequency, symbol), longest first; and codewords are
// canonical by (length, symbol). So neither the sorted leaves nor the tree is
// needed, only the number of leaves of each frequency and of each depth.
func (c *code) rebuild() {
	c.left = c.interval
	n := c.symbols & 1023 // at most 799

	// Leaves by frequency. The few heavy ones are sorted by insertion.
	var count [bigFreq]uint16
	var big [maxBig + 1]uint32 // frequency<<16 | symbol, ascending from big[1]
	nbig := 0
	for s, f := range c.freq[:n] {
		if f < bigFreq {
			count[f]++
			continue
		}
		nbig++
		i, key := nbig, uint32(f)<<16|uint32(s)
		for ; key < big[i-1]; i-- {
			big[i] = big[i-1]
		}
		big[i] = key
	}
	var leaves [maxCodeLen + 1]uint16
	c.countDepths(&leaves, &count, big[1:nbig+1])

	// Leaves in the order of their frequencies get lengths from long to
	// short: lengthAt[i] is that of the i-th. And symbols of one length are
	// consecutive in c.sorted: place[l] is where the next one goes.
	var lengthAt [1024]uint8
	var place [maxCodeLen + 1]uint16
	i := n
	first, at := uint32(0), uint16(0)
	for l := 1; l <= maxCodeLen; l++ {
		place[l] = at
		c.delta[l] = first - uint32(at)
		at += leaves[l]
		first += uint32(leaves[l])
		c.limit[l] = first << (16 - l)
		first <<= 1
		for range leaves[l] {
			i--
			lengthAt[i&1023] = uint8(l)
		}
	}
	// count[f] becomes the rank of the next symbol of frequency f.
	rank := uint16(0)
	for f := range count {
		rank, count[f] = rank+count[f], rank
	}
	var bigLength [1024]uint8 // by symbol
	for i, key := range big[1 : nbig+1] {
		bigLength[key&1023] = lengthAt[(n-nbig+i)&1023]
	}
	for s := range c.freq[:n] {
		f := c.freq[s]
		c.freq[s] = f>>1 + 1
		var l uint8
		if f < bigFreq {
			l = lengthAt[count[f]&1023]
			count[f]++
		} else {
			l = bigLength[s]
		}
		c.sorted[place[l&15]&1023] = uint16(s)
		place[l&15]++
	}
	c.fill(&leaves)
}

// countDepths runs Huffman's algorithm and sets leaves[d] to the number of
// leaves at depth d. There are count[f] leaves of frequency f, and one more
// for each entry of big.
//
// Internal nodes are made in the order of their weights, so a first-in,
// first-out queue serves as the priority queue for them, and the depth never
// rises along it. Hence no parent pointers: the internal nodes of one level
// are consecutive, and the next level's are those that they were made of.
func (c *code) countDepths(leaves *[maxCodeLen + 1]uint16, count *[bigFreq]uint16, big []uint32) {
	const none = 1 << 30 // weight of a node that is not there
	var weight [1024]uint32
	var used [1024]uint16 // used[k]: internal nodes that nodes 0..k consumed
	n := c.symbols & 1023

	f, leaf, rest := 0, uint32(none), 0 // the lightest leaves: weight and number
	next := func() {
		for f++; f < bigFreq; f++ {
			if count[f] != 0 {
				leaf, rest = uint32(f), int(count[f])
				return
			}
		}
		if f-bigFreq < len(big) {
			leaf, rest = big[f-bigFreq]>>16, 1
			return
		}
		leaf, rest = none, 0
	}
	next()
	head := 0 // the lightest internal node not consumed
	weight[0] = none
	for k := 0; k < n-1; {
		var w uint32
		if leaf <= weight[head&1023] {
			if rest > 1 {
				// Leaves of one frequency pair up among themselves.
				for ; rest > 1; rest -= 2 {
					weight[k&1023] = 2 * leaf
					used[k&1023] = uint16(head)
					k++
				}
				weight[k&1023] = none
				if rest == 0 {
					next()
				}
				continue
			}
			w = leaf
			next()
		} else {
			w = weight[head&1023]
			head++
		}
		if leaf <= weight[head&1023] {
			w += leaf
			rest--
			if rest == 0 {
				next()
			}
		} else {
			w += weight[head&1023]
			head++
		}
		weight[k&1023] = w
		used[k&1023] = uint16(head)
		k++
		weight[k&1023] = none
	}

	// The root is node n-2. Nodes low to high-1 are the internal ones of a
	// level; each has two children.
	low, high := n-2, n-1
	for d := 1; d <= maxCodeLen && low < high; d++ {
		nextLow := 0
		if low > 0 {
			nextLow = int(used[(low-1)&1023])
		}
		leaves[d] = uint16(2*(high-low) - (low - nextLow))
		low, high = nextLow, low
	}
}

// fill makes the decoding table from c.sorted.
func (c *code) fill(leaves *[maxCodeLen + 1]uint16) {
	at, pos := 0, 0
	for l := 1; l <= tableBits; l++ {
		run := 1 << (tableBits - l)
		for range leaves[l] {
			e := c.sorted[pos&1023]<<4 | uint16(l)
			pos++
			t := c.table[at:][:run]
			at += run
			for i := range t {
				t[i] = e
			}
		}
	}
	clear(c.table[at:])
}
