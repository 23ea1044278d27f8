package lzms

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"sort"
)

// This file is a second decoder, written as literally as possible after
// section 6 of the WIM format sheet: bit by bit, with bits kept as lists and
// Huffman's algorithm run on a real tree. Tests and fuzz targets compare the
// Decoder with it. The two share only the slot tables, which have tests of
// their own.

var errReference = errors.New("reference: corrupt")

type referenceDecoder struct {
	src      []byte
	words    int // read from the forward stream
	bits     int // read from the backward stream
	rng      uint32
	code     uint32
	contexts map[string][][]byte // the last 64 bits of each context
	state    map[string]int
}

func newReferenceDecoder(src []byte) *referenceDecoder {
	return &referenceDecoder{src: src, rng: 0xFFFFFFFF, contexts: map[string][][]byte{}, state: map[string]int{}}
}

func referenceDecode(dst, src []byte) error {
	if len(src) < 4 || len(src)%2 != 0 {
		return errReference
	}
	r := newReferenceDecoder(src)
	r.code = r.word() << 16
	r.code |= r.word()
	// The slot that offset len(dst)-1 falls in, plus 1. Two is the least
	// that makes a code; 7-Zip does the same.
	slots := 2
	for slots < 799 && int(offsets.slot[slots].base) <= len(dst)-1 {
		slots++
	}
	literals := newReferenceCode(256, 1024)
	lzOffsets := newReferenceCode(slots, 1024)
	lengthCode := newReferenceCode(54, 512)
	deltaOffsets := newReferenceCode(slots, 1024)
	powers := newReferenceCode(8, 512)

	type source struct{ power, offset uint64 }
	lzQueue := []uint64{1, 2, 3, 4}
	deltaQueue := []source{{0, 1}, {0, 2}, {0, 3}, {0, 4}}
	var pendingLZ []uint64
	var pendingDelta []source

	for n := uint64(0); n < uint64(len(dst)); {
		var usedLZ []uint64
		var usedDelta []source
		room := uint64(len(dst)) - n
		if r.decide("main", 4) == 0 {
			dst[n] = byte(r.symbol(literals))
			n++
		} else if r.decide("match", 5) == 0 {
			var offset uint64
			if r.decide("lz", 6) == 0 {
				offset = r.number(lzOffsets, offsets.slot[:])
			} else {
				i := r.repeat("lzrep")
				offset = lzQueue[i]
				lzQueue = append(append([]uint64{}, lzQueue[:i]...), lzQueue[i+1:]...)
			}
			usedLZ = []uint64{offset}
			length := r.number(lengthCode, lengths.slot[:])
			if offset > n || length > room {
				return errReference
			}
			for range length {
				dst[n] = dst[n-offset]
				n++
			}
		} else {
			var s source
			if r.decide("delta", 6) == 0 {
				s.power = uint64(r.symbol(powers))
				s.offset = r.number(deltaOffsets, offsets.slot[:])
			} else {
				i := r.repeat("deltarep")
				s = deltaQueue[i]
				deltaQueue = append(append([]source{}, deltaQueue[:i]...), deltaQueue[i+1:]...)
			}
			usedDelta = []source{s}
			length := r.number(lengthCode, lengths.slot[:])
			span, offset := uint64(1)<<s.power, s.offset<<s.power
			if offset+span > n || length > room {
				return errReference
			}
			for range length {
				dst[n] = dst[n-offset] + dst[n-span] - dst[n-offset-span]
				n++
			}
		}
		lzQueue = append(append([]uint64{}, pendingLZ...), lzQueue...)
		lzQueue = lzQueue[:min(4, len(lzQueue))]
		deltaQueue = append(append([]source{}, pendingDelta...), deltaQueue...)
		deltaQueue = deltaQueue[:min(4, len(deltaQueue))]
		pendingLZ, pendingDelta = usedLZ, usedDelta
	}
	referenceFilter(dst)
	return nil
}

// word reads a word of the forward stream.
func (r *referenceDecoder) word() uint32 {
	i := r.words
	r.words++
	if 2*i >= len(r.src) {
		return 0
	}
	return uint32(binary.LittleEndian.Uint16(r.src[2*i:]))
}

// bit reads a bit of the backward stream.
func (r *referenceDecoder) bit() int {
	word, bit := len(r.src)/2-1-r.bits/16, 15-r.bits%16
	r.bits++
	if word < 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(r.src[2*word:])>>bit) & 1
}

func (r *referenceDecoder) number(c *referenceCode, table []slot) uint64 {
	s := table[r.symbol(c)]
	v := uint64(0)
	for range bits.Len32(s.mask) {
		v = v<<1 | uint64(r.bit())
	}
	return uint64(s.base) + v
}

// chance returns the chance of a 0, in 64ths, for the next decision of a kind
// whose state has k bits.
func (r *referenceDecoder) chance(kind string, k int) uint32 {
	if r.contexts[kind] == nil {
		for range 1 << k {
			initial := make([]byte, 64) // oldest first
			for i := range initial {
				initial[i] = byte(uint64(0x55555555) >> (63 - i) & 1)
			}
			r.contexts[kind] = append(r.contexts[kind], initial)
		}
	}
	zeros := uint32(0)
	for _, b := range r.contexts[kind][r.state[kind]] {
		if b == 0 {
			zeros++
		}
	}
	switch zeros {
	case 0:
		return 1
	case 64:
		return 63
	}
	return zeros
}

func (r *referenceDecoder) learn(kind string, k, b int) {
	last := r.contexts[kind][r.state[kind]]
	r.contexts[kind][r.state[kind]] = append(last[1:], byte(b))
	r.state[kind] = (r.state[kind]<<1 | b) & (1<<k - 1)
}

func (r *referenceDecoder) decide(kind string, k int) int {
	p := r.chance(kind, k)
	if r.rng <= 0xFFFF {
		r.rng <<= 16
		r.code = r.code<<16 | r.word()
	}
	bound := (r.rng >> 6) * p
	b := 0
	if r.code < bound {
		r.rng = bound
	} else {
		b = 1
		r.rng -= bound
		r.code -= bound
	}
	r.learn(kind, k, b)
	return b
}

func (r *referenceDecoder) repeat(kind string) int {
	if r.decide(kind+"0", 6) == 0 {
		return 0
	}
	return 1 + r.decide(kind+"1", 6)
}

func (r *referenceDecoder) symbol(c *referenceCode) int {
	var w codeword
	for w.length < 64 {
		w.length++
		w.bits = w.bits<<1 | r.bit()
		if s, ok := c.symbols[w]; ok {
			c.count(s)
			return s
		}
	}
	panic("reference: incomplete code")
}

type codeword struct{ length, bits int }

type referenceCode struct {
	freq           []int
	interval, left int
	lengths        []int
	symbols        map[codeword]int
}

func newReferenceCode(symbols, interval int) *referenceCode {
	c := &referenceCode{interval: interval, left: interval}
	for range symbols {
		c.freq = append(c.freq, 1)
	}
	c.build()
	return c
}

func (c *referenceCode) count(s int) {
	c.freq[s]++
	c.left--
	if c.left == 0 {
		c.left = c.interval
		c.build()
		for i := range c.freq {
			c.freq[i] = c.freq[i]>>1 + 1
		}
	}
}

type referenceNode struct {
	weight   int
	internal bool
	order    int // symbol of a leaf, age of an internal node
	children []*referenceNode
}

// before says whether n is merged before m.
func (n *referenceNode) before(m *referenceNode) bool {
	if n.weight != m.weight {
		return n.weight < m.weight
	}
	if n.internal != m.internal {
		return m.internal
	}
	return n.order < m.order
}

func (c *referenceCode) build() {
	var leaves []*referenceNode
	for s, f := range c.freq {
		leaves = append(leaves, &referenceNode{weight: f, order: s})
	}
	sort.Slice(leaves, func(i, j int) bool { return leaves[i].before(leaves[j]) })

	nodes := append([]*referenceNode{}, leaves...)
	for age := 0; len(nodes) > 1; age++ {
		n := &referenceNode{nodes[0].weight + nodes[1].weight, true, age, []*referenceNode{nodes[0], nodes[1]}}
		nodes = nodes[2:]
		at := sort.Search(len(nodes), func(i int) bool { return n.before(nodes[i]) })
		nodes = append(nodes[:at:at], append([]*referenceNode{n}, nodes[at:]...)...)
	}

	// The depths of the leaves, longest first, go to the sorted leaves.
	var depths []int
	var walk func(n *referenceNode, depth int)
	walk = func(n *referenceNode, depth int) {
		if !n.internal {
			depths = append(depths, depth)
			return
		}
		for _, child := range n.children {
			walk(child, depth+1)
		}
	}
	walk(nodes[0], 0)
	sort.Sort(sort.Reverse(sort.IntSlice(depths)))
	c.lengths = make([]int, len(c.freq))
	for i, leaf := range leaves {
		c.lengths[leaf.order] = depths[i]
	}

	c.symbols = map[codeword]int{}
	next := 0
	for length := 1; length <= 64; length++ {
		for s, l := range c.lengths {
			if l == length {
				c.symbols[codeword{length, next}] = s
				next++
			}
		}
		next <<= 1
	}
}

// referenceFilter is the loop of section 6.9.
func referenceFilter(d []byte) {
	n := len(d)
	if n <= 17 {
		return
	}
	last := -1024
	seen := make([]int, 65536)
	for i := range seen {
		seen[i] = -65536
	}
	for i := 1; i < n-16; {
		if !isX86Start(d[i], d[i+1], d[i+2]) {
			i++
			continue
		}
		nb, limit := 3, 1023
		switch d[i] {
		case 0xE8:
			nb, limit = 1, 511
		case 0xE9:
			i += 5
			continue
		case 0xFF:
			nb = 2
		}
		p := i + nb
		if i-last <= limit {
			binary.LittleEndian.PutUint32(d[p:], binary.LittleEndian.Uint32(d[p:])-uint32(i))
		}
		t := (i + int(binary.LittleEndian.Uint16(d[p:]))) % 65536
		e := i + nb + 3
		if e-seen[t] <= 65535 {
			last = e
		}
		seen[t] = e
		i = p + 4
	}
}

func isX86Start(b0, b1, b2 byte) bool {
	switch {
	case b0 == 0xE8, b0 == 0xE9:
		return true
	case b0 == 0xFF && b1 == 0x15:
		return true
	case b0 == 0xF0 && b1 == 0x83 && b2 == 0x05:
		return true
	case (b0 == 0x48 || b0 == 0x4C) && b2&7 == 5:
		return b1 == 0x8D || b1 == 0x8B && b0 == 0x48 && b2&0xF0 == 0
	}
	return false
}
