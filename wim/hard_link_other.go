//go:build !darwin && !freebsd && !linux

package wim

import "path/filepath"

// hardLink is a linkFunc.
func hardLink(x *extractedTree, file, to int32) error {
	return x.directories.top.Link(filepath.Join(x.prefix, x.path(file)), filepath.Join(x.prefix, x.path(to)))
}
