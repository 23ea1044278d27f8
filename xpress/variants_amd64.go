//go:build !noasm && !purego

package xpress

import "golang.org/x/sys/cpu"

// variants are those that this machine can run, the fastest last.
var variants = func() []variant {
	all := []variant{variantPlain, variantUnsafe}
	if hasAssembly() {
		all = append(all, variantAssembly)
	}
	return all
}()

// hasAssembly reports whether the processor has the instructions that asmHot
// uses: those of Intel since Haswell (2013) and AMD since Excavator (2015).
func hasAssembly() bool {
	return cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasSSSE3
}

func (d *Decoder) hot(pos uint) uint {
	switch d.variant {
	case variantPlain:
		return d.hotPlain(pos)
	case variantUnsafe:
		return d.hotUnsafe(pos)
	}
	return d.hotAssembly(pos)
}
