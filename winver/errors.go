package winver

import "errors"

var (
	// ErrNotWindows is what Read returns, wrapped, for a tree that holds no
	// Windows.
	ErrNotWindows = errors.New("not a Windows image")

	// ErrFormat is wrapped by errors about a file that is not made as files of
	// its kind are: a hive, or an executable.
	ErrFormat = errors.New("malformed")
)
