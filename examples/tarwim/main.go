// Command tarwim makes a WIM file of a tar on its standard input, such as a
// container's file system. Nothing is unpacked to the disk in between.
//
//	docker export CONTAINER | go run ./examples/tarwim container.wim
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/wimble-go/wimble/wim"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: tarwim FILE")
	}
	if err := pack(os.Stdin, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func pack(tar io.Reader, name string) error {
	w, err := wim.NewWriter(wim.WithCompression(wim.CompressionXPRESS))
	if err != nil {
		return err
	}
	image, err := w.CaptureTar(tar, wim.WithUnixData())
	if err != nil {
		return err
	}
	if err := image.Set("NAME", "container"); err != nil {
		return err
	}
	_, err = w.WriteFile(context.Background(), name)
	return err
}
