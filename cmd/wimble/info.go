package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

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
					document = printableLines(document)
				}
				_, err = fmt.Fprintln(a.stdout, document)
				return err
			case a.json && image != nil:
				return newJSON(a.stdout).Encode(describeImage(image, table))
			case a.json:
				return newJSON(a.stdout).Encode(describeFile(s, table))
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

// statusOf looks the version up that the XML names.
func statusOf(w *wim.WindowsInfo, table *winver.Table) winver.Status {
	return table.Status(w.Version, w.Edition())
}

// versionText writes 0x00010D00 as "1.13", as Microsoft's headers name it.
func versionText(version uint32) string {
	return fmt.Sprintf("%d.%d", version>>16, version>>8&0xFF)
}

// printInfo prints a block for the file and a table with a line for each image.
func printInfo(w io.Writer, s *session, table *winver.Table) error {
	r := s.Reader
	h := r.Header
	head := newTable(w)
	head.row("File", s.Name)
	head.row("Size", thousands(r.Size())+" bytes")
	head.row("Kind", kindOf(r))
	head.row("GUID", h.GUID.String())
	if h.TotalParts > 1 {
		head.row("Part", partText(r))
	}
	images := strconv.Itoa(len(r.Images))
	if boot := r.BootIndex(); boot > 0 {
		images += fmt.Sprintf(", image %d boots", boot)
	}
	head.row("Images", images)
	if missing := s.missingBytes(); missing > 0 {
		head.row("Missing", fmt.Sprintf("about %s of content; name the file that has it with --ref", byteSize(int64(min(missing, 1<<62)))))
	}
	microsoft := r.Microsoft()
	head.row("DISM, Setup", microsoftText(microsoft))
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
			edition, arch, languages = orDash(win.EditionID), orDash(win.Architecture.String()), languagesOf(win)
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
		status := statusOf(image.Info.Windows, table)
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

// microsoftText says whether DISM and Setup take a file.
func microsoftText(m wim.Microsoft) string {
	words := map[wim.Acceptance]string{
		wim.AcceptanceYes: "takes it", wim.AcceptanceNo: "refuses it", wim.AcceptanceUnknown: "is not known to take it",
	}
	switch {
	case m.Reason == "":
		return "both take it"
	case m.DISM == m.Setup && m.DISM == wim.AcceptanceNo:
		return "both refuse it: " + m.Reason
	}
	return fmt.Sprintf("DISM %s, Setup %s: %s", words[m.DISM], words[m.Setup], m.Reason)
}

// kindOf says in words what the header says about the file.
func kindOf(r *wim.Reader) string {
	h := r.Header
	kind := []string{"WIM " + versionText(h.Version)}
	if h.Compression == wim.CompressionNone {
		kind = append(kind, "not compressed")
	} else {
		kind = append(kind, fmt.Sprintf("%v in chunks of %s", h.Compression, byteSize(int64(h.ChunkSize))))
	}
	if r.Solid() {
		kind = append(kind, "solid")
	}
	if h.Pipable {
		kind = append(kind, "pipable")
	}
	if r.HasIntegrityTable() {
		kind = append(kind, "integrity table")
	}
	if h.Flags&wim.FlagReparseFix != 0 {
		kind = append(kind, "link targets relative to the image")
	}
	if h.Flags&wim.FlagReadOnly != 0 {
		kind = append(kind, "read-only")
	}
	return strings.Join(kind, ", ")
}

// partText says which part of the set this is, and which are not there.
func partText(r *wim.Reader) string {
	text := fmt.Sprintf("%d of %d", r.Header.PartNumber, r.Header.TotalParts)
	missing := r.MissingParts()
	switch {
	case len(missing) == 0:
		return text + ", all parts found"
	case len(missing) > 8:
		return fmt.Sprintf("%s, %d parts are missing", text, len(missing))
	}
	return text + ", missing: " + strings.Trim(fmt.Sprint(missing), "[]")
}

// languagesOf lists the languages, the default one first.
func languagesOf(w *wim.WindowsInfo) string {
	var list []string
	if w.DefaultLanguage != "" {
		list = append(list, w.DefaultLanguage)
	}
	for _, l := range w.Languages {
		if l != "" && l != w.DefaultLanguage {
			list = append(list, l)
		}
	}
	return orDash(strings.Join(list, ", "))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
