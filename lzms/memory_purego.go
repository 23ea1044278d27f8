//go:build purego

package lzms

import "encoding/binary"

// What goLoop does with memory. memory_unsafe.go is the same without bounds
// checks.

// word reads a word of the forward stream, which must not be near its end.
func (d *Decoder) word() uint32 {
	n := d.rng.next
	w := d.src[n : n+2 : n+2]
	d.rng.next = n + 2
	return uint32(w[0]) | uint32(w[1])<<8
}

// load loads the eight bytes of the backward stream, which must not be near
// its end, before the byte that bit is in.
func (d *Decoder) load(bit uint64) uint64 { return load64(d.src, int(bit>>3)-8) }

// put writes a byte of dst.
func (d *Decoder) put(at uint, b byte) { d.dst[at] = b }

// get64 and put64 read and write eight bytes of dst.
func (d *Decoder) get64(at uint) uint64 { return load64(d.dst, int(at)) }
func (d *Decoder) put64(at uint, v uint64) {
	binary.LittleEndian.PutUint64(d.dst[at:at+8:at+8], v)
}

// copy32 copies 32 bytes within dst, sixteen at a time or fewer, so that the
// two places may overlap if they are sixteen bytes apart.
func (d *Decoder) copy32(to, from uint) {
	a, b := d.dst[to:to+32:to+32], d.dst[from:from+32:from+32]
	binary.LittleEndian.PutUint64(a[0:], load64(b, 0))
	binary.LittleEndian.PutUint64(a[8:], load64(b, 8))
	binary.LittleEndian.PutUint64(a[16:], load64(b, 16))
	binary.LittleEndian.PutUint64(a[24:], load64(b, 24))
}

// chanceOf returns the chance of a 0 in a state.
func (k *decision) chanceOf(state uint) uint32 { return k.chance[state%64] }

// learn is what decide does to the probability of a state. It counts ones
// without counting bits: one may enter the history, and one may leave it.
func (k *decision) learn(state uint, outcome uint64, r *rangeDecoder) {
	i := state % 64
	h := k.history[i]
	k.history[i] = h<<1 + outcome
	ones := k.ones[i] - uint32(h>>63) + uint32(outcome)
	k.ones[i] = ones
	k.chance[i] = uint32(r.chance[ones%128])
}

// at returns what the table has for the bits at the top of buf.
func (c *code) at(buf uint64) entry {
	i := buf >> (64 - tableBits) * 2
	return entry(c.table[i]) | entry(c.table[i+1])<<8
}

// count counts a symbol.
func (c *code) count(symbol uint) { c.freq[symbol%1024]++ }

// at returns a slot.
func (s *slots) at(symbol uint) *slot { return &s.slot[symbol%1024] }
