//go:build !purego

package lzms

import (
	"encoding/binary"
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// What goLoop does with memory, as in memory_purego.go but without bounds
// checks. BenchmarkVariants has the gain: compare "loop" with the build tag
// purego and without.
//
// What keeps it within bounds:
//
//   - Forward stream: a batch has at most (len(src)-next)/16 items, an item
//     reads at most 5 words, and goLoop is at most 1 word ahead: next does
//     not pass len(src).
//   - Backward stream: a batch has at most (left-64)/128 items, and an item
//     takes at most 2*45 bits: left, which is bit-7, is at least 64 after each,
//     so that the eight bytes before byte bit/8 are there. They end within src,
//     as left is at most 8*len(src).
//   - dst: a literal is put below limit, at most len(dst), as a batch has at most
//     as many items as dst has room for and each makes a byte or more. A match is
//     copied if offset <= out and out+length <= margin = len(dst)-32. No more than
//     31 bytes are written beyond its end: steps are at most 32 and start before
//     it. Sources lie before what is written by 16 bytes or more in copy32; those
//     of get64 start at out-offset, and are read before put64 at out or later.
//   - Decisions: states have at most 6 bits, and the arrays 64 entries. The
//     number of ones among 64 bits is at most 64, and rangeDecoder.chance is
//     longer.
//   - Codes: an index of tableBits bits, and an entry that has 10 bits of symbol;
//     freq and slot have 1024 entries.

func (d *Decoder) word() uint32 {
	n := d.rng.next
	d.rng.next = n + 2
	return uint32(load16(unsafe.Pointer(unsafe.SliceData(d.src)), uint(n)))
}

func (d *Decoder) load(bit uint64) uint64 {
	return rawmem.Load64(unsafe.Pointer(unsafe.SliceData(d.src)), uint(bit>>3)-8)
}

func (d *Decoder) dstStart() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(d.dst)) }

func (d *Decoder) put(at uint, b byte)     { *(*byte)(unsafe.Add(d.dstStart(), at)) = b }
func (d *Decoder) get64(at uint) uint64    { return rawmem.Load64(d.dstStart(), at) }
func (d *Decoder) put64(at uint, v uint64) { rawmem.Store64(d.dstStart(), at, v) }

func (d *Decoder) copy32(to, from uint) {
	dst := d.dstStart()
	*(*[16]byte)(unsafe.Add(dst, to)) = *(*[16]byte)(unsafe.Add(dst, from))
	*(*[16]byte)(unsafe.Add(dst, to+16)) = *(*[16]byte)(unsafe.Add(dst, from+16))
}

func (k *decision) chanceOf(state uint) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(&k.chance), state*4))
}

func (k *decision) learn(state uint, outcome uint64, r *rangeDecoder) {
	history := (*uint64)(unsafe.Add(unsafe.Pointer(&k.history), state*8))
	ones := (*uint32)(unsafe.Add(unsafe.Pointer(&k.ones), state*4))
	chance := (*uint32)(unsafe.Add(unsafe.Pointer(&k.chance), state*4))
	h := *history
	*history = h<<1 + outcome
	n := *ones - uint32(h>>63) + uint32(outcome)
	*ones = n
	*chance = uint32(*(*uint8)(unsafe.Add(unsafe.Pointer(&r.chance), uint(n))))
}

func (c *code) at(buf uint64) entry {
	return entry(load16(unsafe.Pointer(&c.table), uint(buf>>(64-tableBits)*2)))
}

func (c *code) count(symbol uint) { *(*uint32)(unsafe.Add(unsafe.Pointer(&c.freq), symbol*4))++ }

func (s *slots) at(symbol uint) *slot {
	return (*slot)(unsafe.Add(unsafe.Pointer(&s.slot), symbol*8))
}

// load16 returns the two bytes at base + at.
func load16(base unsafe.Pointer, at uint) uint16 {
	return binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(base, at))[:])
}
