//go:build !darwin && !freebsd && !linux

package wim

import (
	"io/fs"
	"time"
)

// fileID tells the files of a directory from each other, and a file from the
// one that replaces it: package os does not tell more.
type fileID struct {
	size     int64
	modified time.Time
}

func idOf(info fs.FileInfo) fileID { return fileID{info.Size(), info.ModTime()} }
