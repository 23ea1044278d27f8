package xpress_test

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/wimble-go/wimble/xpress"
)

// The chunk is vector B.1 of the WIM format sheet. Its code gives all 512
// symbols codewords of nine bits.
func ExampleDecoder_Decode() {
	items, _ := hex.DecodeString("9830718ce0f97af2ff85018f1000e00000")
	chunk := append(bytes.Repeat([]byte{0x99}, 256), items...)

	decoder := xpress.NewDecoder()
	output := make([]byte, 400) // a chunk does not tell its size: the container does
	if err := decoder.Decode(output, chunk); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s...%s\n", output[:12], output[387:])
	// Output: abcabcabcabc...abcabcabxyz!?
}

func ExampleEncoder_Encode() {
	encoder, err := xpress.NewEncoder(32768, xpress.DefaultLevel)
	if err != nil {
		fmt.Println(err)
		return
	}
	src := bytes.Repeat([]byte("abc"), 2000)
	dst := make([]byte, len(src))
	n := encoder.Encode(dst, src)
	if n == 0 {
		fmt.Println("does not get smaller: store it as it is")
		return
	}

	output := make([]byte, len(src))
	if err := xpress.NewDecoder().Decode(output, dst[:n]); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n < 300, bytes.Equal(output, src))
	// Output: true true
}
