//go:build !purego && (noasm || !amd64)

package xpress

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain, variantUnsafe}

func (d *Decoder) hot(pos uint) uint {
	if d.variant == variantPlain {
		return d.hotPlain(pos)
	}
	return d.hotUnsafe(pos)
}
