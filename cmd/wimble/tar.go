package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/wimble-go/wimble/wim"
)

func (a *app) tarCommand() *cobra.Command {
	var out string
	var workers int
	cmd := &cobra.Command{
		Use:   "tar FILE IMAGE [PATH...] [-o OUT.tar|OUT.tar.zst]",
		Short: "Stream an image as a tar",
		Long: `Write an image, or the given files and directories of it, as a tar.

Without -o, or with "-o -", the tar goes to standard output. An OUT that ends in
.tar.zst is compressed. OUT gets its name when the tar is whole.

GNU tar and bsdtar unpack to the files that "wimble extract" writes: names,
contents, modes, times to 100 ns, hard links and links. Targets of links that
extract roots in its directory are relative. What else an image has is in PAX
records, binary values in base64:

  LIBARCHIVE.creationtime  time of creation
  MSWINDOWS.fileattr       attributes, decimal
  MSWINDOWS.rawsd          security descriptor, self-relative
  MSWINDOWS.mountpoint     "1" for a junction
  MSWINDOWS.xattr.NAME     extended attribute
  WIMBLE.shortname         8.3 name
  WIMBLE.reparse           reparse point, a REPARSE_DATA_BUFFER
  WIMBLE.objectid          object id
  WIMBLE.stream.NAME       named stream of at most 64 KiB; larger ones are counted and left out

GNU tar warns of each record that it does not know; --warning=no-unknown-keyword
keeps it quiet. Directories come twice, so that they get their times.

A file that is damaged ends the tar with an error.`,
		Args: cobra.MinimumNArgs(2),
		PreRunE: func(*cobra.Command, []string) error {
			return checkTarName(out)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			image, _, closeAll, err := a.openImage(args[0], args[1])
			if err != nil {
				return err
			}
			defer closeAll()
			paths := args[2:]
			for i := range paths {
				paths[i] = imagePath(paths[i])
			}
			ctx, stop := interruptible()
			defer stop()
			return a.tarTo(out, func(w io.Writer) error {
				return a.writeTar(ctx, image, w, wim.WithWorkers(workers), wim.WithPaths(paths...))
			})
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the tar to write, `OUT`.tar or OUT.tar.zst")
	cmd.Flags().IntVar(&workers, "workers", 0, "how many `N` goroutines decode; 0 for one a processor")
	return cmd
}

// writeTar writes the tar and says what was done.
func (a *app) writeTar(ctx context.Context, image *wim.Image, w io.Writer, opts ...wim.BulkOption) error {
	bar := a.newProgress("writing")
	report, err := image.WriteTar(ctx, w, append(opts, wim.WithProgress(bar.update))...)
	bar.finish()
	if report == nil {
		return err
	}
	for _, p := range report.Escaped {
		fmt.Fprintln(a.stderr, "wimble: written under another name:", printable(p.Err.Error()))
	}
	for _, p := range report.Problems {
		fmt.Fprintln(a.stderr, "wimble:", printable(p.Err.Error()))
	}
	incomplete := len(report.Problems) > 0 && errors.Is(err, report.Problems[0].Err)
	if err == nil || incomplete {
		fmt.Fprintf(a.stderr, "%s files, %s directories, %s links, %s bytes\n",
			thousands(report.Files), thousands(report.Directories), thousands(report.Links), thousands(report.Bytes))
		for _, n := range report.LeftOut {
			fmt.Fprintf(a.stderr, "left out: %s (%d)\n", n.What, n.Count)
		}
	}
	if incomplete {
		return incompleteTar{fmt.Errorf("%d entries or streams were left out", len(report.Problems)+report.MoreProblems)}
	}
	return err
}

// incompleteTar is the error of a tar that is whole, but lacks entries.
type incompleteTar struct{ error }

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

// tarTo calls write with what it shall write to. A file is given its name when
// it is whole.
func (a *app) tarTo(out string, write func(io.Writer) error) error {
	if out == "" || out == "-" {
		if file, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			return errors.New("a tar is not written to a terminal; name a file with -o, or pipe it into a program")
		}
		return write(a.stdout)
	}
	name := out
	flags := os.O_WRONLY
	if !isDevice(out) {
		name = out + "." + rand.Text() + ".tmp"
		flags |= os.O_CREATE | os.O_EXCL
	}
	file, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return err
	}
	var left incompleteTar
	err = writeCompressed(file, isZstd(out), write)
	if err != nil && !errors.As(err, &left) {
		file.Close()
		if name != out {
			os.Remove(name)
		}
		return err
	}
	if closeErr := file.Close(); closeErr != nil {
		err = closeErr
	} else if name != out {
		if renameErr := os.Rename(name, out); renameErr != nil {
			err = renameErr
		}
	}
	if name != out {
		os.Remove(name) // if it is still there
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
