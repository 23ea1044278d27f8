package describe

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// Change is the object that "diff --json" prints for each difference. The
// field names are stable.
type Change struct {
	Kind    string   `json:"kind"` // added, removed, changed, renamed
	Path    string   `json:"path"`
	OldPath string   `json:"old_path,omitempty"` // where it is another
	Type    string   `json:"type"`               // as in ls --json; of what was removed, the old one
	Changed []string `json:"changed,omitempty"`  // what differs
	OldSize *int64   `json:"old_size,omitempty"` // of files; -1 if the content is missing
	Size    *int64   `json:"size,omitempty"`
	OldSHA1 string   `json:"old_sha1,omitempty"` // of files in images
	SHA1    string   `json:"sha1,omitempty"`
}

// NewChange describes a difference.
func NewChange(c *wim.Change) Change {
	out := Change{Kind: c.Kind.String(), Path: rooted(c.Path)}
	if c.Old != nil {
		out.Type, out.OldSize, out.OldSHA1 = fileFields(c.Old)
	}
	if c.New != nil {
		out.Type, out.Size, out.SHA1 = fileFields(c.New)
	}
	if c.Old != nil && c.New != nil {
		out.Changed = c.Aspects.Names()
		if c.OldPath != c.Path {
			out.OldPath = rooted(c.OldPath)
		}
	}
	return out
}

// fileFields returns what kind of entry it is, and of files size and SHA-1, as
// far as they are known.
func fileFields(info fs.FileInfo) (kind string, size *int64, sha1 string) {
	entry, ofImage := info.Sys().(*wim.Entry)
	switch {
	case ofImage:
		kind = EntryType(info, entry)
	case info.IsDir():
		return "dir", nil, ""
	case info.Mode().Type() == fs.ModeSymlink:
		return "symlink", nil, ""
	default:
		kind = "file"
	}
	if kind == "dir" {
		return kind, nil, ""
	}
	if ofImage {
		if s := entry.Stream(""); s != nil {
			if size = &s.Size; !s.SHA1.IsZero() {
				sha1 = s.SHA1.String()
			}
		}
		return kind, size, sha1
	}
	n := info.Size()
	return kind, &n, ""
}

// DiffSummary is the last object that "diff --json" prints. The field names are
// stable.
type DiffSummary struct {
	Kind  string `json:"kind"` // summary
	Equal bool   `json:"equal"`
	DiffCounts
	Folders    []*DiffFolder   `json:"folders"`               // those with most changes first
	OldVersion *winver.Verdict `json:"old_version,omitempty"` // of Windows images
	Version    *winver.Verdict `json:"version,omitempty"`
	Updates    []winver.Update `json:"updates,omitempty"` // that lie between the versions
	Undone     bool            `json:"undone,omitempty"`  // the old version is the later one

	folders map[string]*DiffFolder
}

// DiffFolder sums up the changes in a folder, no more than two levels below the
// root, and in all folders in it.
type DiffFolder struct {
	Path string `json:"path"`
	DiffCounts
}

// DiffCounts are how many changes there are.
type DiffCounts struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
	Renamed int `json:"renamed"`
}

// NewDiffSummary returns the summary of no changes between two trees, which may be
// Windows or not.
func NewDiffSummary(old, new *winver.Report, table *winver.Table) *DiffSummary {
	s := &DiffSummary{Kind: "summary", Equal: true, Folders: []*DiffFolder{}, folders: map[string]*DiffFolder{}}
	s.OldVersion, s.Version = verdictOf(old), verdictOf(new)
	if old == nil || new == nil {
		return s
	}
	from, to := s.OldVersion.Version, s.Version.Version
	if s.Undone = from.Compare(to) > 0; s.Undone {
		from, to = to, from
	}
	s.Updates, _ = table.Steps(from, to, new.Edition())
	return s
}

func verdictOf(report *winver.Report) *winver.Verdict {
	if report == nil {
		return nil
	}
	best := report.Best()
	return &best
}

// Add counts a change.
func (s *DiffSummary) Add(c *wim.Change) {
	s.Equal = false
	elements := strings.SplitN(c.Path, "/", 4)
	name := rooted(cmp.Or(strings.Join(elements[:min(2, len(elements)-1)], "/"), "."))
	folder := s.folders[name]
	if folder == nil {
		folder = &DiffFolder{Path: name}
		s.folders[name] = folder
		s.Folders = append(s.Folders, folder)
	}
	s.DiffCounts.add(c.Kind)
	folder.add(c.Kind)
}

// Sort sorts the folders, once all changes are counted.
func (s *DiffSummary) Sort() {
	slices.SortFunc(s.Folders, func(a, b *DiffFolder) int {
		return cmp.Or(b.sum()-a.sum(), cmp.Compare(a.Path, b.Path))
	})
}

func (c *DiffCounts) add(kind wim.ChangeKind) {
	switch kind {
	case wim.ChangeAdded:
		c.Added++
	case wim.ChangeRemoved:
		c.Removed++
	case wim.ChangeModified:
		c.Changed++
	case wim.ChangeRenamed:
		c.Renamed++
	}
}

func (c *DiffCounts) sum() int { return c.Added + c.Removed + c.Changed + c.Renamed }

// rooted is how a path of the image is shown: the root is "/".
func rooted(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name
}
