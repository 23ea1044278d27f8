package media_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/wimble-go/wimble/media"
)

func ExampleOpen() {
	file, err := media.Open(context.Background(), "../testdata/install.wim") // or a folder
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	for _, image := range file.Images {
		fmt.Println(image.Index, image.Info.Name)
	}
	// Output:
	// 1 Windows 10 Pro
	// 2 Windows 10 Home
	// 3 Windows 10 Enterprise
}

// A file in an ISO file on a web server. The server of this example has one of
// a few hundred kilobytes.
func ExampleOpen_web() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(exampleISO()))
	}))
	defer server.Close()

	file, err := media.Open(context.Background(), server.URL+"/win11.iso:sources/boot.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	for _, image := range file.Images {
		fmt.Println(image.Index, image.Info.Name)
	}
	// Output:
	// 1 Microsoft Windows PE (amd64)
	// 2 Microsoft Windows Setup (amd64)
}

func ExampleList() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "win11.iso"), exampleISO(), 0o600); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty.wim"), nil, 0o600); err != nil {
		log.Fatal(err)
	}
	for p := range media.List(context.Background(), dir) {
		name, _ := filepath.Rel(dir, p.Path)
		fmt.Println(filepath.ToSlash(name), p.Kind, p.Size, p.Err != nil)
	}
	// Output:
	// empty.wim  0 true
	// win11.iso:sources/boot.wim wim 25406 false
	// win11.iso:sources/install.swm swm 30309 false
}

// exampleISO unpacks an ISO file.
func exampleISO() []byte {
	file, err := os.Open("testdata/media.iso.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		log.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func ExampleRecognize() {
	kind, known := media.Recognize([]byte("<!DOCTYPE html><title>404 Not Found</title>"), nil)
	fmt.Println(known, kind.Name)
	// Output: true a web page
}
