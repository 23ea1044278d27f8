//go:build linux || freebsd

package wim

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// linkTimes says whether setLinkTime does anything.
const linkTimes = true

// setLinkTime sets the time of last modification of a symbolic link itself,
// which package os does not offer.
func setLinkTime(dir *os.Root, name string, modified time.Time) error {
	if modified.IsZero() {
		return nil
	}
	at, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer at.Close()
	when, err := unix.TimeToTimespec(modified)
	if err != nil {
		return nil // a time that the system cannot hold
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, when}
	if err := unix.UtimesNanoAt(int(at.Fd()), name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "set the time of", Path: name, Err: err}
	}
	return nil
}
