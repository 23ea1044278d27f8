//go:build !darwin && !freebsd && !linux && !windows

package wim

import (
	"io/fs"
	"os"
)

// entry returns nil: all that is known is what package os says.
func (d *Dir) entry(*openDirectory[string], string, fs.FileInfo) (*Entry, error) { return nil, nil }

func (d *Dir) open(dir *os.Root, name string) (*os.File, error) { return dir.Open(name) }
