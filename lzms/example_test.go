package lzms_test

import (
	"encoding/hex"
	"fmt"
	"log"

	"github.com/wimble-go/wimble/lzms"
)

func Example() {
	src, _ := hex.DecodeString(
		"3e064ea4d6c8fa0f2ce1000010779fba4dd339254e7953da9435254d3953ca943196484e" +
			"a18c4d2cac0a65687420666f203020776f72")
	dst := make([]byte, 230) // the size is not in the chunk

	d := lzms.NewDecoder() // for any number of chunks
	if err := d.Decode(dst, src); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s...\n", dst[:60])
	// Output:
	// row 0 of the table
	// row 1 of the table
	// row 2 of the table
	// row...
}
