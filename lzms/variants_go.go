//go:build !amd64 || noasm || purego

package lzms

// variants are those of this build, the fastest last.
var variants = []variant{variantPlain, variantLoop}

func (d *Decoder) loop() pause {
	if d.variant == variantPlain {
		return pauseItem
	}
	return goLoop(d)
}

func (v variant) find(f *x86Filter, data []byte, n int) int {
	if v == variantPlain {
		return findPlain(f, data, n)
	}
	return findGo(f, data, n)
}
