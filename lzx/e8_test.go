package lzx

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// translateNaively is the loop of the WIM format sheet, section 5.8.
func translateNaively(out []byte) {
	for i := 0; i < len(out)-10; {
		if out[i] != 0xe8 {
			i++
			continue
		}
		v := int32(binary.LittleEndian.Uint32(out[i+1:]))
		if v >= 0 && v < 12000000 {
			binary.LittleEndian.PutUint32(out[i+1:], uint32(v-int32(i)))
		} else if v < 0 && v >= int32(-i) {
			binary.LittleEndian.PutUint32(out[i+1:], uint32(v+12000000))
		}
		i += 5
	}
}

func TestTranslateCalls(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		data := make([]byte, random.IntN(9000))
		for i := range data {
			// Mostly opcodes and bytes of small numbers of either sign.
			data[i] = []byte{0xe8, 0xe8, 0, 0, 0xff, 0x12, 0xb7, byte(i), 0x69}[random.IntN(2+round%8)]
		}
		want := bytes.Clone(data)
		translateNaively(want)
		for _, v := range variants {
			guarded := append(bytes.Clone(data), 0xe8, 0, 0, 0, 0)
			v.translateCalls(guarded[:len(data)])
			require.True(t, bytes.Equal(want, guarded[:len(data)]), "%s", v)
			require.Equal(t, []byte{0xe8, 0, 0, 0, 0}, guarded[len(data):])
		}
	}
}

func TestTranslateCallsRange(t *testing.T) {
	for _, test := range []struct{ at, operand, want int32 }{
		{0, 0, 0},
		{20, 0, -20},
		{20, 11999999, 11999979},
		{20, 12000000, 12000000},
		{20, -1, 11999999},
		{20, -20, 11999980},
		{20, -21, -21},
		{20, -1 << 31, -1 << 31},
		{20, 1<<31 - 1, 1<<31 - 1},
		{89, 100, 11},  // the last place where a call starts: 100 - 11
		{90, 100, 100}, // one of the last ten bytes
	} {
		data := make([]byte, 100)
		data[test.at] = 0xe8
		binary.LittleEndian.PutUint32(data[test.at+1:], uint32(test.operand))
		bestVariant().translateCalls(data)
		require.Equal(t, test.want, int32(binary.LittleEndian.Uint32(data[test.at+1:])), "%+v", test)
	}
	full := bytes.Repeat([]byte{0xe8}, 6300)
	for size := range len(full) { // every byte may be an opcode
		if size > 300 && size%97 != 0 {
			continue
		}
		want := bytes.Clone(full[:size])
		translateNaively(want)
		for _, v := range variants {
			data := bytes.Clone(full[:size])
			v.translateCalls(data)
			require.True(t, bytes.Equal(want, data), "%s", v)
		}
	}
	for size := range 11 { // no call fits
		data := bytes.Repeat([]byte{0xe8}, size)
		bestVariant().translateCalls(data)
		require.Equal(t, bytes.Repeat([]byte{0xe8}, size), data)
	}
}
