// Command wimble lists, reads, extracts and verifies Windows Imaging files
// (.wim, .esd, .swm).
//
//	wimble info FILE                        what is inside
//	wimble ls FILE IMAGE [PATH]             list files
//	wimble cat FILE IMAGE PATH[:STREAM]     a file's bytes
//	wimble extract FILE IMAGE --to DIR      write files out
//	wimble tar FILE IMAGE [-o OUT.tar]      stream an image as a tar
//	wimble verify FILE                      check everything
//	wimble version FILE IMAGE               which Windows it really is
//	wimble updates VERSION                  what is known of a Windows version
//
// IMAGE is an index or a name. Data goes to standard output, everything else
// to standard error. The exit status is 0 when all was done, 1 when the file
// or the work failed, and 2 when the command was called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// workError marks an error of the work itself. All others are wrong usage.
type workError struct{ error }

func (e workError) Unwrap() error { return e.error }

// app is what the subcommands share.
type app struct {
	stdout, stderr io.Writer
	references     []string
	table          string
	json           bool
}

// run is main, for tests.
func run(args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := a.command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteC()
	var work workError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, syscall.EPIPE): // the reader has seen enough
		return exitFailed
	case errors.As(err, &work):
		fmt.Fprintln(stderr, "wimble:", printable(work.Error()))
		return exitFailed
	}
	fmt.Fprintf(stderr, "wimble: %s\nTry '%s --help'.\n", printable(err.Error()), command.CommandPath())
	return exitUsage
}

// interruptible returns a context that the first signal to stop ends, for work that
// has something to tidy up. A second signal ends the program.
func interruptible() (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// command is the root command with all subcommands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "wimble",
		Short:         "List, read, extract and verify Windows Imaging files (.wim, .esd, .swm)",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(*cobra.Command, []string) error { return errors.New("no command given") },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringArrayVar(&a.references, "ref", nil,
		"`FILE` that holds what FILE lacks, for delta WIMs; may be repeated")
	for _, sub := range []*cobra.Command{
		a.infoCommand(), a.lsCommand(), a.catCommand(), a.extractCommand(), a.tarCommand(), a.verifyCommand(), a.versionCommand(), a.updatesCommand(),
	} {
		if work := sub.RunE; work != nil {
			sub.RunE = func(cmd *cobra.Command, args []string) error {
				if err := work(cmd, args); err != nil {
					return workError{err}
				}
				return nil
			}
		}
		root.AddCommand(sub)
	}
	return root
}

// open opens a file and what --ref names, and prints what is odd about it.
func (a *app) open(name string) (r *wim.ReadCloser, closeAll func(), err error) {
	var opened []*wim.ReadCloser
	closeAll = func() {
		for _, r := range opened {
			r.Close()
		}
	}
	for _, name := range append([]string{name}, a.references...) {
		r, err := wim.OpenReader(name)
		if err != nil {
			closeAll()
			var path *os.PathError
			if !errors.As(err, &path) {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return nil, nil, err
		}
		opened = append(opened, r)
		a.warn(name, r.Warnings())
		if len(opened) > 1 {
			opened[0].Reference(r.Reader)
		}
	}
	return opened[0], closeAll, nil
}

// openImage opens the tree of one image.
func (a *app) openImage(name, image string) (*wim.Image, *wim.FS, func(), error) {
	r, closeAll, err := a.open(name)
	if err != nil {
		return nil, nil, nil, err
	}
	which, err := r.Image(image)
	if err != nil {
		closeAll()
		return nil, nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	tree, err := which.FS()
	if err != nil {
		closeAll()
		return nil, nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	a.warn(fmt.Sprintf("%s: image %d", name, which.Index), tree.Warnings())
	return which, tree, closeAll, nil
}

func (a *app) warn(where string, warnings []error) {
	for _, w := range warnings {
		fmt.Fprintf(a.stderr, "wimble: warning: %s\n", printable(where+": "+w.Error()))
	}
}
