package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

func (a *app) versionCommand() *cobra.Command {
	var fast bool
	cmd := &cobra.Command{
		Use:   "version FILE [IMAGE] | version FOLDER",
		Short: "Tell which Windows it really is: the evidence and the verdict",
		Long: `Tell which Windows an image, or a folder with a Windows tree, really holds: what
the registry, the component store, the packages, the kernel and the XML say, and
which of them counts.

With --fast only names are looked at, and no file is decompressed.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			options := []winver.Option{winver.WithTable(table)}
			if fast {
				options = append(options, winver.Fast())
			}
			tree, image, done, err := a.windowsTree(cmd.Context(), args)
			if err != nil {
				return err
			}
			defer done()
			if image != nil && image.Info.Windows != nil {
				options = append(options, winver.WithClaim(image.Info.Windows.Claim()))
			}
			report, err := winver.Read(tree, options...)
			if err != nil {
				return err
			}
			if a.json {
				return describe.NewJSON(a.stdout).Encode(report)
			}
			return a.printVersion(report)
		},
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "look at names only")
	a.jsonFlag(cmd, "print one JSON object")
	a.tableFlag(cmd.Flags())
	return cmd
}

// windowsTree opens the tree of an image, or that of a folder, which is of no
// image.
func (a *app) windowsTree(ctx context.Context, args []string) (tree fs.FS, image *wim.Image, done func(), err error) {
	if tree := windowsFolder(args); tree != nil {
		return tree, nil, func() {}, nil
	}
	s, err := a.open(ctx, args[0])
	if err != nil {
		return nil, nil, nil, err
	}
	image, imageTree, rest, err := s.imageTree(args[1:])
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s: no image is named %q", s.Name, rest[0])
	}
	if err != nil {
		s.Close()
		return nil, nil, nil, err
	}
	return imageTree, image, s.Close, nil
}

// windowsFolder returns the tree of a folder that is named alone, nil for a file
// and for a folder of installation media.
func windowsFolder(args []string) fs.FS {
	if len(args) > 1 {
		return nil
	}
	if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
		return nil
	}
	if _, err := media.Find(args[0]); err == nil {
		return nil
	}
	return os.DirFS(args[0])
}

func (a *app) printVersion(report *winver.Report) error {
	best, status := report.Best(), report.Status()
	head := newTable(a.stdout)
	head.row("Version", best.String())
	head.row("Because", best.Reason)
	if difference := report.Disagreement(); difference != "" {
		head.row("But", difference)
	}
	if status.Known() {
		head.row("Release", status.ReleaseName())
		head.row("Update", status.Line(today()))
	}
	head.row("Product", describe.OrDash(report.ProductName))
	head.row("Edition", describe.OrDash(report.EditionID))
	head.row("Architecture", describe.OrDash(report.Architecture))
	for _, note := range report.Notes {
		head.row("Note", note)
	}
	for _, e := range report.Evidence {
		if e.Note != "" {
			head.row("Note", e.Source+": "+e.Note)
		}
	}
	if err := head.flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	list := newTable(a.stdout)
	list.row("WITNESS", "SAYS", "VERSION", "SOURCE")
	for _, e := range report.Evidence {
		says, version := e.Value, "-"
		if e.Err != nil {
			says = "(" + e.Err.Error() + ")"
			if errors.Is(e.Err, fs.ErrNotExist) {
				says = "(not there)"
			}
		} else if !e.Version.IsZero() {
			version = e.Version.String()
		}
		list.row(string(e.Witness), describe.OrDash(says), version, e.Source)
	}
	return list.flush()
}
