//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package safefile

import "os"

// Lock does nothing: this system has no locks that package syscall knows.
func Lock(*os.File) error { return nil }
