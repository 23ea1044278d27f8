//go:build !purego

// Package rawmem loads and stores words of memory without bounds checks.
// Whoever uses it shows, in comments at the place, that the bounds are kept.
//
// It is little-endian on all processors, and addresses need no alignment.
package rawmem

import "unsafe"

// Entry returns table[at] of a table of 32-bit entries.
func Entry(table unsafe.Pointer, at uint64) uint32 {
	return *(*uint32)(unsafe.Add(table, at*4))
}
