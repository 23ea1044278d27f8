package winver

import (
	"errors"
	"io/fs"

	"github.com/wimble-go/wimble/internal/regf"
)

var (
	// ErrNotWindows is what Read returns, wrapped, for a tree that holds no
	// Windows.
	ErrNotWindows = errors.New("winver: not a Windows image")

	// ErrFormat is wrapped by errors about a file that is not made as files of
	// its kind are: a hive, an executable, or a table of updates.
	ErrFormat = errors.New("winver: malformed file")

	// ErrLimit is wrapped by errors about a tree or a hive that takes more work
	// than those of any Windows do.
	ErrLimit = errors.New("winver: limit exceeded")
)

// kindError is an error of a kind that its text has no need to name.
type kindError struct {
	error
	kind error
}

func (e kindError) Unwrap() []error { return []error{e.error, e.kind} }

// ofKind gives an error one of the kinds above, or one of io/fs.
func ofKind(err, kind error) error { return kindError{err, kind} }

// hiveError gives errors of package regf, which is internal, the kinds of this
// package.
func hiveError(err error) error {
	switch {
	case errors.Is(err, regf.ErrNotFound):
		return ofKind(err, fs.ErrNotExist)
	case errors.Is(err, regf.ErrCorrupt):
		return ofKind(err, ErrFormat)
	case errors.Is(err, regf.ErrLimit):
		return ofKind(err, ErrLimit)
	}
	return err
}

// withoutPath takes the path out of an error of a file. Evidence and notes name
// their source themselves.
func withoutPath(err error) error {
	if pathError, ok := err.(*fs.PathError); ok {
		return pathError.Err
	}
	return err
}
