//go:build !purego

package match

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// The searches load without bounds checks. All that they load is in bounds: see
// [Chains.Longest].

func load32(data []byte, at int) uint32 {
	return rawmem.Load32(unsafe.Pointer(unsafe.SliceData(data)), uint(at))
}

func load64(data []byte, at int) uint64 {
	return rawmem.Load64(unsafe.Pointer(unsafe.SliceData(data)), uint(at))
}

// follow returns the position that one is linked to.
func follow[P Position](link []P, at int) int {
	return int(*(*P)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(link)), uintptr(at)*unsafe.Sizeof(P(0)))))
}

// replace puts a position into a hash table and returns what was there.
func replace[P Position](head []P, hash uint32, pos P) P {
	place := (*P)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(head)), uintptr(hash)*unsafe.Sizeof(P(0))))
	old := *place
	*place = pos
	return old
}
