//go:build !amd64 || noasm || purego

package lzms

// engines returns the engines that this machine can run, the fastest first.
func engines() []engine { return []engine{goEngine} }
