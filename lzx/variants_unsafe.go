//go:build !purego && (noasm || !amd64)

package lzx

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain, variantUnsafe}

func (d *Decoder) hot(dst []byte, pos, end int) int {
	if d.variant == variantPlain {
		return d.hotPlain(dst[:end], pos)
	}
	return d.hotUnsafe(dst[:end], pos)
}

func (variant) translateCalls(data []byte) { translateCalls(data) }

func (variant) reverseUnits() func(out, src []byte) { return reverseUnits }
