//go:build purego

package xpress

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain}

func (d *Decoder) hot(pos uint) uint {
	return d.hotPlain(pos)
}
