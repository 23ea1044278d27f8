//go:build !purego && (386 || amd64 || arm64)

package rawmem

import "unsafe"

// These processors do unaligned little-endian accesses. The functions of
// bytes.go compile to the same instructions there, but also to NOPs where calls
// were inlined, several in each turn of a hot loop; without them the decoders
// are about 4 % faster (BenchmarkDecode of package xpress, and of lzx, with the
// build tag noasm).

// Load32 returns the 4 bytes at base + at.
func Load32(base unsafe.Pointer, at uint) uint32 {
	return *(*uint32)(unsafe.Add(base, at))
}

// Load64 returns the 8 bytes at base + at.
func Load64(base unsafe.Pointer, at uint) uint64 {
	return *(*uint64)(unsafe.Add(base, at))
}

// Store64 writes 8 bytes at base + at.
func Store64(base unsafe.Pointer, at uint, v uint64) {
	*(*uint64)(unsafe.Add(base, at)) = v
}
