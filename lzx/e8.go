package lzx

import (
	"encoding/binary"
	"math/bits"
)

const (
	e8Opcode   = 0xe8     // x86 CALL with a 32-bit relative target
	e8FileSize = 12000000 // the size that WIM uses for every chunk
	e8Tail     = 10       // the last bytes of a chunk that start no call
	e8Batch    = 256      // words with opcodes that are found before they are translated
)

// opcodes are 8 bytes of a chunk with opcodes among them.
type opcodes struct {
	at   int
	hits uint64 // the top bit of each opcode's byte
}

// translateCalls undoes the E8 translation of a decoded chunk (the WIM format
// sheet, section 5.8): an encoder makes the targets of x86 calls absolute, so
// that calls of one function look alike.
//
// Which bytes are opcodes can be found up front, because a translation changes
// only the four bytes after an opcode, and those are never looked at as
// opcodes. Finding them first, without a branch for each, is what makes this
// fast: code has hundreds in 32 KiB, at places that no processor predicts.
func translateCalls(data []byte, found *[e8Batch]opcodes) {
	end := len(data) - e8Tail
	data = data[:len(data):len(data)]
	done := 0 // no opcode starts before here
	for at := 0; at < end; {
		count := uint(0)
		for ; at < end && count < e8Batch; at += 8 {
			hits := opcodeBytes(load64(data, at))
			found[count] = opcodes{at, hits}
			count += uint((hits | -hits) >> 63) // 1 unless hits is 0
		}
		for _, word := range found[:count] {
			for hits := word.hits; hits != 0; hits &= hits - 1 {
				i := word.at + bits.TrailingZeros64(hits)/8
				if i < done || i >= end {
					continue
				}
				operand := data[i+1 : i+5]
				v := int32(binary.LittleEndian.Uint32(operand))
				binary.LittleEndian.PutUint32(operand, uint32(relativeTarget(v, int32(i))))
				done = i + 5
			}
		}
	}
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
