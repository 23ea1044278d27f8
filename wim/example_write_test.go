package wim_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/wimble-go/wimble/wim"
)

// One image of several becomes a file of its own, in another codec.
func ExampleWriter() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	w, err := wim.NewWriter(wim.WithCompression(wim.CompressionXPRESS), wim.WithIntegrityTable(true))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Export(r.Images[1]); err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "home.wim")
	if _, err := w.WriteFile(context.Background(), name); err != nil {
		log.Fatal(err)
	}

	home, err := wim.OpenReader(name)
	if err != nil {
		log.Fatal(err)
	}
	defer home.Close()
	fmt.Println(home.Header.Compression, len(home.Images), home.Images[0].Info.Name)
	// Output: XPRESS 1 Windows 10 Home
}

// A web server offers one image of several as a file, which is stored nowhere.
func ExampleWriter_Virtual() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	w, err := wim.NewWriter(wim.WithCompression(r.Header.Compression), wim.WithChunkSize(r.Header.ChunkSize))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Export(r.Images[1]); err != nil {
		log.Fatal(err)
	}
	file, err := w.Virtual(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/home.wim", func(response http.ResponseWriter, request *http.Request) {
		http.ServeContent(response, request, "home.wim", time.Time{}, io.NewSectionReader(file, 0, file.Size()))
	})

	home, err := wim.NewReader(file, file.Size())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(home.Images), home.Images[0].Info.Name)
	// Output: 1 Windows 10 Home
}

// A folder becomes an image. What is in it twice is stored once.
func ExampleWriter_Capture() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := wim.NewWriter()
	if err != nil {
		log.Fatal(err)
	}
	list := wim.DefaultExclusions()
	if err := list.Exclude("*.tmp"); err != nil {
		log.Fatal(err)
	}
	folder := fstest.MapFS{ // or os.DirFS("C:/Tools")
		"readme.txt":      {Data: []byte("hello")},
		"copy/readme.txt": {Data: []byte("hello")},
		"draft.tmp":       {Data: []byte("not yet")},
	}
	image, err := w.Capture(context.Background(), folder, wim.WithExclusions(list))
	if err != nil {
		log.Fatal(err)
	}
	if err := image.Set("NAME", "Tools"); err != nil {
		log.Fatal(err)
	}
	report, err := w.WriteFile(context.Background(), filepath.Join(dir, "tools.wim"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Images, report.Blobs, report.Excluded)
	// Output: 1 1 1
}

// Windows PE runs something else when it has started. Nothing but the new file
// and the tree of the image is written.
func ExampleEdit() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "install.wim")
	data, err := os.ReadFile("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		log.Fatal(err)
	}

	u, err := wim.OpenUpdate(name)
	if err != nil {
		log.Fatal(err)
	}
	defer u.Close()
	edit, err := u.Images()[0].Edit()
	if err != nil {
		log.Fatal(err)
	}
	if err := edit.WriteFile("Windows/System32/startnet.cmd", []byte("wpeinit\r\n")); err != nil {
		log.Fatal(err)
	}
	// A folder of the system, or any other file system, is laid over a
	// directory.
	if err := edit.Add(context.Background(), os.DirFS("../examples/startnet"), ".", "sources"); err != nil {
		log.Fatal(err)
	}
	if _, err := u.Commit(context.Background()); err != nil {
		log.Fatal(err)
	}

	r, err := wim.OpenReader(name)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	script, err := tree.ReadFile(`windows/system32/STARTNET.CMD`)
	if err != nil {
		log.Fatal(err)
	}
	added, err := tree.Glob("sources/*")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %q\n", script, added)
	// Output: "wpeinit\r\n" ["sources/main.go"]
}

// A file loses an image, and another one gets a new name. Nothing else of the
// file is written again.
func ExampleUpdate() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "install.wim")
	data, err := os.ReadFile("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		log.Fatal(err)
	}

	u, err := wim.OpenUpdate(name)
	if err != nil {
		log.Fatal(err)
	}
	defer u.Close()
	u.Delete(u.Images()[1])
	if err := u.Images()[0].Set("NAME", "Reception desks"); err != nil {
		log.Fatal(err)
	}
	if _, err := u.Commit(context.Background()); err != nil {
		log.Fatal(err)
	}

	r, err := wim.OpenReader(name)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, image := range r.Images {
		fmt.Println(image.Index, image.Info.Name)
	}
	// Output:
	// 1 Reception desks
	// 2 Windows 10 Enterprise
}
