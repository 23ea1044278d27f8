package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

func (a *app) infoCommand() *cobra.Command {
	var xml, watch bool
	i := overview{app: a, sets: map[string]bool{}}
	cmd := &cobra.Command{
		Use:   "info FILE [IMAGE] | info FILE...",
		Short: "Show the header, the images and their Windows versions",
		Long: `Show the header, the images and their Windows versions, or all that is known of
one IMAGE without reading its tree. The line "DISM, Setup" says whether those are known to take
the file.

Of several FILEs, which may be patterns, there is one table with a line for each image. With
--recursive it has all WIM files below folders and in ISO files. A FILE that cannot be read is
a line on standard error, and makes the exit status 1; the others are shown nonetheless.

With --watch, the table has what is found below folders and in ISO files, and a line follows
for each file that is added, changed, removed or incomplete, until Ctrl-C ends it: which
versions it had and has, and which images are new or gone. A FILE need not be there yet.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			var err error
			if i.updates, err = a.updateTable(); err != nil {
				return err
			}
			if watch {
				switch {
				case a.offset != 0:
					return errors.New("--watch looks at whole files, not at an --offset in them")
				case len(args) == 2 && !a.isFile(ctx, args[1], args[0]):
					return fmt.Errorf("--watch tells of files, not of one image; leave out %s", args[1])
				}
				return i.watch(ctx, args)
			}
			if len(args) == 2 && !i.recursive {
				args[0] = onlyMatch(args[0]) // IMAGE is one of the file that a pattern means
			}
			if i.recursive || len(args) > 2 || len(args) == 2 && a.isFile(ctx, args[1], args[0]) || isPattern(args[0]) {
				if xml {
					return errors.New("--xml prints the document of one FILE, not of several")
				}
				return i.show(ctx, args)
			}
			return a.fileInfo(ctx, args, xml, i.updates)
		},
	}
	a.jsonFlag(cmd, "print one JSON object, or one a line for each FILE")
	cmd.Flags().BoolVarP(&i.recursive, "recursive", "R", false, "show all WIM files below folders and in ISO files")
	cmd.Flags().BoolVar(&xml, "xml", false, "print the XML document as it is stored, in UTF-8")
	cmd.Flags().BoolVar(&watch, "watch", false, "then print a line for each file that is added, changed or removed")
	cmd.MarkFlagsMutuallyExclusive("json", "xml")
	cmd.MarkFlagsMutuallyExclusive("watch", "xml")
	a.tableFlag(cmd.Flags())
	return cmd
}

// isFile tells whether the second argument is a FILE, and not an IMAGE of the
// first.
func (a *app) isFile(ctx context.Context, arg, first string) bool {
	if _, err := strconv.Atoi(arg); err == nil {
		return false
	}
	_, err := os.Stat(arg)
	if err != nil && !media.IsURL(arg) && !isPattern(arg) && !media.HasWIMExtension(arg) {
		return false
	}
	file, err := media.Open(ctx, first, append(a.mediaOptions(), media.WithOffset(a.offset))...)
	if err != nil {
		return true
	}
	defer file.Close()
	_, err = file.Image(arg)
	return err != nil
}

// isPattern tells whether an argument is a pattern that files match.
func isPattern(arg string) bool {
	names, err := expand(arg)
	return err == nil && (len(names) > 1 || names[0] != arg)
}

// onlyMatch returns the file that a pattern matches, if there is just one, or else
// the pattern.
func onlyMatch(pattern string) string {
	if names, err := expand(pattern); err == nil && len(names) == 1 {
		return names[0]
	}
	return pattern
}

// fileInfo shows one file, or one image of it.
func (a *app) fileInfo(ctx context.Context, args []string, xml bool, table *winver.Table) error {
	s, err := a.open(ctx, args[0])
	if err != nil {
		return err
	}
	defer s.Close()
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
		return describe.NewJSON(a.stdout).Encode(describe.NewImage(image, table))
	case a.json:
		return describe.NewJSON(a.stdout).Encode(describe.NewFile(s.Name, s.Reader, s.missingBytes(), table))
	case image != nil:
		return printImage(a.stdout, s, image, table)
	}
	return printInfo(a.stdout, s, table)
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
		languages := "-"
		if i.Windows != nil {
			languages = describe.Languages(i.Windows)
		}
		edition, arch, version := windowsText(i.Windows)
		list.row(strconv.Itoa(image.Index), describe.OrDash(i.Name), edition, arch, version, languages,
			describe.Thousands(i.FileCount), describe.ByteSize(int64(min(i.TotalBytes, 1<<62))), describe.Minute(i.Modified))
	}
	if err := list.flush(); err != nil {
		return err
	}
	return printUpdates(w, r, table)
}

// windowsText says which Windows an image has, with dashes for what is not known.
func windowsText(w *wim.WindowsInfo) (edition, arch, version string) {
	if w == nil {
		return "-", "-", "-"
	}
	version = "-"
	if w.Version.Build != 0 {
		version = w.Version.String()
	}
	return describe.OrDash(w.EditionID), describe.OrDash(w.Architecture.String()), version
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
