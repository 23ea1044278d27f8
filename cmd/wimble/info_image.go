package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// printImage prints all that the XML says of one image.
func printImage(w io.Writer, s *session, image *wim.Image, table *winver.Table) error {
	i := &image.Info
	t := newTable(w)
	row := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	row("File", s.Name)
	row("Index", strconv.Itoa(image.Index))
	row("Name", i.Name)
	row("Description", i.Description)
	row("Display name", i.DisplayName)
	row("Display description", i.DisplayDescription)
	row("Flags", i.Flags)
	if win := i.Windows; win != nil {
		printWindows(row, win, table)
	}
	row("Directories", thousands(i.DirCount))
	row("Files", thousands(i.FileCount))
	row("Size", thousands(i.TotalBytes)+" bytes")
	row("Saved by hard links", thousands(i.HardLinkBytes)+" bytes")
	row("Created", minute(i.Created))
	row("Modified", minute(i.Modified))
	row("Boots", yes(s.BootIndex() == image.Index))
	row("WIMBoot", yes(i.WIMBoot))
	for _, e := range i.OtherElements() {
		printElement(row, "", e)
	}
	return t.flush()
}

// printWindows prints what the XML says of the Windows in an image.
func printWindows(row func(name, value string), win *wim.WindowsInfo, table *winver.Table) {
	row("Product", win.ProductName)
	row("Edition", win.EditionID)
	row("Installation type", win.InstallationType)
	row("Product type", win.ProductType)
	row("Product suite", win.ProductSuite)
	row("Architecture", win.Architecture.String())
	row("HAL", win.HAL)
	row("System root", win.SystemRoot)
	if win.Version.Build != 0 {
		row("Version", win.Version.String())
	}
	if status := statusOf(win, table); status.Known() {
		row("Release", status.ReleaseName())
		row("Update", status.Line(today()))
	}
	if win.ServicePackLevel != 0 {
		row("Service pack level", strconv.FormatUint(uint64(win.ServicePackLevel), 10))
	}
	row("Branch", win.Branch)
	if languages := languagesOf(win); languages != "-" {
		row("Languages", languages)
	}
	var fallbacks []string
	for _, language := range slices.Sorted(maps.Keys(win.FallbackLanguages)) {
		fallbacks = append(fallbacks, fmt.Sprintf("%s for %s", win.FallbackLanguages[language], language))
	}
	row("Fallback languages", strings.Join(fallbacks, ", "))
	row("Image state", win.ImageState)
	row("GDR-DU revision", win.GDRDURevision)
	row("PKeyConfig version", win.PKeyConfigVersion)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// printElement prints an element that has no row of its own, and what is in it.
func printElement(row func(name, value string), indent string, e *wim.Element) {
	row(indent+e.Name, orDash(e.Text))
	for _, a := range e.Attributes {
		row(indent+"  "+a.Name+"=", orDash(a.Value))
	}
	for _, child := range e.Children {
		printElement(row, indent+"  ", child)
	}
}
