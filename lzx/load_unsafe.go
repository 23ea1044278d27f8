//go:build !purego

package lzx

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/rawmem"
)

// The encoder loads words of the chunk without bounds checks. They begin inside
// of it: at a position, before one by an offset of a match there, or where a
// match may end. The padding is larger than a word.

func chunk16(data []byte, at int) uint16 {
	return uint16(rawmem.Load32(unsafe.Pointer(unsafe.SliceData(data)), uint(at)))
}

func chunk64(data []byte, at int) uint64 {
	return rawmem.Load64(unsafe.Pointer(unsafe.SliceData(data)), uint(at))
}
