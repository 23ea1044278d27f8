package safefile

import "golang.org/x/sys/windows"

// FreeSpace returns how many bytes the user can write to the volume that has a
// directory; known is false where the system does not tell.
func FreeSpace(dir string) (bytes int64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(free, 1<<63-1)), true
}
