package describe

import (
	"fmt"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// File is the object that "info --json" prints. The field names are stable.
type File struct {
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

	Microsoft Microsoft `json:"microsoft"`

	Images []Image `json:"images"`
}

// Microsoft says "yes", "no" or "unknown", and why it is not twice "yes".
type Microsoft struct {
	DISM   string `json:"dism"`
	Setup  string `json:"setup"`
	Reason string `json:"reason"`
}

// NewFile describes a file that was opened under a name. Missing is about how
// many bytes of content nobody gave.
func NewFile(name string, r *wim.Reader, missing uint64, table *winver.Table) File {
	h, microsoft := r.Header, r.Microsoft()
	f := File{
		Path: strings.ToValidUTF8(name, "\ufffd"), Size: r.Size(), GUID: h.GUID.String(), Version: versionText(h.Version),
		Compression: h.Compression.String(), ChunkSize: h.ChunkSize,
		Part: h.PartNumber, Parts: h.TotalParts, BootIndex: r.BootIndex(), ImageCount: len(r.Images),
		Integrity: r.HasIntegrityTable(), Pipable: h.Pipable, Solid: r.Solid(),
		Missing:   missing,
		Microsoft: Microsoft{microsoft.DISM.String(), microsoft.Setup.String(), microsoft.Reason},
		Images:    make([]Image, 0, len(r.Images)),
	}
	for _, image := range r.Images {
		f.Images = append(f.Images, NewImage(image, table))
	}
	return f
}

// versionText writes 0x00010D00 as "1.13", as Microsoft's headers name it.
func versionText(version uint32) string {
	return fmt.Sprintf("%d.%d", version>>16, version>>8&0xFF)
}

// MicrosoftText says whether DISM and Setup take a file.
func MicrosoftText(m wim.Microsoft) string {
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

// Kind says in words what the header says about the file.
func Kind(r *wim.Reader) string {
	h := r.Header
	kind := []string{"WIM " + versionText(h.Version)}
	if h.Compression == wim.CompressionNone {
		kind = append(kind, "not compressed")
	} else {
		kind = append(kind, fmt.Sprintf("%v in chunks of %s", h.Compression, ByteSize(int64(h.ChunkSize))))
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

// Parts says which part of the set this is, and which are not there.
func Parts(r *wim.Reader) string {
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
