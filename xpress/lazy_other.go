//go:build purego || noasm || !amd64

package xpress

// lazilyFast leaves all to lazilyPlain.
func (e *Encoder) lazilyFast(items []item, _ int) ([]item, int) {
	return items, 1
}
