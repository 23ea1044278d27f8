package fileid

import (
	"io/fs"
	"syscall"
)

// changeTime is st_ctim, in nanoseconds.
func changeTime(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ctim.Nano()
	}
	return 0
}
