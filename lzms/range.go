package lzms

// A rangeDecoder reads binary decisions from the forward stream: the 16-bit
// words of src from the first one on.
//
// The width is that of an interval which each decision splits in proportion
// to its probability, and code is where in that interval the stream points.
// Hostile input can start with code >= width. Nothing breaks then: both are
// plain uint32, and code stays the greater.
type rangeDecoder struct {
	width uint32
	code  uint32
	next  int // index in src of the next word
}

// start begins at the start of src, which has at least two words.
func (r *rangeDecoder) start(src []byte) {
	*r = rangeDecoder{width: 0xFFFFFFFF}
	r.code = r.word(src) << 16
	r.code |= r.word(src)
}

// word reads a word. Past the end of src they are zero.
func (r *rangeDecoder) word(src []byte) uint32 {
	if len(src)-r.next < 2 {
		return 0
	}
	return r.fastWord(src)
}

// fastWord reads a word that is known to be there.
func (r *rangeDecoder) fastWord(src []byte) uint32 {
	n := r.next
	w := src[n : n+2 : n+2]
	r.next = n + 2
	return uint32(w[0]) | uint32(w[1])<<8
}

// decide decodes one outcome of k.
func (r *rangeDecoder) decide(src []byte, k *decision) uint32 {
	if r.width <= 0xFFFF {
		r.width <<= 16
		r.code = r.code<<16 | r.word(src)
	}
	p := &k.contexts[k.state&k.mask]
	bound := r.width >> 6 * p.zero
	if r.code < bound {
		r.width = bound
		p.update(0)
		k.state <<= 1
		return 0
	}
	r.width -= bound
	r.code -= bound
	p.update(1)
	k.state = k.state<<1 | 1
	return 1
}

// A decision is a kind of binary choice. Its last outcomes, in the low bits
// of state, are the context that gives the next one's probability.
type decision struct {
	state    uint32 // the newest outcome in the lowest bit
	mask     uint32 // the bits of state that count
	contexts [64]probability
}

func (k *decision) init(contextBits int) {
	k.state, k.mask = 0, 1<<contextBits-1
	for i := range k.contexts {
		// Sixteen ones and 48 zeros.
		k.contexts[i] = probability{0x55555555, 48, 48}
	}
}

// A probability adapts to the last 64 outcomes in its context.
type probability struct {
	history uint64 // the newest outcome in the lowest bit
	zeros   uint32
	zero    uint32 // how likely is a 0, in 64ths: the zeros in history, but 1..63
}

func (p *probability) update(outcome uint64) {
	n := p.zeros + uint32(p.history>>63) - uint32(outcome)
	p.history = p.history<<1 | outcome
	p.zeros = n
	if outcome == 0 {
		p.zero = n - n>>6
	} else {
		p.zero = n + (n-1)>>31
	}
}
