package safefile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Lock locks a file against others until it is closed. It does not wait: the
// error is ErrLocked if another has the lock.
func Lock(file *os.File) error {
	// A byte far beyond the end: a lock keeps others from reading what it
	// covers.
	at := &windows.Overlapped{Offset: 0xFFFFFFFE, OffsetHigh: 0x7FFFFFFF}
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}
