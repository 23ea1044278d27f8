//go:build purego

package lzx

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain}

func (d *Decoder) hot(dst []byte, pos, end int) int {
	return d.hotPlain(dst[:end], pos)
}

func (variant) translateCalls(data []byte, found *opcodes) {
	translateCalls(data, found, findOpcodes)
}

func (variant) reverseUnits() func(out, src []byte) { return reverseUnits }
