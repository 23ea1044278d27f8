//go:build darwin || freebsd || linux

package wim

import (
	"io/fs"
	"syscall"
)

// fileID tells the files of a directory from each other.
type fileID struct{ inode uint64 }

func idOf(info fs.FileInfo) fileID {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{stat.Ino}
	}
	return fileID{}
}
