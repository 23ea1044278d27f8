//go:build !noasm && !purego

package lzx

// reverseUnitsAVX2 is reverseUnits with vectors.
func reverseUnitsAVX2(out, src []byte) {
	if words := len(src) / 32; words > 0 {
		rest := len(out) - 32*words
		asmReverseUnits(&out[rest], &src[0], words)
		out, src = out[:rest], src[32*words:]
	}
	reverseUnits(out, src)
}

// asmReverseUnits writes the 16-bit units of 32*words bytes of src in reverse
// order into as many bytes of out. words is at least 1.
//
//go:noescape
func asmReverseUnits(out, src *byte, words int)
