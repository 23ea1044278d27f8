package saferio_test

import (
	"fmt"
	"strings"

	"github.com/wimble-go/wimble/internal/saferio"
)

func Example() {
	source := strings.NewReader("a short file")
	data, err := saferio.ReadData(source, 5, 2)
	fmt.Printf("%s, %v\n", data, err)
	_, err = saferio.ReadData(source, 1<<40, 2) // a file that claims to have a terabyte
	fmt.Println(err)
	// Output:
	// short, <nil>
	// reading 8388608 bytes at offset 2: unexpected EOF
}
