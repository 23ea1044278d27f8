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
		Use:   "info FILE",
		Short: "Show the header, the images and their Windows versions",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, closeAll, err := a.open(args[0])
			if err != nil {
				return err
			}
			defer closeAll()
			table, err := a.updateTable()
			if err != nil {
				return err
			}
			switch {
			case xml:
				document := r.XML()
				if isTerminal(a.stdout) {
					document = printableLines(document)
				}
				_, err = fmt.Fprintln(a.stdout, document)
				return err
			case a.json:
				return newJSON(a.stdout).Encode(describeFile(args[0], r.Reader, table))
			}
			return printInfo(a.stdout, args[0], r.Reader, table)
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&xml, "xml", false, "print the XML document as it is stored, in UTF-8")
	cmd.MarkFlagsMutuallyExclusive("json", "xml")
	a.tableFlag(cmd.Flags())
	return cmd
}

// fileJSON is the object that info --json prints. The field names are stable.
type fileJSON struct {
	Path        string      `json:"path"`
	Size        int64       `json:"size"`
	GUID        string      `json:"guid"`
	Version     string      `json:"version"`
	Compression string      `json:"compression"`
	ChunkSize   int         `json:"chunk_size"`
	Part        int         `json:"part"`
	Parts       int         `json:"parts"`
	BootIndex   int         `json:"boot_index"`
	ImageCount  int         `json:"image_count"`
	Integrity   bool        `json:"integrity"`
	Pipable     bool        `json:"pipable"`
	Solid       bool        `json:"solid"`
	Missing     int         `json:"missing_blobs,omitempty"`
	Images      []imageJSON `json:"images"`
}

type imageJSON struct {
	Index              int          `json:"index"`
	Name               string       `json:"name"`
	Description        string       `json:"description"`
	DisplayName        string       `json:"display_name"`
	DisplayDescription string       `json:"display_description"`
	Flags              string       `json:"flags"`
	DirCount           uint64       `json:"dir_count"`
	FileCount          uint64       `json:"file_count"`
	TotalBytes         uint64       `json:"total_bytes"`
	HardLinkBytes      uint64       `json:"hard_link_bytes"`
	Created            string       `json:"created"`
	Modified           string       `json:"modified"`
	Windows            *windowsJSON `json:"windows"`
}

type windowsJSON struct {
	Architecture     string   `json:"architecture"`
	ProductName      string   `json:"product_name"`
	Edition          string   `json:"edition"`
	InstallationType string   `json:"installation_type"`
	ProductType      string   `json:"product_type"`
	ProductSuite     string   `json:"product_suite"`
	HAL              string   `json:"hal"`
	SystemRoot       string   `json:"system_root"`
	Languages        []string `json:"languages"`
	DefaultLanguage  string   `json:"default_language"`
	Version          string   `json:"version"`
	Major            uint32   `json:"major"`
	Minor            uint32   `json:"minor"`
	Build            uint32   `json:"build"`
	UBR              uint32   `json:"ubr"`
	ServicePackLevel uint32   `json:"service_pack_level"`
	Branch           string   `json:"branch"`

	Update *winver.Status `json:"update,omitempty"` // where the table knows the build
}

func describeFile(path string, r *wim.Reader, table *winver.Table) fileJSON {
	h := r.Header
	f := fileJSON{
		Path: strings.ToValidUTF8(path, "\ufffd"), Size: r.Size(), GUID: h.GUID.String(), Version: versionText(h.Version),
		Compression: h.Compression.String(), ChunkSize: h.ChunkSize,
		Part: h.PartNumber, Parts: h.TotalParts, BootIndex: h.BootIndex, ImageCount: len(r.Images),
		Integrity: r.HasIntegrityTable(), Pipable: h.Pipable, Solid: r.Solid(),
		Missing: r.MissingBlobs(),
		Images:  make([]imageJSON, 0, len(r.Images)),
	}
	for _, image := range r.Images {
		f.Images = append(f.Images, describeImage(image, table))
	}
	return f
}

func describeImage(image *wim.Image, table *winver.Table) imageJSON {
	i := image.Info
	out := imageJSON{
		Index: image.Index, Name: i.Name, Description: i.Description,
		DisplayName: i.DisplayName, DisplayDescription: i.DisplayDescription, Flags: i.Flags,
		DirCount: i.DirCount, FileCount: i.FileCount, TotalBytes: i.TotalBytes, HardLinkBytes: i.HardLinkBytes,
		Created: jsonTime(i.Created), Modified: jsonTime(i.Modified),
	}
	if w := i.Windows; w != nil {
		out.Windows = &windowsJSON{
			Architecture: w.Architecture.String(), ProductName: w.ProductName, Edition: w.EditionID,
			InstallationType: w.InstallationType, ProductType: w.ProductType, ProductSuite: w.ProductSuite,
			HAL: w.HAL, SystemRoot: w.SystemRoot,
			Languages: append([]string{}, w.Languages...), DefaultLanguage: w.DefaultLanguage,
			Version: w.Version.String(), Major: w.Version.Major, Minor: w.Version.Minor,
			Build: w.Version.Build, UBR: w.Version.UBR,
			ServicePackLevel: w.ServicePackLevel, Branch: w.Branch,
		}
		if status := statusOf(w, table); status.Known() {
			out.Windows.Update = &status
		}
	}
	return out
}

// statusOf looks the version up that the XML names.
func statusOf(w *wim.WindowsInfo, table *winver.Table) winver.Status {
	return table.Status(w.Version, w.Edition())
}

// versionText writes 0x00010D00 as "1.13", as Microsoft's headers name it.
func versionText(version uint32) string {
	return fmt.Sprintf("%d.%d", version>>16, version>>8&0xFF)
}

// printInfo prints a block for the file and a table with a line an image.
func printInfo(w io.Writer, path string, r *wim.Reader, table *winver.Table) error {
	h := r.Header
	head := newTable(w)
	head.row("File", path)
	head.row("Size", thousands(r.Size())+" bytes")
	head.row("Kind", kindOf(r))
	head.row("GUID", h.GUID.String())
	if h.TotalParts > 1 {
		head.row("Part", partText(r))
	}
	images := strconv.Itoa(len(r.Images))
	if h.BootIndex > 0 {
		images += fmt.Sprintf(", image %d boots", h.BootIndex)
	}
	head.row("Images", images)
	if missing := r.MissingBlobs(); missing > 0 {
		where := "none of the given files; name the others with --ref"
		if len(r.MissingParts()) > 0 {
			where = "the missing parts"
		}
		head.row("Missing", fmt.Sprintf("%s contents are in %s", thousands(missing), where))
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
		i := image.Info
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
