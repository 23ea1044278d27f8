package wim

import (
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// The kinds of failure. Every error of this package wraps one of these, one of
// package io/fs, [io.ErrUnexpectedEOF] for a file that is shorter than it says,
// or the error of what the package was given or works on: a source or a
// destination, a context, a callback, the operating system. It says which
// structure, index or offset it is about.
var (
	// ErrFormat: the bytes are not a WIM file, or one of its structures breaks
	// the rules of the format.
	ErrFormat = wimfile.ErrFormat

	// ErrUnsupported: the file is valid as far as can be seen, but of a kind
	// that this package does not read.
	ErrUnsupported = errors.New("wim: unsupported")

	// ErrChecksum: content was decoded, but its SHA-1 is not the one that the
	// blob table names.
	ErrChecksum = errors.New("wim: SHA-1 mismatch")

	// ErrEncrypted: the file is an encrypted ESD. It has to be decrypted by
	// other means before anything can read it.
	ErrEncrypted = errors.New("wim: encrypted ESD")

	// ErrMissingPart: the data is in a part of a split set that was not given.
	// See [Reader.AddPart].
	ErrMissingPart = errors.New("wim: part of the split set is missing")

	// ErrMissingBlob: no file that was given holds the content. A delta WIM
	// needs the WIM that it was made against; see [Reader.Reference].
	ErrMissingBlob = errors.New("wim: content is not in this WIM")

	// ErrOption: what the caller asks for makes no sense.
	ErrOption = errors.New("wim: wrong option")

	// ErrNameTaken: another image of the file has the name already.
	ErrNameTaken = errors.New("wim: the name is taken")

	// ErrChanged: a file is not what it was when the operation began, or when
	// it was opened; see [ReadCloser.Changed].
	ErrChanged = errors.New("wim: changed while it was read")

	// ErrReadOnly: the file may not be changed: it says so, or another program
	// is busy with it.
	ErrReadOnly = errors.New("wim: the file may not be changed")

	// ErrNoSpace: the file system has no room for what is to be written.
	ErrNoSpace = errors.New("wim: not enough room")

	// ErrLimit: reading would exceed one of the [Limits].
	ErrLimit = wimfile.ErrLimit
)

// formatErrorf returns an error of kind ErrFormat, and says so once.
func formatErrorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if errors.Is(err, ErrFormat) {
		return err
	}
	return fmt.Errorf("%w: %w", err, ErrFormat)
}

// kindError is an error of a kind that its text has no need to name.
type kindError struct {
	text string
	kind error
}

func (e *kindError) Error() string { return e.text }
func (e *kindError) Unwrap() error { return e.kind }

// maxWarnings bounds the warnings that are kept: a hostile table could cause
// one for each of its entries.
const maxWarnings = 100

// warnings collects what was odd but could be read around.
type warnings struct {
	list    []error
	dropped int
}

func (w *warnings) add(err error) {
	if len(w.list) < maxWarnings {
		w.list = append(w.list, err)
	} else {
		w.dropped++
	}
}

// all returns the warnings, with one more that counts those not kept.
func (w *warnings) all() []error {
	if w.dropped == 0 {
		return w.list
	}
	return append(w.list[:len(w.list):len(w.list)], &kindError{fmt.Sprintf("%d more warnings", w.dropped), ErrFormat})
}
