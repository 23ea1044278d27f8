package sddl_test

import (
	"fmt"

	"github.com/wimble-go/wimble/internal/sddl"
)

func ExampleFormat() {
	// Owner S-1-5-18, nothing else.
	descriptor := []byte("\x01\x00\x00\x80\x14\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00")
	text, err := sddl.Format(descriptor)
	fmt.Println(text, err)
	// Output: O:SY <nil>
}
