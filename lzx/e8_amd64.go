//go:build !noasm && !purego

package lzx

func (v variant) translateCalls(data []byte, found *opcodes) {
	if v == variantAssembly {
		translateCalls(data, found, findOpcodesAVX2)
	} else {
		translateCalls(data, found, findOpcodes)
	}
}

// findOpcodesAVX2 is findOpcodes with vectors.
func findOpcodesAVX2(found *opcodes, block []byte) int {
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
