//go:build !noasm && !purego

package lzms

import (
	"math/bits"
	"strings"

	"golang.org/x/sys/cpu"
)

// engines returns the engines that this machine can run, the fastest first.
func engines() []engine {
	if hasAVX2() {
		return []engine{{"avx2", loopAVX2, findAVX2}, goEngine}
	}
	return []engine{goEngine}
}

// hasAVX2 reports whether the machine has all that the assembly uses. Intel's
// processors do since Haswell (2013), and AMD's since Excavator (2015).
func hasAVX2() bool {
	x := &cpu.X86
	return x.HasAVX2 && x.HasBMI1 && x.HasBMI2 && x.HasPOPCNT && x.HasSSSE3 && x.HasSSE41
}

// loopAVX2 is goLoop in assembly.
func loopAVX2(d *Decoder) pause {
	items := d.batch()
	if items == 0 {
		return pauseItem
	}
	return asmLoop(d, items)
}

// asmLoop is the part of goLoop after batch; items is at least 1. Every batch
// ends when a code is due to be rebuilt, so that it does not run for long.
//
//go:noescape
func asmLoop(d *Decoder, items int) (why pause)

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

// What asmLoop looks up.
var (
	// repeatShuffles[n] shuffles n bytes into 16 bytes of repetitions, and
	// repeatSteps[n] is the greatest multiple of n that is not over 16.
	repeatShuffles [16][16]uint8
	repeatSteps    [16]uint8
	// queueShuffles[i] moves entry i of lzQueue to the front.
	queueShuffles [4][16]uint8
)

func init() {
	for n := 1; n < 16; n++ {
		repeatSteps[n] = uint8(16 - 16%n)
		for i := range repeatShuffles[n] {
			repeatShuffles[n][i] = uint8(i % n)
		}
	}
	for front := range queueShuffles {
		for i := range queueShuffles[front] {
			from := i/4 - 1 // entries before the new front move back by one
			if i/4 == 0 {
				from = front
			} else if i/4 > front {
				from = i / 4
			}
			queueShuffles[front][i] = uint8(4*from + i%4)
		}
	}
}
