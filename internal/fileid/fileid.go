// Package fileid tells a file of the system from one that takes its place with
// the same size and time of modification.
package fileid

import (
	"io/fs"
	"os"
)

// Known tells whether the system has an identity for the file: whether it is
// one that package os tells of. On Windows this asks for the identity, which
// package os does not do before it is needed.
func Known(info fs.FileInfo) bool { return os.SameFile(info, info) }

// Touched tells whether something was done to a file between two looks at it,
// though size and time of modification may be the same: it was written to and
// the time put back, or else its rights or its names changed. It is false where
// the system does not tell.
func Touched(was, now fs.FileInfo) bool { return changeTime(was) != changeTime(now) }
