package codectest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// WorstChunks returns contents that make the searches of encoders long, by
// name: many places agree with a position in all bytes that are looked at
// first.
func WorstChunks(size int) map[string][]byte {
	all := map[string][]byte{"zeros": make([]byte, size)}
	for _, period := range []int{2, 3, 17, 64, 150, 255} {
		random := rand.New(rand.NewPCG(13, uint64(period)))
		block := make([]byte, period)
		for i := range block {
			block[i] = byte(random.Uint32())
		}
		src := bytes.Repeat(block, size/period+1)[:size]
		all[fmt.Sprintf("period %d", period)] = src
		broken := bytes.Clone(src)
		for i := period; i < size; i += period + random.IntN(period) + 1 {
			broken[i] ^= 1
		}
		all[fmt.Sprintf("period %d, broken", period)] = broken
	}
	words := make([]byte, size)
	random := rand.New(rand.NewPCG(15, 16))
	for i := 0; i+4 <= size; i += 4 {
		binary.LittleEndian.PutUint32(words[i:], 0x01010101*uint32(random.IntN(2))+uint32(random.IntN(3)))
	}
	all["few words"] = words
	bitsOnly := make([]byte, size)
	for i := range bitsOnly {
		bitsOnly[i] = byte(random.IntN(2))
	}
	all["two symbols"] = bitsOnly
	return all
}
