package wim

import (
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/winver"
)

// ImageInfo is what the XML document says about an image (WIM format sheet,
// section 12). Everything in it is optional and has been written by whoever
// made the file: it may be missing, stale or wrong.
type ImageInfo struct {
	Name               string
	Description        string
	DisplayName        string
	DisplayDescription string
	Flags              string // the edition as Setup knows it, such as "Professional"

	DirCount      uint64 // directories; Microsoft does not count the root, wimlib does
	FileCount     uint64 // names of files: a file with two hard links counts twice
	TotalBytes    uint64 // uncompressed bytes of all streams, hard links counted each time
	HardLinkBytes uint64 // bytes that hard links save

	Created  Filetime
	Modified Filetime

	WIMBoot bool         // the image can be booted from without being applied
	Windows *WindowsInfo // nil if the image is not said to hold Windows

	Element *Element // the IMAGE element with all that is in it; nil without one
}

// WindowsInfo describes the Windows in an image.
type WindowsInfo struct {
	Architecture     Architecture
	ProductName      string
	EditionID        string
	InstallationType string // "Client", "Server", "Server Core", "WindowsPE", ...
	ProductType      string // "WinNT", "ServerNT", ...
	ProductSuite     string
	HAL              string
	SystemRoot       string // "WINDOWS"

	Languages       []string
	DefaultLanguage string
	// FallbackLanguages maps a language to the one that is used in its place.
	FallbackLanguages map[string]string

	// Version is major, minor, build and SPBUILD. SPBUILD is the update build
	// revision at the time the XML was written; the image may have been
	// serviced since.
	Version          winver.Version
	ServicePackLevel uint32
	Branch           string // such as "vb_release"

	GDRDURevision     string
	PKeyConfigVersion string
	ImageState        string // such as "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
}

// Claim is what the XML says of the version, as evidence for [winver.Read].
func (w *WindowsInfo) Claim() winver.Claim {
	return winver.Claim{
		Source:       "the XML",
		Version:      w.Version,
		Edition:      w.Edition(),
		Architecture: w.Architecture.String(),
	}
}

// Edition is what the XML says of the edition, for lookups in a [winver.Table].
func (w *WindowsInfo) Edition() winver.Edition {
	return winver.Edition{ID: w.EditionID, InstallationType: w.InstallationType, ProductType: w.ProductType}
}

// Architecture is a processor architecture, PROCESSOR_ARCHITECTURE_* in
// Windows' headers.
type Architecture uint32

const (
	ArchitectureX86   Architecture = 0
	ArchitectureARM   Architecture = 5
	ArchitectureIA64  Architecture = 6
	ArchitectureX64   Architecture = 9
	ArchitectureARM64 Architecture = 12
)

var architectureNames = map[Architecture]string{
	0: "x86", 1: "mips", 2: "alpha", 3: "ppc", 4: "shx", 5: "arm", 6: "ia64", 7: "alpha64",
	8: "msil", 9: "x64", 10: "ia32-on-win64", 11: "neutral", 12: "arm64", architectureUnknown: "",
}

// architectureUnknown is for images whose XML does not say.
const architectureUnknown Architecture = 0xFFFF

// String returns the usual name, such as "x64", and "" for an unknown one.
func (a Architecture) String() string {
	if name, ok := architectureNames[a]; ok {
		return name
	}
	return "architecture " + strconv.FormatUint(uint64(a), 10)
}

// imageInfo gives types to an IMAGE element, which may be nil.
func imageInfo(e *Element) ImageInfo {
	return ImageInfo{
		Name:               e.Value("NAME"),
		Description:        e.Value("DESCRIPTION"),
		DisplayName:        e.Value("DISPLAYNAME"),
		DisplayDescription: e.Value("DISPLAYDESCRIPTION"),
		Flags:              e.Value("FLAGS"),
		DirCount:           e.number("DIRCOUNT", 64),
		FileCount:          e.number("FILECOUNT", 64),
		TotalBytes:         e.number("TOTALBYTES", 64),
		HardLinkBytes:      e.number("HARDLINKBYTES", 64),
		Created:            e.filetime("CREATIONTIME"),
		Modified:           e.filetime("LASTMODIFICATIONTIME"),
		WIMBoot:            e.number("WIMBOOT", 64) != 0,
		Windows:            windowsInfo(e),
		Element:            e,
	}
}

func windowsInfo(image *Element) *WindowsInfo {
	e := image.Find("WINDOWS")
	if e == nil {
		return nil
	}
	w := &WindowsInfo{
		Architecture:     architectureUnknown,
		ProductName:      e.Value("PRODUCTNAME"),
		EditionID:        e.Value("EDITIONID"),
		InstallationType: e.Value("INSTALLATIONTYPE"),
		ProductType:      e.Value("PRODUCTTYPE"),
		ProductSuite:     e.Value("PRODUCTSUITE"),
		HAL:              e.Value("HAL"),
		SystemRoot:       e.Value("SYSTEMROOT"),
		DefaultLanguage:  e.Value("LANGUAGES/DEFAULT"),
		Version: winver.Version{
			Major: uint32(e.number("VERSION/MAJOR", 32)),
			Minor: uint32(e.number("VERSION/MINOR", 32)),
			Build: uint32(e.number("VERSION/BUILD", 32)),
			UBR:   uint32(e.number("VERSION/SPBUILD", 32)),
		},
		ServicePackLevel: uint32(e.number("VERSION/SPLEVEL", 32)),
		Branch:           e.Value("VERSION/BRANCH"),
	}
	if n, ok := e.Find("ARCH").parseNumber(32); ok {
		w.Architecture = Architecture(n)
	}
	if languages := e.Find("LANGUAGES"); languages != nil {
		for _, child := range languages.Children {
			switch child.Name {
			case "LANGUAGE":
				w.Languages = append(w.Languages, child.Text)
			case "FALLBACK":
				if w.FallbackLanguages == nil {
					w.FallbackLanguages = make(map[string]string)
				}
				w.FallbackLanguages[child.Attribute("LANGUAGE")] = child.Text
			}
		}
	}
	servicing := e.Find("SERVICINGDATA")
	if servicing == nil { // seen outside of WINDOWS as well
		servicing = image.Find("SERVICINGDATA")
	}
	w.GDRDURevision = servicing.Value("GDRDUREVISION")
	w.PKeyConfigVersion = servicing.Value("PKEYCONFIGVERSION")
	w.ImageState = servicing.Value("IMAGESTATE")
	return w
}

// filetime reads a time that is stored as two hexadecimal halves.
func (e *Element) filetime(path string) Filetime {
	half := func(name string) (uint64, error) {
		text := strings.ToLower(e.Find(path).Value(name))
		return parseUint(strings.TrimPrefix(text, "0x"), 16, 32)
	}
	high, err1 := half("HIGHPART")
	low, err2 := half("LOWPART")
	if err1 != nil || err2 != nil {
		return 0
	}
	return Filetime(high<<32 | low)
}

// imageElements returns the IMAGE elements by index. Elements without a good
// index are left out with a warning; of two with one index the first counts.
func imageElements(root *Element, count int, warn *warnings) map[int]*Element {
	images := make(map[int]*Element)
	if root == nil {
		return images
	}
	found := false
	for i, e := range root.Children {
		if e.Name != "IMAGE" {
			continue
		}
		found = true
		text := strings.TrimSpace(e.Attribute("INDEX"))
		index, err := parseUint(text, 10, 31)
		switch {
		case err != nil || index == 0 || index > uint64(count):
			warn.add(formatErrorf("XML: element %d is an IMAGE with INDEX \"%s\", the file has %d images", i, wimfile.Brief(text), count))
		case images[int(index)] != nil:
			warn.add(formatErrorf("XML: element %d is a second IMAGE with INDEX %d", i, index))
		default:
			images[int(index)] = e
		}
	}
	if !found && count > 0 {
		warn.add(formatErrorf("XML: it has no IMAGE element, the file has %d images", count))
	}
	return images
}
