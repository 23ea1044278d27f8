package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) extractCommand() *cobra.Command {
	var to string
	var unixData bool
	cmd := &cobra.Command{
		Use:   "extract FILE [IMAGE|all] [PATH...] --to DIR",
		Short: "Write files out",
		Long: `Write an image, or the given files and directories of it, below DIR.

Files keep their place: Windows/notepad.exe is written to DIR/Windows/notepad.exe.
Elements of a PATH may have *, ? and [a-z], as in 'Windows/*.exe'; C:\Windows is
Windows. With "all" for an IMAGE every image is written, to DIR/1, DIR/2 and so on.

On Windows named streams, security descriptors, short names, attributes and all
times are restored as well, as far as the file system and the user's rights allow:
owners and short names need an administrator.

Nothing is written outside of DIR. What the file system cannot be given, such as
security descriptors outside of Windows, is counted and left out.`,
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if to == "" {
				return errors.New("--to: no directory is named")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			s, err := a.open(ctx, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			extract, paths, err := s.extractor(args[1:])
			if err != nil {
				return err
			}
			bar := a.newProgress("extracting")
			opts := []wim.ExtractOption{a.withWorkers(), wim.WithProgress(bar.update), wim.WithPaths(imagePaths(paths)...)}
			if unixData {
				opts = append(opts, wim.WithUnixData())
			}
			report, err := extract(ctx, to, opts...)
			bar.finish()
			if report == nil {
				return err
			}
			incomplete := a.sayOutcome(outcome{
				files: report.Files, directories: report.Directories, links: report.Links, bytes: report.Bytes, stays: true,
				leftOut: report.NotRestored, leftOutWords: "not restored",
				problems: report.Problems, more: report.MoreProblems,
			}, err)
			if incomplete {
				return fmt.Errorf("%s entries were not extracted", describe.Thousands(countAffected(report.Problems, report.MoreProblems)))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the `DIR` to write to; it is made if need be")
	cmd.Flags().BoolVar(&unixData, "unix-data", false, "restore Unix modes as they are stored, whatever the umask is; owners are not restored")
	a.workersFlag(cmd)
	cmd.MarkFlagRequired("to")
	return cmd
}

// extractor returns what extracts the image that args begin with, or all
// images, and the args that are left.
func (s *session) extractor(args []string) (func(context.Context, string, ...wim.ExtractOption) (*wim.ExtractReport, error), []string, error) {
	if len(args) > 0 && s.allImages(args[0]) {
		return s.Reader.Extract, args[1:], nil
	}
	image, _, paths, err := s.imageTree(args)
	if err != nil {
		return nil, nil, err
	}
	return image.Extract, paths, nil
}
