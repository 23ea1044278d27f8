package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) tarCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "tar FILE [IMAGE] [PATH...] [-o OUT.tar|OUT.tar.zst]",
		Short: "Stream an image as a tar",
		Long: `Write an image, or the given files and directories of it, as a tar.

Without -o, or with "-o -", the tar goes to standard output. An OUT that ends in
.tar.zst is compressed. OUT gets its name when the tar is whole.

GNU tar and bsdtar unpack to the files that "wimble extract" writes: names,
contents, modes, times to 100 ns (bsdtar makes fractional ones before 1970 a second
later), hard links and links. Targets of links that
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
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			return checkTarName(out)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := cmd.Context(), func() {}
			if isFile(out) { // there will be something to tidy up
				ctx, stop = interruptible(ctx)
			}
			defer stop()
			s, err := a.open(ctx, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			image, _, paths, err := s.imageTree(args[1:])
			if err != nil {
				return err
			}
			return a.tarTo(out, func(w io.Writer) error {
				return a.writeTar(ctx, image, w, a.withWorkers(), wim.WithPaths(imagePaths(paths)...))
			})
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the tar to write, `OUT`.tar or OUT.tar.zst")
	a.workersFlag(cmd)
	return cmd
}

// writeTar writes the tar and says what was done.
func (a *app) writeTar(ctx context.Context, image *wim.Image, w io.Writer, opts ...wim.ExtractOption) error {
	bar := a.newProgress("writing")
	report, err := image.WriteTar(ctx, w, append(opts, wim.WithProgress(bar.update))...)
	bar.finish()
	if report == nil {
		return err
	}
	for _, p := range report.Escaped {
		a.say("wimble: written under another name: %v", p.Err)
	}
	incomplete := a.sayOutcome(outcome{
		files: report.Files, directories: report.Directories, links: report.Links, bytes: report.Bytes,
		leftOut: report.LeftOut, leftOutWords: "left out",
		problems: report.Problems, more: report.MoreProblems,
	}, err)
	if incomplete {
		return incompleteTar{fmt.Errorf("%s entries or streams were left out", describe.Thousands(countAffected(report.Problems, report.MoreProblems)))}
	}
	return err
}

// incompleteTar is the error of a tar that is whole, but lacks entries.
type incompleteTar struct{ error }
