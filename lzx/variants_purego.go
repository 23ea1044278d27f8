//go:build purego

package lzx

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain}

func (d *Decoder) hot(dst []byte, pos, end int) int {
	return d.hotPlain(dst[:end], pos)
}

func (variant) translateCalls(data []byte) { translateCalls(data) }

func (variant) reverseUnits() func(out, src []byte) { return reverseUnits }
