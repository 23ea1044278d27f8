package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/winver"
)

func (a *app) versionCommand() *cobra.Command {
	var fast bool
	cmd := &cobra.Command{
		Use:   "version FILE IMAGE | version FOLDER",
		Short: "Tell which Windows it really is: the evidence and the verdict",
		Long: `Tell which Windows an image, or a folder with a Windows tree, really holds: what
the registry, the component store, the packages, the kernel and the XML say, and
which of them counts.

With --fast only names are looked at, and no file is decompressed.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			options := []winver.Option{winver.WithTable(table)}
			if fast {
				options = append(options, winver.Fast())
			}
			var tree fs.FS
			if len(args) == 1 {
				if info, err := os.Stat(args[0]); err != nil {
					return err
				} else if !info.IsDir() {
					return errors.New(args[0] + " is not a folder; for an image file name the image as well")
				}
				tree = os.DirFS(args[0])
			} else {
				image, imageTree, closeAll, err := a.openImage(args[0], args[1])
				if err != nil {
					return err
				}
				defer closeAll()
				tree = imageTree
				if image.Info.Windows != nil {
					options = append(options, winver.WithClaim(image.Info.Windows.Claim()))
				}
			}
			report, err := winver.Read(tree, options...)
			if err != nil {
				return err
			}
			if a.json {
				return newJSON(a.stdout).Encode(report)
			}
			return a.printVersion(report)
		},
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "look at names only")
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object")
	a.tableFlag(cmd.Flags())
	return cmd
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
	head.row("Product", orDash(report.ProductName))
	head.row("Edition", orDash(report.EditionID))
	head.row("Architecture", orDash(report.Architecture))
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
	a.stdout.Write([]byte("\n"))
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
		list.row(string(e.Witness), orDash(says), version, e.Source)
	}
	return list.flush()
}
