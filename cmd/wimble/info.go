package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

func (a *app) infoCommand() *cobra.Command {
	var xml bool
	cmd := &cobra.Command{
		Use:   "info FILE [IMAGE]",
		Short: "Show the header, the images and their Windows versions",
		Long: `Show the header, the images and their Windows versions, or all that is known of
one IMAGE without reading its tree. The line "DISM, Setup" says whether those are known to take
the file.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			var image *wim.Image
			if len(args) > 1 {
				if image, err = s.Reader.Image(args[1]); err != nil {
					return fmt.Errorf("%s: %w", s.Name, err)
				}
			}
			switch {
			case xml:
				document := s.XML()
				if isTerminal(a.stdout) {
					document = describe.PrintableLines(document)
				}
				_, err = fmt.Fprintln(a.stdout, document)
				return err
			case a.json && image != nil:
				return newJSON(a.stdout).Encode(describe.NewImage(image, table))
			case a.json:
				return newJSON(a.stdout).Encode(describe.NewFile(s.Name, s.Reader, s.missingBytes(), table))
			case image != nil:
				return printImage(a.stdout, s, image, table)
			}
			return printInfo(a.stdout, s, table)
		},
	}
	a.jsonFlag(cmd, "print one JSON object")
	cmd.Flags().BoolVar(&xml, "xml", false, "print the XML document as it is stored, in UTF-8")
	cmd.MarkFlagsMutuallyExclusive("json", "xml")
	a.tableFlag(cmd.Flags())
	return cmd
}

// printInfo prints a block for the file and a table with a line for each image.
func printInfo(w io.Writer, s *session, table *winver.Table) error {
	r := s.Reader
	head := newTable(w)
	for _, row := range describe.FileRows(s.Name, r, s.missingBytes()) {
		head.row(row.Name, row.Value)
	}
	if err := head.flush(); err != nil {
		return err
	}
	if len(r.Images) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	list := newTable(w)
	list.row("INDEX", "NAME", "EDITION", "ARCH", "VERSION", "LANGUAGES", "FILES", "SIZE", "MODIFIED")
	for _, image := range r.Images {
		i := &image.Info
		edition, arch, version, languages := "-", "-", "-", "-"
		if win := i.Windows; win != nil {
			edition, arch, languages = orDash(win.EditionID), orDash(win.Architecture.String()), describe.Languages(win)
			if win.Version.Build != 0 {
				version = win.Version.String()
			}
		}
		list.row(strconv.Itoa(image.Index), orDash(i.Name), edition, arch, version, languages,
			thousands(i.FileCount), byteSize(int64(min(i.TotalBytes, 1<<62))), minute(i.Modified))
	}
	if err := list.flush(); err != nil {
		return err
	}
	return printUpdates(w, r, table)
}

// printUpdates prints a line for each image whose build the table knows.
func printUpdates(w io.Writer, r *wim.Reader, table *winver.Table) error {
	lines := newTable(w)
	known := 0
	for _, image := range r.Images {
		if image.Info.Windows == nil {
			continue
		}
		status := describe.StatusOf(image.Info.Windows, table)
		if !status.Known() {
			continue
		}
		if known++; known == 1 {
			fmt.Fprintln(w)
			lines.row("INDEX", "RELEASE", "UPDATE")
		}
		lines.row(strconv.Itoa(image.Index), status.ReleaseName(), status.Line(today()))
	}
	return lines.flush()
}

// missingBytes is about how much content is in files that were not given, 0
// where a part of a set is missing, which is said, or references hold it.
func (s *session) missingBytes() uint64 {
	if len(s.MissingParts()) > 0 || len(s.references) > 0 {
		return 0
	}
	return s.MissingBytes()
}
