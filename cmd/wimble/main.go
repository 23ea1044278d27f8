// Command wimble lists, reads, extracts, verifies and changes Windows Imaging
// files (.wim, .esd, .swm).
//
//	wimble info FILE [IMAGE]                what is inside
//	wimble info FILE... [-R]                what is inside of many
//	wimble info --watch FILE...             and what happens to them
//	wimble ls FILE [IMAGE] [PATH]           list files
//	wimble cat FILE [IMAGE] PATH[:STREAM]   a file's bytes
//	wimble extract FILE [IMAGE] --to DIR    write files out
//	wimble tar FILE [IMAGE] [-o OUT.tar]    stream an image as a tar
//	wimble verify FILE...                   check everything
//	wimble version FILE [IMAGE]             which Windows it really is
//	wimble updates VERSION                  what is known of a Windows version
//	wimble diff FILE [IMAGE] FILE [IMAGE]   what is different in another image
//	wimble inventory FILE [IMAGE]           what is installed
//	wimble serve PATH...                    a console in the browser
//	wimble mount FILE [IMAGE] DIR           show an image as a read-only file system
//	wimble export FILE IMAGE|all OUT        copy images to a new file, or add them to one
//	wimble capture SRC OUT                  make a new file of a folder
//	wimble append SRC FILE                  add an image of a folder to a file
//	wimble split FILE OUT.swm               parts of at most a size
//	wimble join PART OUT                    the reverse
//	wimble update FILE IMAGE [COMMAND...]   change files in an image, with wimlib's commands
//	wimble put FILE IMAGE SOURCE PATH       put a file or folder into an image
//	wimble rm FILE IMAGE PATH...            remove files from an image
//	wimble mv FILE IMAGE PATH NEWPATH       rename or move a file in an image
//	wimble optimize FILE                    write a file anew without what nothing uses
//	wimble delete FILE IMAGE...             remove images
//	wimble set FILE [IMAGE] KEY=VALUE...    change what the XML says, and which image boots
//
// FILE is a WIM file, a folder with installation media, or an ISO file; a WIM file
// in an ISO file is named by ISO:PATH. FILE may also be the http or https URL of a
// WIM or ISO file, which is read where it lies. IMAGE is an index, a name, or an
// edition that one image has; it may be left out where there is one image.
//
// Data goes to standard output, everything else to standard error. The exit status
// is 0 when all was done, 1 when the file or the work failed, and 2 when the
// command was called wrongly. That of diff is as that of diff(1): 0 when all is
// equal, 1 when something differs, 2 when it could not be found out.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/media"
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
type workError struct {
	error
	status int
}

func (e workError) Unwrap() error { return e.error }

// errSaid ends a command that failed and has said why.
var errSaid = errors.New("failed")

// app is what the subcommands share.
type app struct {
	stdout, stderr io.Writer

	// Flags.
	references []string
	headers    []media.Option // of --header
	offset     int64
	limit      size
	table      string
	workers    uint
	json       bool
}

// usageError marks an error of the work as wrong usage.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run is main, for tests.
func run(args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := a.command()
	root.SetArgs(args)
	help := &firstError{Writer: stdout}
	root.SetOut(help)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(context.Background())
	var work workError
	switch {
	case help.err != nil:
		if !errors.Is(help.err, syscall.EPIPE) {
			a.sayError(help.err)
		}
		return exitFailed
	case err == nil:
		return exitDone
	case errors.As(err, &work):
		// EPIPE: the reader has seen enough.
		if !errors.Is(err, errSaid) && !errors.Is(err, syscall.EPIPE) {
			a.sayError(work.error)
		}
		return work.status
	}
	a.say("wimble: %v", err)
	a.say("Try '%s --help'.", command.CommandPath())
	return exitUsage
}

// firstError is a writer that keeps its first error: help and the version are
// written by package cobra, which ignores it.
type firstError struct {
	io.Writer
	err error
}

func (w *firstError) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// interruptible returns a context that the first signal to stop ends, for work
// that has something to tidy up. A second signal ends the program.
func interruptible(ctx context.Context) (_ context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(ctx, append(hangup(), os.Interrupt, syscall.SIGTERM)...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// command is the root command with all subcommands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "wimble",
		Short: "List, read, extract, verify and change Windows Imaging files (.wim, .esd, .swm)",
		Long: `List, read, extract, verify and change Windows Imaging files (.wim, .esd, .swm).

FILE is such a file; or a folder with installation media, or an ISO file: then it is the
sources/install.wim, .esd or .swm in it, or sources/boot.wim. ISO:PATH is another one in an
ISO file, or that of a folder in it. FILE may also be the http or https URL of a file, which
is not downloaded but read where it lies. IMAGE is an index, a name, or a display name,
edition or flags that one image has. It may be left out where a file has one image.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	var headers []string
	root.PersistentPreRunE = func(*cobra.Command, []string) (err error) {
		a.headers, err = headerOptions(headers)
		return err
	}
	flags := root.PersistentFlags()
	flags.StringArrayVar(&a.references, "ref", nil,
		"`FILE` that holds what FILE lacks, for delta WIMs; a pattern, or a folder of WIM files; may be repeated")
	flags.StringArrayVar(&headers, "header", nil, "`HEADER` for web servers, such as 'Authorization: Bearer TOKEN'; may be repeated")
	flags.Int64Var(&a.offset, "offset", 0, "the WIM begins `N` bytes into FILE, as in a program that unpacks itself")
	flags.Var(&a.limit, "limit", "let metadata of an image, blob table, XML or chunk have `SIZE` bytes, such as 2GiB")
	for _, sub := range []*cobra.Command{
		a.infoCommand(),
		a.lsCommand(),
		a.catCommand(),
		a.extractCommand(),
		a.tarCommand(),
		a.verifyCommand(),
		a.versionCommand(),
		a.updatesCommand(),
		a.diffCommand(),
		a.inventoryCommand(),
		a.serveCommand(),
		a.mountCommand(),
		a.exportCommand(),
		a.captureCommand(),
		a.appendCommand(),
		a.splitCommand(),
		a.joinCommand(),
		a.updateCommand(),
		a.putCommand(),
		a.rmCommand(),
		a.mvCommand(),
		a.optimizeCommand(),
		a.deleteCommand(),
		a.setCommand(),
	} {
		if work := sub.RunE; work != nil {
			sub.RunE = func(cmd *cobra.Command, args []string) error {
				err := work(cmd, args)
				switch err.(type) {
				case nil, workError, usageError:
					return err
				}
				return workError{err, exitFailed}
			}
		}
		root.AddCommand(sub)
	}
	return root
}

// version is the version of the program as the build recorded it.
func version() string {
	text := "(unknown version)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		text = info.Main.Version
	}
	return text + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}

// workersFlag adds --workers.
func (a *app) workersFlag(cmd *cobra.Command) {
	cmd.Flags().UintVar(&a.workers, "workers", 0, "how many `N` goroutines decode; 0 for one for each processor")
}

// jsonFlag adds --json.
func (a *app) jsonFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().BoolVar(&a.json, "json", false, usage)
}

// withWorkers is the option that --workers asks for.
func (a *app) withWorkers() wim.BulkOption {
	const most = 1 << 20 // the library has a lower bound
	return wim.WithWorkers(int(min(a.workers, most)))
}
