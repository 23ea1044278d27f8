//go:build !darwin && !freebsd && !linux

package wim

import (
	"errors"
	"os"
	"path/filepath"
)

// hardLink is a linkFunc.
func hardLink(x *extractedTree, file, to int32) error {
	return x.directories.top.Link(filepath.Join(x.prefix, x.path(file)), filepath.Join(x.prefix, x.path(to)))
}

// linkAcross is not to be had here.
func linkAcross(*os.Root, string, *os.Root, string) error { return errors.ErrUnsupported }
