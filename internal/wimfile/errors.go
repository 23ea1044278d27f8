package wimfile

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat is wrapped by the errors of bytes that are no such structure.
	ErrFormat = errors.New("wim: invalid data")
	// ErrLimit is wrapped by the errors of an XML document that is too large.
	ErrLimit = errors.New("wim: limit exceeded")
)

func formatErrorf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrFormat)...)
}
