//go:build darwin || freebsd

package fileid

import (
	"io/fs"
	"syscall"
)

// changeTime is st_ctimespec, in nanoseconds.
func changeTime(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ctimespec.Nano()
	}
	return 0
}
