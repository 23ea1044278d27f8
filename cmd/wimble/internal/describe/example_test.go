package describe_test

import (
	"fmt"
	"log"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

func Example() {
	r, err := wim.OpenReader("../../../../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, row := range describe.FileRows("install.wim", r.Reader, 0)[:3] {
		fmt.Println(row.Name+":", row.Value)
	}
	fmt.Println(describe.Printable("a name that\x1b[2J clears the screen"))
	// Output:
	// File: install.wim
	// Size: 36,429 bytes
	// Kind: WIM 1.13, LZX in chunks of 32 KiB, integrity table, link targets relative to the image
	// a name that\u001B[2J clears the screen
}
