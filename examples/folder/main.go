// Command folder makes a WIM file of a folder, with hard links, times to 100 ns
// and, on Windows, security descriptors and named streams.
//
//	go run ./examples/folder winver tables.wim
package main

import (
	"context"
	"log"
	"os"

	"github.com/wimble-go/wimble/wim"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: folder DIR FILE")
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func pack(dir, name string) error {
	ctx := context.Background()
	folder, err := wim.OpenDir(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	w, err := wim.NewWriter()
	if err != nil {
		return err
	}
	image, err := w.Capture(ctx, folder)
	if err != nil {
		return err
	}
	if err := image.Set("NAME", dir); err != nil {
		return err
	}
	_, err = w.WriteFile(ctx, name)
	return err
}
