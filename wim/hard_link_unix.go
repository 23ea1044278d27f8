//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wim

import (
	"os"

	"golang.org/x/sys/unix"
)

// hardLink is a linkFunc. Package os offers links below one directory only, and
// then looks at all elements of both paths.
func hardLink(from *os.Root, old string, to *os.Root, name string) error {
	fromDir, err := from.Open(".")
	if err != nil {
		return err
	}
	defer fromDir.Close()
	toDir, err := to.Open(".")
	if err != nil {
		return err
	}
	defer toDir.Close()
	return unix.Linkat(int(fromDir.Fd()), old, int(toDir.Fd()), name, 0)
}
