package lzx

import (
	"bytes"
	"encoding/binary"
)

// makeAbsolute makes the targets of x86 calls absolute, so that calls of one
// function look alike: it does what [translateCalls] undoes (the WIM format
// sheet, section 5.8). Which bytes are opcodes is decided in the same way
// there, because neither looks for one in the four bytes after another.
func makeAbsolute(data []byte) {
	for at, end := 0, len(data)-e8Tail; at < end; at += 5 {
		found := bytes.IndexByte(data[at:end], e8Opcode)
		if found < 0 {
			return
		}
		at += found
		operand := data[at+1 : at+5]
		v := int32(binary.LittleEndian.Uint32(operand))
		binary.LittleEndian.PutUint32(operand, uint32(absoluteTarget(v, int32(at))))
	}
}

// absoluteTarget returns what replaces the operand v of a call at offset i, the
// inverse of [relativeTarget]. The targets from 0 to e8FileSize - 1 are those
// that get absolute; the operands whose place they take, from e8FileSize - i
// on, are put where the targets' own were, from -i to -1.
func absoluteTarget(v, i int32) int32 {
	switch {
	case v >= -i && v < e8FileSize-i:
		return v + i
	case v >= e8FileSize-i && v < e8FileSize:
		return v - e8FileSize
	}
	return v
}
