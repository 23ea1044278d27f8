//go:build unix

package safefile

import (
	"errors"
	"os"
	"syscall"
)

// syncDirectory makes the names in a directory last, where the file system
// offers that.
func syncDirectory(name string) error {
	dir, err := os.Open(name)
	if errors.Is(err, os.ErrPermission) { // it may be written and not read
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
