//go:build !noasm && !purego

package xpress

import "github.com/wimble-go/wimble/internal/repeat"

const (
	// asmMargin is how far before the end of the chunk asmHot stops: two copies
	// of 16 bytes.
	asmMargin = 32

	// longMargin is how much farther from the end a long match must be, which
	// may write 63 bytes after its own end.
	longMargin = 64 - asmMargin //lint:ignore U1000 the assembly uses it
)

// hotAssembly is hotUnsafe in assembly, and leaves less.
func (d *Decoder) hotAssembly(pos uint) uint {
	last := len(d.out) - asmMargin
	if int(pos) > last || d.bits.next > len(d.bits.in)-8 {
		return pos
	}
	return asmHot(d, &d.out[0], pos, uint(last))
}

// asmHot decodes items into dst from pos on, while pos is at most last and the
// input has 8 more bytes, and returns how far it came.
//
// What keeps it within bounds:
//
//   - Input: each load of 8 bytes at next comes after next was compared with
//     len(in)-8. Length bytes lie before next+3, and next is then below that.
//   - Tables: the index of code has codeBits bits. That of long belongs to one of
//     its codewords, as the code is complete. For a literal, 16 bytes are read
//     from its entry on. Behind code there is the memory of long, which has at
//     least 8 entries more than are used: the codewords in it are at most 511
//     of the 512 that it has room for, as those of over 11 bits alone cannot
//     make a complete code.
//   - dst: two items are written at pos <= last, by 16 bytes each, that is up to
//     last+32. Longer matches must end at last-32 or before, and up to 63 bytes
//     are written after them. A source lies before pos, and its 16 or 64 bytes end
//     before those at pos do.
//
//go:noescape
func asmHot(d *Decoder, dst *byte, pos, last uint) (end uint)

// What asmHot looks up.
//
//lint:ignore U1000 the assembly uses it
var repeatShuffles, repeatSteps = repeat.Tables()
