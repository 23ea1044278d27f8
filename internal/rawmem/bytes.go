//go:build !purego && !386 && !amd64 && !arm64

package rawmem

import (
	"encoding/binary"
	"unsafe"
)

// The compiler makes one instruction of each function where the processor can
// do that, and single bytes elsewhere.

// Load32 returns the 4 bytes at base + at.
func Load32(base unsafe.Pointer, at uint) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(base, at))[:])
}

// Load64 returns the 8 bytes at base + at.
func Load64(base unsafe.Pointer, at uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(base, at))[:])
}

// Store64 writes 8 bytes at base + at.
func Store64(base unsafe.Pointer, at uint, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(base, at))[:], v)
}
