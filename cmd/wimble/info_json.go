package main

import (
	"maps"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// fileJSON is the object that info --json prints. The field names are stable.
type fileJSON struct {
	Path        string `json:"path"`
	Size        int64  `json:"size"`
	GUID        string `json:"guid"`
	Version     string `json:"version"`
	Compression string `json:"compression"`
	ChunkSize   int    `json:"chunk_size"`
	Part        int    `json:"part"`
	Parts       int    `json:"parts"`
	BootIndex   int    `json:"boot_index"`
	ImageCount  int    `json:"image_count"`
	Integrity   bool   `json:"integrity"`
	Pipable     bool   `json:"pipable"`
	Solid       bool   `json:"solid"`
	Missing     uint64 `json:"missing_bytes,omitempty"` // an estimate

	Microsoft microsoftJSON `json:"microsoft"`

	Images []imageJSON `json:"images"`
}

// microsoftJSON says "yes", "no" or "unknown", and why it is not twice "yes".
type microsoftJSON struct {
	DISM   string `json:"dism"`
	Setup  string `json:"setup"`
	Reason string `json:"reason"`
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
	WIMBoot            bool         `json:"wimboot"`
	Windows            *windowsJSON `json:"windows"`

	// Other elements of the image in the XML, such as those of a .ppkg.
	Other []elementJSON `json:"other"`
}

type elementJSON struct {
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Text       string            `json:"text,omitempty"`
	Children   []elementJSON     `json:"children,omitempty"`
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
	Version          *string  `json:"version"` // null, with its numbers, where the XML has none
	Major            *uint32  `json:"major"`
	Minor            *uint32  `json:"minor"`
	Build            *uint32  `json:"build"`
	UBR              *uint32  `json:"ubr"`
	ServicePackLevel uint32   `json:"service_pack_level"`
	Branch           string   `json:"branch"`

	FallbackLanguages map[string]string `json:"fallback_languages"`
	ServicingData     *servicingJSON    `json:"servicing_data"` // null where the XML has none

	Update *winver.Status `json:"update,omitempty"` // where the table knows the build
}

type servicingJSON struct {
	ImageState        string `json:"image_state"`
	GDRDURevision     string `json:"gdrdu_revision"`
	PKeyConfigVersion string `json:"pkeyconfig_version"`
}

func describeFile(s *session, table *winver.Table) fileJSON {
	r := s.Reader
	h, microsoft := r.Header, r.Microsoft()
	f := fileJSON{
		Path: strings.ToValidUTF8(s.Name, "\ufffd"), Size: r.Size(), GUID: h.GUID.String(), Version: versionText(h.Version),
		Compression: h.Compression.String(), ChunkSize: h.ChunkSize,
		Part: h.PartNumber, Parts: h.TotalParts, BootIndex: r.BootIndex(), ImageCount: len(r.Images),
		Integrity: r.HasIntegrityTable(), Pipable: h.Pipable, Solid: r.Solid(),
		Missing:   s.missingBytes(),
		Microsoft: microsoftJSON{microsoft.DISM.String(), microsoft.Setup.String(), microsoft.Reason},
		Images:    make([]imageJSON, 0, len(r.Images)),
	}
	for _, image := range r.Images {
		f.Images = append(f.Images, describeImage(image, table))
	}
	return f
}

func describeImage(image *wim.Image, table *winver.Table) imageJSON {
	i := &image.Info
	out := imageJSON{
		Index: image.Index, Name: i.Name, Description: i.Description,
		DisplayName: i.DisplayName, DisplayDescription: i.DisplayDescription, Flags: i.Flags,
		DirCount: i.DirCount, FileCount: i.FileCount, TotalBytes: i.TotalBytes, HardLinkBytes: i.HardLinkBytes,
		Created: jsonTime(i.Created), Modified: jsonTime(i.Modified), WIMBoot: i.WIMBoot,
		Other: append([]elementJSON{}, describeElements(i.OtherElements())...),
	}
	if w := i.Windows; w != nil {
		out.Windows = &windowsJSON{
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
		if data := (servicingJSON{w.ImageState, w.GDRDURevision, w.PKeyConfigVersion}); data != (servicingJSON{}) {
			out.Windows.ServicingData = &data
		}
		if status := statusOf(w, table); status.Known() {
			out.Windows.Update = &status
		}
	}
	return out
}

func describeElements(list []*wim.Element) []elementJSON {
	var out []elementJSON
	for _, e := range list {
		attributes := make(map[string]string)
		for _, a := range e.Attributes {
			attributes[a.Name] = a.Value
		}
		out = append(out, elementJSON{e.Name, attributes, e.Text, describeElements(e.Children)})
	}
	return out
}
