package wim_test

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/wimble-go/wimble/wim"
)

// A tar, as a build of a container makes it, becomes a WIM file without a copy
// on a disk in between.
func ExampleWriter_CaptureTar() {
	source, packer := io.Pipe()
	go func() {
		pack := tar.NewWriter(packer)
		for _, name := range []string{"readme.txt", "docs/licence.txt"} {
			pack.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o644})
			io.WriteString(pack, name)
		}
		packer.CloseWithError(pack.Close())
	}()
	w, err := wim.NewWriter()
	if err != nil {
		log.Fatal(err)
	}
	image, err := w.CaptureTar(source)
	if err != nil {
		log.Fatal(err)
	}
	image.Set("NAME", "packed")
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "packed.wim")
	if _, err := w.WriteFile(context.Background(), name); err != nil {
		log.Fatal(err)
	}

	r, err := wim.OpenReader(name)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	fmt.Println(r.Images[0].Info.Name, r.Images[0].Info.FileCount)
	// Output: packed 2
}

// A folder becomes an image with all that the system knows of its files.
func ExampleOpenDir() {
	folder, err := wim.OpenDir("../internal/regf/testdata", wim.WithUnixData())
	if err != nil {
		log.Fatal(err)
	}
	defer folder.Close()
	info, err := folder.Stat("software.hive")
	if err != nil {
		log.Fatal(err)
	}
	e := info.Sys().(*wim.Entry)
	fmt.Println(e.Name, e.Streams[0].Size == info.Size(), e.LastWriteTime.Time().Equal(info.ModTime().Truncate(100)))
	// Output: software.hive true true
}
