//go:build darwin || freebsd || linux

package safefile

import "golang.org/x/sys/unix"

// FreeSpace returns how many bytes the user can write to the file system that
// has a directory; known is false where the system does not tell.
func FreeSpace(dir string) (bytes int64, known bool) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil || stat.Blocks == 0 {
		return 0, false
	}
	return int64(stat.Bavail) * int64(stat.Bsize), true
}
