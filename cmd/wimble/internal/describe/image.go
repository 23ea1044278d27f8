package describe

import (
	"maps"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// Image is an image of a [File].
type Image struct {
	Index              int      `json:"index"`
	Name               string   `json:"name"`
	Description        string   `json:"description"`
	DisplayName        string   `json:"display_name"`
	DisplayDescription string   `json:"display_description"`
	Flags              string   `json:"flags"`
	DirCount           uint64   `json:"dir_count"`
	FileCount          uint64   `json:"file_count"`
	TotalBytes         uint64   `json:"total_bytes"`
	HardLinkBytes      uint64   `json:"hard_link_bytes"`
	Created            string   `json:"created"`
	Modified           string   `json:"modified"`
	WIMBoot            bool     `json:"wimboot"`
	Windows            *Windows `json:"windows"`

	// Other elements of the image in the XML, such as those of a .ppkg.
	Other []Element `json:"other"`
}

// Element is an element of the XML document.
type Element struct {
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Text       string            `json:"text,omitempty"`
	Children   []Element         `json:"children,omitempty"`
}

// Windows is the Windows that the XML document says an image to hold.
type Windows struct {
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
	Version          *string  `json:"version"` // null, with its numbers, where the XML has none
	Major            *uint32  `json:"major"`
	Minor            *uint32  `json:"minor"`
	Build            *uint32  `json:"build"`
	UBR              *uint32  `json:"ubr"`
	ServicePackLevel uint32   `json:"service_pack_level"`
	Branch           string   `json:"branch"`

	FallbackLanguages map[string]string `json:"fallback_languages"`
	ServicingData     *Servicing        `json:"servicing_data"` // null where the XML has none

	Update *winver.Status `json:"update,omitempty"` // where the table knows the build
}

// Servicing is what Windows Setup is told of an image.
type Servicing struct {
	ImageState        string `json:"image_state"`
	GDRDURevision     string `json:"gdrdu_revision"`
	PKeyConfigVersion string `json:"pkeyconfig_version"`
}

// NewImage describes an image, and what the table knows of its Windows.
func NewImage(image *wim.Image, table *winver.Table) Image {
	i := &image.Info
	out := Image{
		Index: image.Index, Name: i.Name, Description: i.Description,
		DisplayName: i.DisplayName, DisplayDescription: i.DisplayDescription, Flags: i.Flags,
		DirCount: i.DirCount, FileCount: i.FileCount, TotalBytes: i.TotalBytes, HardLinkBytes: i.HardLinkBytes,
		Created: JSONTime(i.Created), Modified: JSONTime(i.Modified), WIMBoot: i.WIMBoot,
		Other: append([]Element{}, newElements(i.OtherElements())...),
	}
	if w := i.Windows; w != nil {
		out.Windows = &Windows{
			Architecture: w.Architecture.String(), ProductName: w.ProductName, Edition: w.EditionID,
			InstallationType: w.InstallationType, ProductType: w.ProductType, ProductSuite: w.ProductSuite,
			HAL: w.HAL, SystemRoot: w.SystemRoot,
			Languages: append([]string{}, w.Languages...), DefaultLanguage: w.DefaultLanguage,
			ServicePackLevel: w.ServicePackLevel, Branch: w.Branch, FallbackLanguages: map[string]string{},
		}
		maps.Copy(out.Windows.FallbackLanguages, w.FallbackLanguages)
		if v := w.Version; v.Build != 0 {
			text := v.String()
			out.Windows.Version, out.Windows.Major, out.Windows.Minor = &text, &v.Major, &v.Minor
			out.Windows.Build, out.Windows.UBR = &v.Build, &v.UBR
		}
		if data := (Servicing{w.ImageState, w.GDRDURevision, w.PKeyConfigVersion}); data != (Servicing{}) {
			out.Windows.ServicingData = &data
		}
		if status := StatusOf(w, table); status.Known() {
			out.Windows.Update = &status
		}
	}
	return out
}

func newElements(list []*wim.Element) []Element {
	var out []Element
	for _, e := range list {
		attributes := make(map[string]string)
		for _, a := range e.Attributes {
			attributes[a.Name] = a.Value
		}
		out = append(out, Element{e.Name, attributes, e.Text, newElements(e.Children)})
	}
	return out
}

// StatusOf looks the version up that the XML names.
func StatusOf(w *wim.WindowsInfo, table *winver.Table) winver.Status {
	return table.Status(w.Version, w.Edition())
}

// Languages lists the languages, the default one first.
func Languages(w *wim.WindowsInfo) string {
	var list []string
	if w.DefaultLanguage != "" {
		list = append(list, w.DefaultLanguage)
	}
	for _, l := range w.Languages {
		if l != "" && l != w.DefaultLanguage {
			list = append(list, l)
		}
	}
	return OrDash(strings.Join(list, ", "))
}
