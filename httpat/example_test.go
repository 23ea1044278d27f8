package httpat_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wimble-go/wimble/httpat"
)

// One file of a zip archive of 10 MB on a web server is read with two requests.
func Example() {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, name := range []string{"large.bin", "hello.txt"} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name})
		if err != nil {
			log.Fatal(err)
		}
		data := []byte("hello, world\n")
		if name == "large.bin" {
			data = make([]byte, 10_000_000)
		}
		if _, err := f.Write(data); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.ServeContent(w, r, "files.zip", time.Time{}, bytes.NewReader(archive.Bytes()))
	}))
	defer server.Close()

	r, err := httpat.Open(context.Background(), server.URL+"/files.zip")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	files, err := zip.NewReader(r, r.Size())
	if err != nil {
		log.Fatal(err)
	}
	data, err := fs.ReadFile(files, "hello.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s%d requests for a file of %d bytes\n", data, requests, r.Size())
	// Output:
	// hello, world
	// 2 requests for a file of 10000255 bytes
}
