// Command ubr prints the Windows version of each image of a WIM file, down to
// the update build revision:
//
//	go run ./examples/ubr testdata/install.wim
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/wimble-go/wimble/wim"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: ubr FILE")
	}
	r, err := wim.OpenReader(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, image := range r.Images {
		if windows := image.Info.Windows; windows != nil {
			fmt.Printf("%d\t%s\t%v\tUBR %d\n", image.Index, image.Info.Name, windows.Version, windows.Version.UBR)
		} else {
			fmt.Printf("%d\t%s\tno Windows\n", image.Index, image.Info.Name)
		}
	}
}
