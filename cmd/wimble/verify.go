package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check every blob's SHA-1, the integrity table and the metadata",
		Long: `Check every blob's SHA-1, the integrity table and the metadata.

FILE may be a pattern. Each is checked, whatever is wrong with those before it; a
part of a set that was checked as a whole is not checked again. The exit status is
0 if nothing is wrong with any of them, and nothing is missing. Notes tell of what is
odd and costs no content: wrong reference counts, boot metadata that is not that of
the image that boots, and contents that no image uses.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var names []string
			for _, pattern := range args {
				files, err := expand(pattern)
				if err != nil {
					return fmt.Errorf("%s: %w", pattern, err)
				}
				names = append(names, files...)
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			v := &verification{app: a, several: len(names) > 1, sets: map[string]string{}}
			for _, name := range names {
				if err := v.verify(ctx, name); err != nil {
					return err
				}
			}
			if v.failed {
				return errSaid
			}
			return nil
		},
	}
	a.jsonFlag(cmd, "print one JSON object a line for each FILE")
	a.workersFlag(cmd)
	return cmd
}

// verification is what verify does with its files.
type verification struct {
	app     *app
	several bool
	failed  bool
	sets    map[string]string // sets that were checked as a whole: GUID and folder to the name of a part
}

// verify checks one file. What is wrong with the file is printed; the error is
// that of the output, or an interruption.
func (v *verification) verify(ctx context.Context, name string) error {
	a := v.app
	out := describe.NewVerification(media.DisplayName(name))
	err := v.check(ctx, name, &out)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var output outputError
	if errors.As(err, &output) {
		return output.error
	}
	if err != nil {
		v.failed = true
		a.sayError(err)
		out.Error = err.Error()
	}
	if !a.json {
		return nil
	}
	out.OK = err == nil
	return describe.NewJSON(a.stdout).Encode(out)
}

// outputError is an error of standard output.
type outputError struct{ error }

// check checks one file, prints what is wrong and fills in the object for
// programs. The error sums up what is wrong with the file.
func (v *verification) check(ctx context.Context, name string, out *describe.Verification) error {
	a := v.app
	s, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	defer s.Close()
	name = media.DisplayName(name)
	set := s.Header.GUID.String() + filepath.Dir(s.Name)
	if first := v.sets[set]; s.Header.TotalParts > 1 && first != "" {
		a.say("%s: checked with %s, of the same set", name, first)
		return nil
	}
	bar := a.newProgress("verifying")
	report, err := s.Verify(ctx, a.withWorkers(), wim.WithProgress(bar.update))
	bar.finish()
	if err != nil {
		return err
	}
	said := make(map[string]bool) // as a warning, when the file was opened
	for _, w := range s.Warnings() {
		said[w.Error()] = true
	}
	var unsaid []wim.Problem
	for _, p := range report.Problems {
		if !said[p.Err.Error()] || len(p.Affected) > 0 {
			unsaid = append(unsaid, p)
		}
	}
	a.sayProblems(unsaid, report.MoreProblems, a.sayProblem)
	out.Add(s.Reader, report)
	if !a.json {
		a.sayNotes(report.Notes, report.MoreNotes)
		prefix := ""
		if v.several {
			prefix = describe.Printable(name) + ": "
		}
		_, err = fmt.Fprintf(a.stdout, "%s%s blobs, %s bytes, %s; integrity table: %v; missing blobs: %d; problems: %d\n", prefix,
			describe.Thousands(report.Blobs), describe.Thousands(report.Bytes), describe.Count(len(s.Images), "image"), report.Integrity, report.MissingBlobs, len(report.Problems)+report.MoreProblems)
		if err != nil {
			return outputError{err}
		}
	}
	if missing := s.MissingParts(); len(missing) > 0 {
		return fmt.Errorf("%s: not verified as a whole: parts %s of %d are missing",
			s.Name, strings.Trim(fmt.Sprint(missing), "[]"), s.Header.TotalParts)
	}
	v.sets[set] = name
	if !report.OK() {
		return fmt.Errorf("%s is damaged or incomplete", s.Name)
	}
	return nil
}
