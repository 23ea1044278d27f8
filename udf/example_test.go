package udf_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"

	"github.com/wimble-go/wimble/udf"
)

func Example() {
	// An ISO file would be opened with os.Open; this small one is compressed.
	compressed, err := os.Open("testdata/genisoimage.iso.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer compressed.Close()
	unzipped, err := gzip.NewReader(compressed)
	if err != nil {
		log.Fatal(err)
	}
	iso, err := io.ReadAll(unzipped)
	if err != nil {
		log.Fatal(err)
	}

	r, err := udf.NewReader(bytes.NewReader(iso), int64(len(iso)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Label)
	entries, err := fs.ReadDir(r, ".")
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		fmt.Println(entry)
	}
	channel, err := fs.ReadFile(r, "sources/ei.cfg")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", channel)
	// Output:
	// SMALL
	// - README.TXT
	// - naïve.txt
	// d sources/
	// - 日本語.txt
	// "[Channel]\r\nRetail\r\n"
}
