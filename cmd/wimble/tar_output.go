package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/term"

	"github.com/wimble-go/wimble/internal/safefile"
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
		return replaceTar(out, write)
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

// replaceTar writes a tar to a file, which is replaced when the new one is whole:
// that is so, too, when it lacks entries.
func replaceTar(out string, write func(io.Writer) error) error {
	var left incompleteTar
	err := safefile.Replace(out, func(file *os.File) error {
		if err := writeCompressed(file, isZstd(out), write); !errors.As(err, &left) {
			return err
		}
		return nil
	})
	if err == nil && left.error != nil {
		err = left
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
