package lzx

import (
	"bytes"
	"encoding/binary"
)

const (
	e8Opcode   = 0xe8     // x86 CALL with a 32-bit relative target
	e8FileSize = 12000000 // the size that WIM uses for every chunk
	e8Tail     = 10       // the last bytes of a chunk that start no call
)

// translateCalls undoes the E8 translation of a decoded chunk (the WIM format
// sheet, section 5.8): an encoder makes the targets of x86 calls absolute, so
// that calls of one function look alike.
func translateCalls(data []byte) {
	for at, end := 0, len(data)-e8Tail; at < end; {
		found := bytes.IndexByte(data[at:end], e8Opcode)
		if found < 0 {
			return
		}
		at += found
		at += translateCall(data, at)
	}
}

// translateCall translates the call at data[i] and returns its length.
func translateCall(data []byte, i int) int {
	operand := data[i+1 : i+5]
	v := int32(binary.LittleEndian.Uint32(operand))
	binary.LittleEndian.PutUint32(operand, uint32(relativeTarget(v, int32(i))))
	return 5
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
