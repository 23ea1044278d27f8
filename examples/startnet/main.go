// Command startnet changes what Windows PE runs when it has started: it writes
// the commands on its standard input to startnet.cmd in the image of a boot.wim
// that boots.
//
//	echo wpeinit | go run ./examples/startnet boot.wim
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
		log.Fatal("usage: startnet FILE")
	}
	if err := change(os.Args[1], os.Stdin); err != nil {
		log.Fatal(err)
	}
}

func change(name string, commands io.Reader) error {
	script, err := io.ReadAll(commands)
	if err != nil {
		return err
	}
	u, err := wim.OpenUpdate(name)
	if err != nil {
		return err
	}
	defer u.Close()
	boots := max(u.Reader.BootIndex(), 1)
	edit, err := u.Images()[boots-1].Edit()
	if err != nil {
		return err
	}
	if err := edit.WriteFile("Windows/System32/startnet.cmd", script); err != nil {
		return err
	}
	_, err = u.Commit(context.Background())
	return err
}
