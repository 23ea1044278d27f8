//go:build !noasm && !purego

package lzx

import "golang.org/x/sys/cpu"

// variants are those that this machine can run, the fastest last.
var variants = func() []variant {
	all := []variant{variantPlain, variantUnsafe}
	if hasAssembly() {
		all = append(all, variantAssembly)
	}
	return all
}()

// hasAssembly reports whether the processor has the instructions that the
// assembly uses. All processors with AVX2 and BMI2 have BMI1 and SSSE3.
func hasAssembly() bool { return cpu.X86.HasAVX2 && cpu.X86.HasBMI2 }

func (d *Decoder) hot(dst []byte, pos, end int) int {
	switch d.variant {
	case variantPlain:
		return d.hotPlain(dst[:end], pos)
	case variantUnsafe:
		return d.hotUnsafe(dst[:end], pos)
	}
	return d.hotAssembly(dst, pos, end)
}

func (v variant) translateCalls(data []byte) {
	if v == variantAssembly {
		translateCallsAVX2(data)
	} else {
		translateCalls(data)
	}
}

func (v variant) reverseUnits() func(out, src []byte) {
	if v == variantAssembly {
		return reverseUnitsAVX2
	}
	return reverseUnits
}
