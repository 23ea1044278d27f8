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

// findOpcodes is for translateCalls. It lists first the groups of 16 bytes that have
// an opcode, which takes few instructions for each, and then looks into those.
func findOpcodes(found *opcodes, block []byte) int {
	const (
		group = 16
		low   = 0x0101010101010101
		top   = 0x8080808080808080
	)
	var groups [e8Block / group]uint16
	n := uint(0)
	at := 0
	for ; at+group <= len(block); at += group {
		a, b := load64(block, at)^low*e8Opcode, load64(block, at+8)^low*e8Opcode
		// A borrow from the top bit of a byte begins at one that is zero.
		hits := ((a-low)&^a | (b-low)&^b) & top
		groups[n%uint(len(groups))] = uint16(at)
		n += uint((hits | -hits) >> 63) // 1 unless hits is 0
	}
	places := found[:0]
	for _, from := range groups[:n] {
		hits := opcodeBytes(load64(block, int(from))) | opcodeBytes(load64(block, int(from)+8))<<8
		for ; hits != 0; hits &= hits - 1 {
			places = append(places, from+uint16(bits.TrailingZeros32(hits)))
		}
	}
	for ; at < len(block); at++ {
		if block[at] == e8Opcode {
			places = append(places, uint16(at))
		}
	}
	return len(places)
}

// opcodeBytes sets bit i for each byte i of w that is the opcode, and no other bit.
func opcodeBytes(w uint64) uint32 {
	const low7 = 0x7f7f7f7f7f7f7f7f
	w ^= 0x0101010101010101 * e8Opcode
	// Adding 0x7f to the low seven bits carries into the top bit unless they
	// are zero. With w's own top bit, only a zero byte leaves it clear.
	w = ^((w&low7 + low7) | w | low7)
	// Bit 8i+7 becomes bit 8i, and the product has it at 8i + 56-7i = 56+i.
	return uint32(w >> 7 * 0x0102040810204080 >> 56)
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
