//go:build !purego

package lzx

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain, variantUnsafe}

func (d *Decoder) hot(dst []byte, pos int) int {
	if d.variant == variantPlain {
		return d.hotPlain(dst, pos)
	}
	return d.hotUnsafe(dst, pos)
}
