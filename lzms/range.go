package lzms

import "math/bits"

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

	// chance is how likely a 0 is, in 64ths, by the number of ones among
	// the last 64 outcomes. It is 1 to 63, for nothing is certain.
	chance [128]uint8
}

func (r *rangeDecoder) init() {
	for ones := range 65 {
		r.chance[ones] = uint8(min(max(64-ones, 1), 63))
	}
}

// start begins at the start of src, which has at least two words.
func (r *rangeDecoder) start(src []byte) {
	r.width, r.code, r.next = 0xFFFFFFFF, 0, 0
	r.code = r.word(src) << 16
	r.code |= r.word(src)
}

// word reads a word. Past the end of src they are zero.
func (r *rangeDecoder) word(src []byte) uint32 {
	if len(src)-r.next < 2 {
		return 0
	}
	w := uint32(src[r.next]) | uint32(src[r.next+1])<<8
	r.next += 2
	return w
}

// decide decodes one outcome of k.
func (r *rangeDecoder) decide(src []byte, k *decision) uint32 {
	if r.width <= 0xFFFF {
		r.width <<= 16
		r.code = r.code<<16 | r.word(src)
	}
	i := k.state % 64
	var outcome uint32
	bound := r.width >> 6 * k.chance[i]
	if r.code < bound {
		r.width = bound
	} else {
		r.width -= bound
		r.code -= bound
		outcome = 1
	}
	k.history[i] = k.history[i]<<1 | uint64(outcome)
	ones := bits.OnesCount64(k.history[i])
	k.ones[i] = uint32(ones)
	k.chance[i] = uint32(r.chance[ones])
	k.state = (k.state<<1 | outcome) & k.mask
	return outcome
}

// A decision is a kind of binary choice. Its last few outcomes are the
// context of the next one, and each context has its own probability.
type decision struct {
	state uint32 // the last outcomes, the newest in the lowest bit
	mask  uint32 // as many bits as state has

	// By state. The arrays are longer than some decisions need, so that
	// one type does for all.
	history [64]uint64 // the last 64 outcomes, the newest in the lowest bit
	ones    [64]uint32 // how many of them are 1; only goLoop needs it
	chance  [64]uint32 // see rangeDecoder.chance
}

func (k *decision) init(contextBits int) {
	k.state, k.mask = 0, 1<<contextBits-1
	for i := range 1 << contextBits {
		k.history[i] = 0x55555555 // 16 ones
		k.ones[i] = 16
		k.chance[i] = 48
	}
}
