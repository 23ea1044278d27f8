//go:build !noasm && !purego

package xpress

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// variants are those of this build and machine, the fastest last.
var variants = func() []variant {
	all := []variant{variantPlain, variantUnsafe}
	if cpu.X86.HasBMI2 && cpu.X86.HasSSSE3 {
		all = append(all, variantAssembly)
	}
	return all
}()

func (d *Decoder) hot(pos, size uint) uint {
	switch d.variant {
	case variantPlain:
		return d.hotPlain(pos, size)
	case variantUnsafe:
		return d.hotUnsafe(pos, size)
	}
	return d.hotAssembly(pos, size)
}

// hotState is what hotLoop works on.
type hotState struct {
	window    unsafe.Pointer // of windowSize bytes
	in        unsafe.Pointer
	code      unsafe.Pointer // 1<<codeBits entries
	long      unsafe.Pointer // longLen entries
	longShift uint
	longBase  uint64
	longLen   uint

	pos, last      uint // last is the size of the chunk less hotMargin
	next, lastLoad uint // lastLoad is the size of the input less 8
	buf            uint64
	n              uint
}

// hotLoop decodes items while pos < last and next <= lastLoad, and stops before
// one that is wrong. Unlike hotPlain it does overlapping copies and matches of
// any length. At least 48 bits of buf must be valid, and pos >= 16.
//
//go:noescape
func hotLoop(s *hotState)

// hotAssembly is hotUnsafe in assembly, and does nearly all items that that one
// leaves to decodeItem.
func (d *Decoder) hotAssembly(pos, size uint) uint {
	if pos < maxMain || size < hotMargin || size > MaxChunk || d.bits.next > len(d.bits.in)-8 {
		return pos
	}
	d.bits.refill()
	s := hotState{
		window: unsafe.Pointer(&d.window), in: unsafe.Pointer(unsafe.SliceData(d.bits.in)),
		code: unsafe.Pointer((*[1 << codeBits]uint32)(d.code.Main)),
		long: unsafe.Pointer(unsafe.SliceData(d.code.Long)), longLen: uint(len(d.code.Long)),
		longShift: d.code.LongShift, longBase: d.code.LongBase,
		pos: pos, last: size - hotMargin,
		next: uint(d.bits.next), lastLoad: uint(len(d.bits.in) - 8),
		buf: d.bits.buf, n: d.bits.n,
	}
	hotLoop(&s)
	d.bits.next, d.bits.buf, d.bits.n = int(s.next), s.buf, s.n
	return s.pos
}

// What hotLoop looks up.
var (
	// literalBytes has each byte at its own index, so that a literal is a copy
	// like a match. Copies are of 16 bytes.
	literalBytes [256 + 15]uint8
	// repeatShuffles[n] shuffles n bytes into 16 bytes of repetitions, and
	// repeatSteps[n] is the greatest multiple of n that is not over 16.
	repeatShuffles [16][16]uint8
	repeatSteps    [16]uint8
)

func init() {
	for i := range literalBytes {
		literalBytes[i] = uint8(i)
	}
	for n := 1; n < 16; n++ {
		repeatSteps[n] = uint8(16 - 16%n)
		for i := range repeatShuffles[n] {
			repeatShuffles[n][i] = uint8(i % n)
		}
	}
}
