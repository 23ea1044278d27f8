package safefile

import "errors"

// ErrLocked says that another program has locked a file.
var ErrLocked = errors.New("another program has locked the file")

// ErrReplaced says that a file is not the one that it was.
var ErrReplaced = errors.New("another program has just changed or replaced the file")
