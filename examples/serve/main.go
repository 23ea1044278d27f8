// Command serve shows an image of a WIM file in the browser. Files are read as
// they are asked for; range requests work, since files are io.Seekers.
//
//	go run ./examples/serve testdata/install.wim 1
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/wimble-go/wimble/wim"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: serve FILE IMAGE")
	}
	r, err := wim.OpenReader(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	image, err := r.Image(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	tree, err := image.FS()
	if err != nil {
		log.Fatal(err)
	}
	log.Println("http://localhost:8080/ shows", image.Info.Name)
	log.Fatal(http.ListenAndServe("localhost:8080", http.FileServerFS(tree)))
}
