package wim_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wimble-go/wimble/wim"
)

// A solid file is split in parts of at most 42,000 bytes, and joined again.
func ExampleReader_Split() {
	r, err := wim.OpenReader("../testdata/solid-three.esd")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	first := filepath.Join(dir, "install.swm")
	report, err := r.Split(context.Background(), first, 42_000)
	if err != nil {
		log.Fatal(err)
	}

	set, err := wim.OpenReader(first) // finds install2.swm itself
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	joined, err := set.Join(context.Background(), filepath.Join(dir, "install.esd"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Parts, "parts of", report.Images, "images;", joined.Parts, "file")
	// Output: 2 parts of 3 images; 1 file
}
