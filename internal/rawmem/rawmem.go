//go:build !purego

// Package rawmem loads and stores words of memory without bounds checks. Whoever
// uses it shows, in comments at the place, that the bounds are kept.
//
// It is little-endian on all processors, and addresses need no alignment: the
// compiler makes one instruction of each function where the processor can do that,
// and single bytes elsewhere.
package rawmem

import (
	"encoding/binary"
	"unsafe"
)

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

// Entry returns table[at] of a table of 32-bit entries.
func Entry(table unsafe.Pointer, at uint64) uint32 {
	return *(*uint32)(unsafe.Add(table, at*4))
}
