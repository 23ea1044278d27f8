package lzx_test

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/wimble-go/wimble/lzx"
)

// The chunk is vector B.2 of the WIM format sheet.
func ExampleDecoder_Decode() {
	chunk, _ := hex.DecodeString("0e2000620000000004324300693fdf43c9719a8d888220083788f5f700c0000000000006" +
		"4260f711cfe29fcd627e00000000000034000f415d2ddf67f37d7d71d52eb3e8ac5956c6" +
		"5b9f83a9e8c17ef81c1a201ecc19411e0000")

	decoder, err := lzx.NewDecoder(32 << 10) // a WIM's chunk size
	if err != nil {
		fmt.Println(err)
		return
	}
	output := make([]byte, 230) // a chunk does not tell its size: the container does
	if err := decoder.Decode(output, chunk); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s...\n%s", output[:38], output[210:])
	// Output:
	// row 0 of the table
	// row 1 of the table
	// ...
	// row 11 of the table
}

func ExampleEncoder_Encode() {
	encoder, err := lzx.NewEncoder(lzx.MinWindow, lzx.DefaultLevel)
	if err != nil {
		fmt.Println(err)
		return
	}
	chunk := bytes.Repeat([]byte("a row of a table\n"), 100)
	stored := make([]byte, len(chunk))
	if n := encoder.Encode(stored, chunk); n > 0 {
		stored = stored[:n]
	} else {
		stored = chunk // it does not get smaller
	}
	fmt.Println(len(chunk), "bytes became less than a tenth:", len(stored) < len(chunk)/10)
	// Output: 1700 bytes became less than a tenth: true
}
