//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package wim

import (
	"errors"
	"os"
)

// hardLink is a linkFunc. Links from one directory to another are not to be had
// here, other than by paths, all elements of which are looked at each time.
func hardLink(*os.Root, string, *os.Root, string) error { return errors.ErrUnsupported }
