package udf

import (
	"errors"
	"fmt"
)

// The kinds of failure. Every error of this package wraps one of these, the
// error of the underlying [io.ReaderAt], or one of package io/fs.
var (
	// ErrFormat: the bytes are no UDF volume, or a structure in it breaks the
	// rules of the format.
	ErrFormat = errors.New("udf: invalid volume")

	// ErrISO9660: the volume has an ISO 9660 file system, and no UDF.
	ErrISO9660 = errors.New("udf: ISO 9660 without UDF; copy the files out of it with another program")

	// ErrUnsupported: the volume is valid as far as can be seen, but of a kind
	// that this package does not read.
	ErrUnsupported = errors.New("udf: unsupported")

	// ErrLimit: a directory or a file is made of more than this package takes.
	ErrLimit = errors.New("udf: limit exceeded")
)

func formatErrorf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrFormat)...)
}

func unsupportedf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrUnsupported)...)
}

func limitErrorf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrLimit)...)
}
