package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

func (a *app) verifyCommand() *cobra.Command {
	var workers uint
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check every blob's SHA-1, the integrity table and the metadata",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, closeAll, err := a.open(args[0])
			if err != nil {
				return err
			}
			defer closeAll()
			ctx, stop := interruptible()
			defer stop()
			bar := a.newProgress("verifying")
			report, err := r.Verify(ctx, wim.WithWorkers(int(workers)), wim.WithProgress(bar.update))
			bar.finish()
			if err != nil {
				return err
			}
			said := make(map[string]bool) // as a warning, when the file was opened
			for _, w := range r.Warnings() {
				said[w.Error()] = true
			}
			missing := 0
			for _, p := range report.Problems {
				if said[p.Err.Error()] && len(p.Affected) == 0 {
					continue
				}
				if errors.Is(p.Err, wim.ErrMissingBlob) || errors.Is(p.Err, wim.ErrMissingPart) {
					if missing++; missing > mostMissing {
						continue
					}
				}
				a.printProblem(p)
			}
			if missing > mostMissing {
				fmt.Fprintf(a.stderr, "wimble: %s more blobs are missing\n", thousands(missing-mostMissing))
			}
			_, err = fmt.Fprintf(a.stdout, "%s blobs, %s bytes, %d images; integrity table: %v; missing blobs: %d; problems: %d\n",
				thousands(report.Blobs), thousands(report.Bytes), len(r.Images), report.Integrity, report.MissingBlobs, len(report.Problems)+report.MoreProblems)
			if err != nil {
				return err
			}
			if missing := r.MissingParts(); len(missing) > 0 {
				return fmt.Errorf("%s: not verified as a whole: parts %s of %d are missing",
					args[0], strings.Trim(fmt.Sprint(missing), "[]"), r.Header.TotalParts)
			}
			if !report.OK() {
				return errors.New(args[0] + " is damaged or incomplete")
			}
			return nil
		},
	}
	cmd.Flags().UintVar(&workers, "workers", 0, "how many `N` goroutines decode; 0 for one a processor")
	return cmd
}

// mostMissing is how many missing blobs are named: where one is, most are.
const mostMissing = 10

// mostAffected is how many paths are printed for one problem.
const mostAffected = 10

func (a *app) printProblem(p wim.Problem) {
	fmt.Fprintln(a.stderr, "wimble:", printable(p.Err.Error()))
	for i, path := range p.Affected {
		if i == mostAffected {
			fmt.Fprintf(a.stderr, "  and %d more\n", len(p.Affected)-mostAffected+p.MoreAffected)
			break
		}
		fmt.Fprintf(a.stderr, "  affects %s\n", printable(path))
	}
}
