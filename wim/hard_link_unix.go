//go:build darwin || freebsd || linux

package wim

import (
	"os"

	"golang.org/x/sys/unix"
)

// hardLink is a linkFunc. Package os offers links below one directory only, and
// then looks at all elements of both paths.
func hardLink(x *extractedTree, file, to int32) error {
	return x.inAnchor(file, func(from *os.Root, old string) error {
		return x.in(to, func(dir *os.Root, name string) error { return linkAcross(from, old, dir, name) })
	})
}

func linkAcross(from *os.Root, old string, to *os.Root, name string) error {
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
