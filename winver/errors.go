package winver

import "github.com/wimble-go/wimble/internal/wintree"

var (
	// ErrNotWindows is what Read returns, wrapped, for a tree that holds no
	// Windows.
	ErrNotWindows = wintree.ErrNotWindows

	// ErrFormat is wrapped by errors about a file that is not made as files of
	// its kind are: a hive, an executable, or a table of updates.
	ErrFormat = wintree.ErrFormat

	// ErrLimit is wrapped by errors about a tree or a hive that takes more work
	// than those of any Windows do.
	ErrLimit = wintree.ErrLimit
)
