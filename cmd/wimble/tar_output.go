package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/term"
)

// isZstd says whether the name asks for compression.
func isZstd(out string) bool { return strings.HasSuffix(out, ".zst") }

// checkTarName refuses what is no name of a tar, above all that of a WIM file
// that would be replaced.
func checkTarName(out string) error {
	if out == "" || out == "-" || strings.HasSuffix(out, ".tar") || strings.HasSuffix(out, ".tar.zst") || isDevice(out) {
		return nil
	}
	return fmt.Errorf("-o %s: the name has to end in .tar or .tar.zst", out)
}

// isDevice says whether something is there that is not a file to replace: a
// device or a pipe.
func isDevice(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// isFile says whether out names a file, which is there or not.
func isFile(out string) bool { return out != "" && out != "-" && !isDevice(out) }

// tarTo calls write with what it shall write to.
func (a *app) tarTo(out string, write func(io.Writer) error) error {
	switch {
	case isFile(out):
		return replaceFile(out, func(file io.Writer) error { return writeCompressed(file, isZstd(out), write) })
	case isDevice(out):
		file, err := os.OpenFile(out, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		err = writeCompressed(file, isZstd(out), write)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		return err
	}
	if file, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return errors.New("a tar is not written to a terminal; name a file with -o, or pipe it into a program")
	}
	return write(a.stdout)
}

// replaceFile makes a file, or a new one in place of one, with what write writes. It
// gets its name when it is whole.
func replaceFile(name string, write func(io.Writer) error) error {
	old, err := os.Lstat(name)
	if err == nil {
		if name, err = filepath.EvalSymlinks(name); err == nil {
			old, err = os.Stat(name)
		}
		if err == nil && old.IsDir() {
			err = &fs.PathError{Op: "replace", Path: name, Err: syscall.EISDIR}
		}
		if err != nil {
			return err
		}
	}
	temp := filepath.Join(filepath.Dir(name), ".wimble-"+rand.Text()+".tmp")
	named := func(err error) error { // without the temporary name
		var pathError *fs.PathError
		if errors.As(err, &pathError) && pathError.Path == temp {
			return &fs.PathError{Op: pathError.Op, Path: name, Err: pathError.Err}
		}
		return err
	}
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return named(err)
	}
	defer os.Remove(temp) // if it is still there
	if old != nil {
		file.Chmod(old.Mode().Perm()) // where files have modes
	}
	err = write(file)
	closeErr := file.Close()
	var left incompleteTar
	if err != nil && !errors.As(err, &left) {
		return named(err)
	}
	if closeErr != nil {
		return named(closeErr)
	}
	if renameErr := os.Rename(temp, name); renameErr != nil {
		return &fs.PathError{Op: "replace", Path: name, Err: errors.Unwrap(renameErr)}
	}
	return err
}

// writeCompressed calls write with the file, or with what compresses into it.
func writeCompressed(file io.Writer, compress bool, write func(io.Writer) error) error {
	if !compress {
		return write(file)
	}
	z, err := zstd.NewWriter(file)
	if err != nil {
		return err
	}
	err = write(z)
	if closeErr := z.Close(); err == nil {
		err = closeErr
	}
	return err
}
