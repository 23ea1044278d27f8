//go:build purego || noasm || !amd64

package xpress

// gatherFast leaves all to gatherPlain.
func (e *Encoder) gatherFast() bool { return false }
