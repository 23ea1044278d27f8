//go:build !noasm && !purego

package lzx

// e8Block is how many bytes are searched for opcodes at a time, a multiple of
// 64.
const e8Block = 2048

// opcodes is a list of where in a block the opcodes are, with room for two
// places that are not.
type opcodes [e8Block + 2]uint16

// translateCallsAVX2 is translateCalls, 5 % faster for a chunk of a program.
//
// Which bytes are opcodes can be found up front, because a translation changes
// only the four bytes after an opcode, and those are never looked at as
// opcodes. To find them without a branch for each is what makes this fast: code
// has hundreds in 32 KiB, at places that no processor predicts.
func translateCallsAVX2(data []byte) {
	var found opcodes
	done := 0 // no opcode starts before here
	for at, end := 0, len(data)-e8Tail; at < end; at += e8Block {
		n := findOpcodes(&found, data[at:min(at+e8Block, end)])
		for _, place := range found[:n] {
			if i := at + int(place); i >= done {
				done = i + translateCall(data, i)
			}
		}
	}
}

// findOpcodes lists the opcodes in a block, and returns how many they are.
func findOpcodes(found *opcodes, block []byte) int {
	n, words := 0, len(block)/64
	if words > 0 {
		n = asmFindOpcodes(&found[0], &block[0], words)
	}
	for at := 64 * words; at < len(block); at++ {
		if block[at] == e8Opcode {
			found[n] = uint16(at)
			n++
		}
	}
	return n
}

// asmFindOpcodes lists the opcodes in 64*words bytes of data in found, and
// returns how many they are. It may write two more places. words is at least 1.
//
//go:noescape
func asmFindOpcodes(found *uint16, data *byte, words int) int
