package safefile

import "errors"

// ErrLocked says that another program has locked a file.
var ErrLocked = errors.New("another program has locked the file")
