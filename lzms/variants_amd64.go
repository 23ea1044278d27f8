//go:build !noasm && !purego

package lzms

import "golang.org/x/sys/cpu"

// variants are those that this machine can run, the fastest last.
var variants = func() []variant {
	all := []variant{variantPlain, variantLoop}
	if hasAssembly() {
		all = append(all, variantAssembly)
	}
	return all
}()

// hasAssembly reports whether the machine has all that the assembly uses.
// Intel's processors do since Haswell (2013), and AMD's since Excavator (2015).
func hasAssembly() bool {
	x := &cpu.X86
	return x.HasAVX2 && x.HasBMI1 && x.HasBMI2 && x.HasPOPCNT && x.HasSSSE3 && x.HasSSE41
}

func (d *Decoder) loop() pause {
	switch d.variant {
	case variantPlain:
		return pauseItem
	case variantLoop:
		return goLoop(d)
	}
	return loopAVX2(d)
}

func (v variant) find(f *x86Filter, data []byte, n int) int {
	switch v {
	case variantPlain:
		return findPlain(f, data, n)
	case variantLoop:
		return findGo(f, data, n)
	}
	return findAVX2(f, data, n)
}
