package wim

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/winver"
)

// microsoftProductName is what all images of Microsoft have as PRODUCTNAME.
const microsoftProductName = "Microsoft® Windows® Operating System"

// setWindows sets the WINDOWS element of an image's XML, and what Windows Setup
// shows besides, if the tree is one of Windows (WIM format sheet, section
// 12.4). Where Microsoft's tools and wimlib write what some value of a hive
// says, this has the version that all the evidence in the tree speaks for, so
// that SPBUILD is the true UBR. What the tree does not tell is left out, and
// what is set already stays.
func setWindows(image *Element, tree fs.FS) {
	report, err := winver.Read(tree)
	if err != nil {
		return // it is no Windows, or one that cannot be read
	}
	e := &Element{}
	set := func(path, value string) {
		if value != "" {
			e.set(path, value) // a text that XML cannot hold is left out, too
		}
	}
	for code, name := range architectureNames {
		if name == report.Architecture && code != architectureUnknown {
			set("WINDOWS/ARCH", strconv.Itoa(int(code)))
		}
	}
	set("WINDOWS/PRODUCTNAME", microsoftProductName)
	set("WINDOWS/EDITIONID", report.EditionID)
	set("WINDOWS/INSTALLATIONTYPE", report.InstallationType)
	set("WINDOWS/PRODUCTTYPE", report.ProductType)
	for i, language := range report.Languages {
		set(fmt.Sprintf("WINDOWS/LANGUAGES/LANGUAGE[%d]", i+1), language)
	}
	set("WINDOWS/LANGUAGES/DEFAULT", report.DefaultLanguage)
	if best := report.Best(); best.Known() {
		number := func(path string, n uint32) { set(path, strconv.FormatUint(uint64(n), 10)) }
		number("WINDOWS/VERSION/MAJOR", best.Version.Major)
		number("WINDOWS/VERSION/MINOR", best.Version.Minor)
		number("WINDOWS/VERSION/BUILD", best.Version.Build)
		if best.HasUBR {
			number("WINDOWS/VERSION/SPBUILD", best.Version.UBR)
		}
		number("WINDOWS/VERSION/SPLEVEL", report.ServicePackLevel)
		set("WINDOWS/VERSION/BRANCH", report.Branch)
	}
	set("WINDOWS/SYSTEMROOT", strings.ToUpper(report.SystemRoot))
	set("FLAGS", report.EditionID)
	set("DISPLAYNAME", report.ProductName)
	set("DISPLAYDESCRIPTION", report.ProductName)
	for _, child := range e.Children {
		if image.Find(child.Name) == nil {
			image.Children = append(image.Children, child)
		}
	}
}
