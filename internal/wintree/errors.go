package wintree

import (
	"errors"
	"io/fs"

	"github.com/wimble-go/wimble/internal/regf"
)

// The kinds of errors are those of package winver, whose names they have.
var (
	ErrNotWindows = errors.New("winver: not a Windows image")
	ErrFormat     = errors.New("winver: malformed file")
	ErrLimit      = errors.New("winver: limit exceeded")
)

// kindError is an error of a kind that its text has no need to name.
type kindError struct {
	error
	kind error
}

func (e kindError) Unwrap() []error { return []error{e.error, e.kind} }

// OfKind gives an error one of the kinds above, or one of io/fs.
func OfKind(err, kind error) error { return kindError{err, kind} }

// HiveError gives errors of package regf the kinds of this package.
func HiveError(err error) error {
	switch {
	case errors.Is(err, regf.ErrNotFound):
		return OfKind(err, fs.ErrNotExist)
	case errors.Is(err, regf.ErrCorrupt):
		return OfKind(err, ErrFormat)
	case errors.Is(err, regf.ErrLimit):
		return OfKind(err, ErrLimit)
	}
	return err
}

// WithoutPath takes the path out of an error of a file, for reports that name
// their source themselves.
func WithoutPath(err error) error {
	if pathError, ok := err.(*fs.PathError); ok {
		return pathError.Err
	}
	return err
}
