package describe

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// Row is a fact about something: a name and a value.
type Row struct{ Name, Value string }

// rows are facts, without those that have no value.
type rows []Row

func (r *rows) add(name, value string) {
	if value != "" {
		*r = append(*r, Row{name, value})
	}
}

// FileRows are what the header says of a file that was opened under a name, and
// what is to be said of it as a whole. Missing is as for [NewFile].
func FileRows(name string, r *wim.Reader, missing uint64) []Row {
	var list rows
	row := list.add
	row("File", name)
	row("Size", Thousands(r.Size())+" bytes")
	row("Kind", Kind(r))
	row("GUID", r.Header.GUID.String())
	if r.Header.TotalParts > 1 {
		row("Part", Parts(r))
	}
	images := strconv.Itoa(len(r.Images))
	if boot := r.BootIndex(); boot > 0 {
		images += fmt.Sprintf(", image %d boots", boot)
	}
	row("Images", images)
	if missing > 0 {
		row("Missing", fmt.Sprintf("about %s of content; name the file that has it with --ref", ByteSize(int64(min(missing, 1<<62)))))
	}
	row("DISM, Setup", MicrosoftText(r.Microsoft()))
	return list
}

// ImageRows are all that the XML says of an image, and whether it boots.
func ImageRows(image *wim.Image, boots bool, table *winver.Table, today winver.Date) []Row {
	i := &image.Info
	var list rows
	row := list.add
	row("Index", strconv.Itoa(image.Index))
	row("Name", i.Name)
	row("Description", i.Description)
	row("Display name", i.DisplayName)
	row("Display description", i.DisplayDescription)
	row("Flags", i.Flags)
	if win := i.Windows; win != nil {
		addWindows(row, win, table, today)
	}
	row("Directories", Thousands(i.DirCount))
	row("Files", Thousands(i.FileCount))
	row("Size", Thousands(i.TotalBytes)+" bytes")
	row("Saved by hard links", Thousands(i.HardLinkBytes)+" bytes")
	row("Created", Minute(i.Created))
	row("Modified", Minute(i.Modified))
	row("Boots", yes(boots))
	row("WIMBoot", yes(i.WIMBoot))
	for _, e := range i.OtherElements() {
		addElement(row, "", e)
	}
	return list
}

// addWindows adds what the XML says of the Windows in an image.
func addWindows(row func(name, value string), win *wim.WindowsInfo, table *winver.Table, today winver.Date) {
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
	if status := StatusOf(win, table); status.Known() {
		row("Release", status.ReleaseName())
		row("Update", status.Line(today))
	}
	if win.ServicePackLevel != 0 {
		row("Service pack level", strconv.FormatUint(uint64(win.ServicePackLevel), 10))
	}
	row("Branch", win.Branch)
	if languages := Languages(win); languages != "-" {
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

// addElement adds an element that has no row of its own, and what is in it.
func addElement(row func(name, value string), indent string, e *wim.Element) {
	row(indent+e.Name, OrDash(e.Text))
	for _, a := range e.Attributes {
		row(indent+"  "+a.Name+"=", OrDash(a.Value))
	}
	for _, child := range e.Children {
		addElement(row, indent+"  ", child)
	}
}
