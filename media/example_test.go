package media_test

import (
	"context"
	"fmt"
	"log"

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

func ExampleRecognize() {
	kind, known := media.Recognize([]byte("<!DOCTYPE html><title>404 Not Found</title>"), nil)
	fmt.Println(known, kind.Name)
	// Output: true a web page
}
