package describe

import (
	"io/fs"

	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/wim"
)

// LinkTarget returns where a link leads, "" for what is none.
func LinkTarget(e *wim.Entry) string {
	if e.Reparse == nil || !e.Reparse.IsLink() {
		return ""
	}
	link, err := e.Reparse.Link()
	if err != nil {
		return ""
	}
	return link.Target()
}

// DescriptorText returns the security descriptor as SDDL, "" for none. One that
// is invalid, which verify tells, has none either.
func DescriptorText(e *wim.Entry) string {
	if len(e.SecurityDescriptor) == 0 {
		return ""
	}
	text, err := sddl.Format(e.SecurityDescriptor)
	if err != nil {
		return ""
	}
	return text
}

// Entry is the object that "ls --json" prints. The field names are stable.
type Entry struct {
	Path                   string   `json:"path"`
	Type                   string   `json:"type"`
	Size                   int64    `json:"size"`
	Attributes             uint32   `json:"attributes"`
	ReparseTag             uint32   `json:"reparse_tag"`
	Target                 string   `json:"target"` // of a link
	HardLinkGroup          uint64   `json:"hard_link_group"`
	HardLinkCount          int      `json:"hard_link_count"`
	Created                string   `json:"created"`
	Accessed               string   `json:"accessed"`
	Modified               string   `json:"modified"`
	CreatedFiletime        uint64   `json:"created_filetime"`
	AccessedFiletime       uint64   `json:"accessed_filetime"`
	ModifiedFiletime       uint64   `json:"modified_filetime"`
	ShortName              string   `json:"short_name"`
	SecurityDescriptorSize int      `json:"security_descriptor_size"`
	SecurityDescriptor     string   `json:"security_descriptor,omitempty"` // SDDL, with --acl
	SHA1                   string   `json:"sha1"`
	Streams                []Stream `json:"streams"`
}

// Stream is a named stream of an [Entry].
type Stream struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	SHA1 string `json:"sha1"`
}

// NewEntry describes an entry under its path, with its security descriptor if
// acl is set.
func NewEntry(path string, info fs.FileInfo, e *wim.Entry, acl bool) Entry {
	out := Entry{
		Path: path, Type: EntryType(info, e), Size: info.Size(),
		Attributes: uint32(e.Attributes), Target: LinkTarget(e),
		HardLinkGroup: e.HardLinkGroup, HardLinkCount: e.HardLinkCount,
		Created: JSONTime(e.CreationTime), Accessed: JSONTime(e.LastAccessTime), Modified: JSONTime(e.LastWriteTime),
		CreatedFiletime: uint64(e.CreationTime), AccessedFiletime: uint64(e.LastAccessTime), ModifiedFiletime: uint64(e.LastWriteTime),
		ShortName: e.ShortName, SecurityDescriptorSize: len(e.SecurityDescriptor),
		Streams: []Stream{},
	}
	if acl {
		out.SecurityDescriptor = DescriptorText(e)
	}
	if e.Reparse != nil {
		out.ReparseTag = uint32(e.Reparse.Tag)
	}
	for _, s := range e.Streams {
		hash := ""
		if !s.SHA1.IsZero() {
			hash = s.SHA1.String()
		}
		if s.Name == "" {
			out.SHA1 = hash
		} else {
			out.Streams = append(out.Streams, Stream{s.Name, s.Size, hash})
		}
	}
	return out
}

// EntryType returns "dir", "file", "junction", "symlink", or "reparse" for other
// reparse points.
func EntryType(info fs.FileInfo, e *wim.Entry) string {
	switch {
	case info.IsDir():
		return "dir"
	case e.Reparse == nil:
		return "file"
	case e.Reparse.Tag == wim.ReparseTagMountPoint:
		return "junction"
	case e.Reparse.IsLink():
		return "symlink"
	}
	return "reparse"
}
