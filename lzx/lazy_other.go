//go:build purego || noasm || !amd64

package lzx

// walkFast leaves all to walkPlain.
func (e *Encoder) walkFast(*lazyWalk, int) {}
