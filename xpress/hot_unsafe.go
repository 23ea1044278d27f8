//go:build !purego

package xpress

import (
	"math/bits"
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

func (d *Decoder) hot(pos, size uint) uint {
	return d.hotUnsafe(pos, size)
}

func (d *Decoder) hotUnsafe(pos, size uint) uint {
	size = min(size, MaxChunk)
	next, buf, n := uint(d.bits.next), d.bits.buf, d.bits.n
	if pos < maxMain || size < hotMargin || len(d.bits.in) < 8 || next > uint(len(d.bits.in)-8) {
		return pos
	}
	in := unsafe.Pointer(unsafe.SliceData(d.bits.in))
	lastLoad := uint(len(d.bits.in) - 8)
	code := unsafe.Pointer(unsafe.SliceData(d.code.Main))
	window := unsafe.Pointer(&d.window)
	last := size - hotMargin

	buf |= unitsInOrder(rawmem.Load64(in, next)) >> (n & 63)
	next += ^n >> 3 & 6
	n |= 48
	e := rawmem.Entry(code, buf>>(64-codeBits))
	for pos < last && next <= lastLoad && e&flagSpecial == 0 {
		length := uint(e>>entryLength) & 15 // less 1
		offset := uint(matchOffset(buf<<(e>>entryCode&15), e))
		src := (pos - offset) & uint(int32(e)>>31)
		if src >= pos-length {
			break
		}
		buf <<= e & entryBits
		n -= uint(e & entryBits)
		following := rawmem.Entry(code, buf>>(64-codeBits))
		buf |= uint64(bits.RotateLeft32(rawmem.Load32(in, next), 16)) << 32 >> (n & 63)
		next += ^n >> 3 & 6
		n |= 48
		a := rawmem.Load64(window, src)
		b := rawmem.Load64(window, src+8)
		if e&flagLiteral != 0 {
			a = uint64(e >> entryLiteral)
		}
		rawmem.Store64(window, pos, a)
		rawmem.Store64(window, pos+8, b)
		pos += length + 1
		e = following
	}
	d.bits.next, d.bits.buf, d.bits.n = int(next), buf, n
	return pos
}
