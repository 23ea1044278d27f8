//go:build !noasm && !purego

package lzms

import (
	"math/bits"
	"strings"
)

// findAVX2 is findGo with a vector for eight.
func findAVX2(f *x86Filter, data []byte, n int) int {
	var masks [filterBlock / 64]uint64
	words := n / 64
	if words > 0 {
		asmFind(&masks[0], &data[0], words)
	}
	found := uint(0)
	for i, m := range masks[:words] {
		for ; m != 0; m &= m - 1 {
			f.found[found%filterBlock] = uint16(64*i + bits.TrailingZeros64(m))
			found++
		}
	}
	for i := 64 * words; i < n; i++ {
		if x86Start(data[i:]) {
			f.found[found%filterBlock] = uint16(i)
			found++
		}
	}
	return int(found)
}

// asmFind sets bit i of masks if x86Start(data[i:]), for 64*words bytes of
// data. Two more bytes must follow; words is at least 1.
//
//go:noescape
func asmFind(masks *uint64, data *byte, words int)

// findTables tells asmFind which instructions there are. An instruction is a
// bit. It is set in findTables[2*i] for all low and in findTables[2*i+1] for
// all high four bits that its byte i may have.
var findTables [6][16]uint8

func init() {
	const any = "0123456789ABCDEF"
	for bit, instruction := range [...][6]string{
		{"89", "E", any, any, any, any},  // E8, E9
		{"F", "F", "5", "1", any, any},   // FF 15
		{"0", "F", "3", "8", "5", "0"},   // F0 83 05
		{"8C", "4", "D", "8", "5D", any}, // 48/4C 8D x5/xD
		{"8", "4", "B", "8", "5D", "0"},  // 48 8B 05/0D
	} {
		for i, digits := range instruction {
			for v := range 16 {
				if strings.IndexByte(digits, any[v]) >= 0 {
					findTables[i][v] |= 1 << bit
				}
			}
		}
	}
}
