package lzx

import (
	"encoding/binary"
	"math/bits"
)

const (
	e8Opcode   = 0xe8     // x86 CALL with a 32-bit relative target
	e8FileSize = 12000000 // the size that WIM uses for every chunk
	e8Tail     = 10       // the last bytes of a chunk that start no call
	e8Block    = 2048     // bytes that are searched for opcodes at a time, a multiple of 64
)

// opcodes is a list of where in a block the opcodes are. Those that look for
// them may write two places past its end.
type opcodes [e8Block + 2]uint16

// translateCalls undoes the E8 translation of a decoded chunk (the WIM format
// sheet, section 5.8): an encoder makes the targets of x86 calls absolute, so
// that calls of one function look alike.
//
// Which bytes are opcodes can be found up front, because a translation changes
// only the four bytes after an opcode, and those are never looked at as
// opcodes. Finding them first, without a branch for each, is what makes this
// fast: code has hundreds in 32 KiB, at places that no processor predicts.
//
// find lists the opcodes of a block, and tells how many they are.
func translateCalls(data []byte, found *opcodes, find func(found *opcodes, block []byte) int) {
	data = data[:len(data):len(data)]
	done := 0 // no opcode starts before here
	for at, end := 0, len(data)-e8Tail; at < end; at += e8Block {
		n := find(found, data[at:min(at+e8Block, end)])
		for _, place := range found[:n] {
			i := at + int(place)
			if i < done {
				continue
			}
			operand := data[i+1 : i+5]
			v := int32(binary.LittleEndian.Uint32(operand))
			binary.LittleEndian.PutUint32(operand, uint32(relativeTarget(v, int32(i))))
			done = i + 5
		}
	}
}

// findOpcodes is for translateCalls. It takes 8 bytes at a time, of which a
// second one is rarely an opcode if one is.
func findOpcodes(found *opcodes, block []byte) int {
	n := uint(0)
	at := 0
	for ; at+8 <= len(block); at += 8 {
		hits := opcodeBytes(load64(block, at))
		found[n%e8Block] = uint16(at + bits.TrailingZeros64(hits)/8)
		n += uint((hits | -hits) >> 63) // 1 unless hits is 0
		for hits &= hits - 1; hits != 0; hits &= hits - 1 {
			found[n%e8Block] = uint16(at + bits.TrailingZeros64(hits)/8)
			n++
		}
	}
	for ; at < len(block); at++ {
		if block[at] == e8Opcode {
			found[n%e8Block] = uint16(at)
			n++
		}
	}
	return int(n)
}

// opcodeBytes sets the top bit of each byte of w that is the opcode, and no
// other bit.
func opcodeBytes(w uint64) uint64 {
	const low7 = 0x7f7f7f7f7f7f7f7f
	w ^= 0x0101010101010101 * e8Opcode
	// Adding 0x7f to the low seven bits carries into the top bit unless they
	// are zero. With w's own top bit, only a zero byte leaves it clear.
	return ^((w&low7 + low7) | w | low7)
}

// relativeTarget returns what replaces the operand v of a call at offset i.
func relativeTarget(v, i int32) int32 {
	r := v
	if v >= 0 && v < e8FileSize {
		r = v - i
	}
	if v < 0 && v >= -i {
		r = v + e8FileSize
	}
	return r
}
