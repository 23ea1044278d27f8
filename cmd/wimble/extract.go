package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

func (a *app) extractCommand() *cobra.Command {
	var to string
	var workers uint
	cmd := &cobra.Command{
		Use:   "extract FILE IMAGE|all [PATH...] --to DIR",
		Short: "Write files out",
		Long: `Write an image, or the given files and directories of it, below DIR.

Files keep their place: Windows/notepad.exe is written to DIR/Windows/notepad.exe.
Elements of a PATH may have *, ? and [a-z], as in 'Windows/*.exe'. With "all" for
an IMAGE every image is written, to DIR/1, DIR/2 and so on.

On Windows named streams, security descriptors, short names, attributes and all
times are restored as well, as far as the file system and the user's rights allow:
owners and short names need an administrator.

Nothing is written outside of DIR. What the file system cannot be given, such as
security descriptors outside of Windows, is counted and left out.`,
		Args: cobra.MinimumNArgs(2),
		PreRunE: func(*cobra.Command, []string) error {
			if to == "" {
				return errors.New("--to: no directory is named")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			extract, closeAll, err := a.openExtract(args[0], args[1])
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
			bar := a.newProgress("extracting")
			report, err := extract(ctx, to,
				wim.WithWorkers(int(workers)), wim.WithProgress(bar.update), wim.WithPaths(paths...))
			bar.finish()
			if report == nil {
				return err
			}
			for _, p := range report.Problems {
				fmt.Fprintln(a.stderr, "wimble:", printable(p.Err.Error()))
			}
			if err == nil || report.Files+report.Directories+report.Links > 0 {
				fmt.Fprintf(a.stderr, "%s files, %s directories, %s links, %s bytes\n",
					thousands(report.Files), thousands(report.Directories), thousands(report.Links), thousands(report.Bytes))
			}
			for _, n := range report.NotRestored {
				fmt.Fprintf(a.stderr, "not restored: %s (%d)\n", n.What, n.Count)
			}
			if len(report.Problems) > 0 && errors.Is(err, report.Problems[0].Err) {
				return fmt.Errorf("%d entries were not extracted", len(report.Problems)+report.MoreProblems)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the `DIR`ectory to write to; it is made if need be")
	cmd.Flags().UintVar(&workers, "workers", 0, "how many `N` goroutines decode; 0 for one a processor")
	cmd.MarkFlagRequired("to")
	return cmd
}

// openExtract returns what extracts an image, or all images.
func (a *app) openExtract(name, image string) (func(context.Context, string, ...wim.BulkOption) (*wim.ExtractReport, error), func(), error) {
	if image == "all" {
		r, closeAll, err := a.open(name)
		if err != nil {
			return nil, nil, err
		}
		if _, err := r.Image(image); err != nil { // no image has that name
			return r.Extract, closeAll, nil
		}
		closeAll()
	}
	which, _, closeAll, err := a.openImage(name, image)
	if err != nil {
		return nil, nil, err
	}
	return which.Extract, closeAll, nil
}
