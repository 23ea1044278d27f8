//go:build purego

package lzx

import "encoding/binary"

func chunk16(data []byte, at int) uint16 { return binary.LittleEndian.Uint16(data[at:]) }

func chunk64(data []byte, at int) uint64 { return binary.LittleEndian.Uint64(data[at:]) }
