package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

func (a *app) diffCommand() *cobra.Command {
	d := &comparison{app: a}
	cmd := &cobra.Command{
		Use:   "diff FILE [IMAGE] FILE [IMAGE] | diff FILE [IMAGE] FOLDER",
		Short: "Tell what is different in another image, or in a folder",
		Long: `Tell which files were added, removed, changed or renamed on the way from one image
to another, and which updates of Windows lie between the two. Nothing is
decompressed for that but a few files of Windows.

A line begins with A for added, D for removed, M for changed and R for renamed. What
changed of a file may be its content, attributes, security, reparse (where a link
leads), streams, hard links, short name, extended (all other metadata), and with
--times created, modified and accessed.

One of the two, or both, may be a FOLDER instead, such as a mounted disk: then all
files of the same size are read, and what the system does not tell of files is left
out.

The exit status is 0 if nothing is different, 1 if something is, and 2 if that could
not be found out.`,
		Args: cobra.RangeArgs(2, 4),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			differs, err := d.run(ctx, args)
			switch {
			case err != nil:
				return workError{err, exitTrouble}
			case differs:
				return workError{errSaid, exitFailed}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&d.times, "times", false, "compare times as well: of creation, modification and access")
	cmd.Flags().BoolVar(&d.brief, "summary", false, "print the summary alone")
	a.jsonFlag(cmd, "print one JSON object a line, the last one with the summary")
	a.workersFlag(cmd)
	a.tableFlag(cmd.Flags())
	return cmd
}

// exitTrouble is the exit status of diff when it cannot tell.
const exitTrouble = 2

// comparison is what diff does.
type comparison struct {
	app          *app
	times, brief bool
}

// diffSide is one of the two that are compared.
type diffSide struct {
	name    string
	tree    fs.FS
	claim   *winver.Claim // what the XML says of it
	close   func()
	version *winver.Report // nil if it is no Windows
}

// run says whether there is a difference.
func (d *comparison) run(ctx context.Context, args []string) (differs bool, err error) {
	table, err := d.app.updateTable()
	if err != nil {
		return false, err
	}
	old, args, err := d.open(ctx, args, len(args)-2)
	if err != nil {
		return false, err
	}
	defer old.close()
	if len(args) == 0 {
		return false, errors.New("there is nothing to compare with: name a second FILE or FOLDER")
	}
	new, args, err := d.open(ctx, args, 2)
	if err != nil {
		return false, err
	}
	defer new.close()
	if len(args) > 0 {
		return false, fmt.Errorf("there are too many arguments, from %q on", args[0])
	}
	for _, side := range []*diffSide{old, new} {
		if err := side.readVersion(table); err != nil {
			d.app.warn(side.name, []error{err})
		}
	}

	bar := d.app.newProgress("comparing")
	options := []wim.DiffOption{d.app.withWorkers(), wim.WithProgress(bar.update)}
	if d.times {
		options = append(options, wim.WithAspects(^wim.Aspects(0)))
	}
	out := bufio.NewWriterSize(d.app.stdout, 64<<10)
	summary := describe.NewDiffSummary(old.version, new.version, table)
	failed := false
	for change, err := range wim.Diff(ctx, old.tree, new.tree, options...) {
		bar.finish()
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err != nil {
			failed = true
			d.app.sayError(err)
			continue
		}
		summary.Add(change)
		switch {
		case d.brief:
		case d.app.json:
			err = describe.NewJSON(out).Encode(describe.NewChange(change))
		default:
			err = printChange(out, change)
		}
		if err != nil {
			return false, err
		}
	}
	bar.finish()
	summary.Sort()
	if d.app.json {
		err = describe.NewJSON(out).Encode(summary)
	} else {
		err = d.printSummary(out, summary, old, new)
	}
	if err = errors.Join(err, out.Flush()); err == nil && failed {
		err = errSaid
	}
	return !summary.Equal, err
}

// open opens what args begin with, and returns the others. The name after a file is
// no image of it if spare is 0, one if it can be if spare is 1, and one in any case
// if it is 2.
func (d *comparison) open(ctx context.Context, args []string, spare int) (*diffSide, []string, error) {
	if windowsFolder(args[:1]) != nil {
		dir, err := wim.OpenDir(args[0])
		if err != nil {
			return nil, nil, err
		}
		return &diffSide{name: args[0], tree: dir, close: func() { dir.Close() }}, args[1:], nil
	}
	s, err := d.app.open(ctx, args[0])
	if err != nil {
		return nil, nil, err
	}
	side, rest, err := d.openImage(s, args[1:], spare)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return side, rest, nil
}

func (d *comparison) openImage(s *session, args []string, spare int) (*diffSide, []string, error) {
	named := 0 // how many of args name the image
	if len(args) > 0 && spare > 0 {
		if _, err := s.Reader.Image(args[0]); err == nil || spare > 1 {
			named = 1
		}
	}
	image, unused, err := s.image(args[:named])
	if err != nil {
		return nil, nil, err
	}
	if len(unused) > 0 {
		return nil, nil, fmt.Errorf("%s: no image is named %q", s.Name, unused[0])
	}
	tree, err := s.tree(image)
	if err != nil {
		return nil, nil, err
	}
	side := &diffSide{name: s.Name, tree: tree, close: s.Close}
	if image.Info.Windows != nil {
		claim := image.Info.Windows.Claim()
		side.claim = &claim
	}
	return side, args[named:], nil
}

// readVersion finds out which Windows it is, if it is one.
func (s *diffSide) readVersion(table *winver.Table) (err error) {
	options := []winver.Option{winver.WithTable(table)}
	if s.claim != nil {
		options = append(options, winver.WithClaim(*s.claim))
	}
	s.version, err = winver.Read(s.tree, options...)
	if errors.Is(err, winver.ErrNotWindows) {
		return nil
	}
	return err
}
