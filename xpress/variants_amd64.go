//go:build !noasm && !purego

package xpress

// variants are those that this machine can run, the fastest last.
var variants = func() []variant {
	all := []variant{variantPlain, variantUnsafe}
	if hasAssembly() {
		all = append(all, variantAssembly)
	}
	return all
}()

func (d *Decoder) hot(pos uint) uint {
	switch d.variant {
	case variantPlain:
		return d.hotPlain(pos)
	case variantUnsafe:
		return d.hotUnsafe(pos)
	}
	return d.hotAssembly(pos)
}
