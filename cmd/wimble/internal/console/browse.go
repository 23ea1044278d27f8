package console

import (
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/wim"
)

// perPage is how many entries of a folder a page has.
const perPage = 500

type browseData struct {
	Rows           []entryRow
	From, To       int // of Total, counted from 1
	Total          int
	Previous, Next string // URLs
	Up             string
	Tar, Zip       string
	View           string // properties of the folder itself
	Warnings       []string
}

type entryRow struct {
	Name, URL, Download string
	Kind                string // "folder", "file", "link", "junction", "reparse point"
	Target              string
	Size                string
	Attributes          string
	Modified            string
	Streams             []streamRow
}

type streamRow struct{ Name, Size, SHA1, URL, View string }

// pathCrumbs are the pages of the folders above a path.
func (o *opened) pathCrumbs(crumbs []crumb, title, base string) []crumb {
	if o.path == "." {
		return crumbs
	}
	crumbs = append(crumbs, crumb{title, base + "/browse/"})
	elements := strings.Split(o.path, "/")
	for i, element := range elements[:len(elements)-1] {
		crumbs = append(crumbs, crumb{element, base + "/browse" + urlOf(strings.Join(elements[:i+1], "/"))})
	}
	return crumbs
}

// imageURL is where the pages of an image are.
func imageURL(r *http.Request) string {
	return urlOf("packages", r.PathValue("id"), "images", r.PathValue("image"))
}

// browsePage lists a folder.
func (s *Server) browsePage(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	defer o.Close()
	info, err := o.tree.Stat(o.path)
	if err != nil {
		return err
	}
	base := imageURL(r)
	if !info.IsDir() {
		http.Redirect(w, r, base+"/view"+urlOf(o.path), http.StatusSeeOther)
		return nil
	}
	entries, err := o.tree.ReadDir(o.path)
	if err != nil {
		return err
	}
	crumbs, title, err := s.imageCrumbs(r)
	if err != nil {
		return err
	}
	data := browseData{
		Total: len(entries),
		Tar:   base + "/archive" + urlOf(o.path) + "?format=tar.zst",
		Zip:   base + "/archive" + urlOf(o.path) + "?format=zip",
		View:  base + "/view" + urlOf(o.path),
	}
	if o.path == "." {
		data.Tar, data.Zip, data.View = base+"/archive/?format=tar.zst", base+"/archive/?format=zip", base+"/view/"
		for i, warning := range o.tree.Warnings() {
			if i == 20 {
				break
			}
			data.Warnings = append(data.Warnings, warning.Error())
		}
	} else {
		data.Up = base + "/browse" + urlOf(path.Dir(o.path))
		if path.Dir(o.path) == "." {
			data.Up += "/"
		}
	}
	start := pageStart(r, len(entries))
	end := min(start+perPage, len(entries))
	here := base + "/browse/" + strings.TrimPrefix(urlOf(o.path), "/")
	if start > 0 {
		data.Previous = here + "?from=" + strconv.Itoa(max(0, start-perPage))
	}
	if end < len(entries) {
		data.Next = here + "?from=" + strconv.Itoa(end)
	}
	data.From, data.To = min(start+1, end), end
	for _, entry := range entries[start:end] {
		info, err := entry.Info()
		if err != nil {
			return err
		}
		data.Rows = append(data.Rows, newEntryRow(base, path.Join(o.path, entry.Name()), info))
	}
	name := title
	if o.path != "." {
		name = path.Base(o.path)
	}
	return s.show(w, http.StatusOK, "browse", page{Title: name, Crumbs: o.pathCrumbs(crumbs, title, base), Data: data})
}

// pageStart is the first entry of ?from=.
func pageStart(r *http.Request, total int) int {
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || from < 0 || from > total {
		return 0
	}
	return from
}

func newEntryRow(base, p string, info fs.FileInfo) entryRow {
	e := info.Sys().(*wim.Entry)
	row := entryRow{
		Name: path.Base(p), Attributes: e.Attributes.String(), Modified: describe.Minute(e.LastWriteTime),
		Target: describe.LinkTarget(e), Kind: kindOf(info, e),
	}
	switch row.Kind {
	case "folder":
		row.URL = base + "/browse" + urlOf(p)
	case "file":
		row.Size = sizeText(info.Size())
		row.Download = base + "/content" + urlOf(p)
		row.URL = base + "/view" + urlOf(p)
	default:
		row.URL = base + "/view" + urlOf(p)
	}
	row.Streams = namedStreams(base, p, e)
	return row
}

func kindOf(info fs.FileInfo, e *wim.Entry) string {
	switch {
	case info.IsDir():
		return "folder"
	case e.Reparse == nil:
		return "file"
	case e.Reparse.Tag == wim.ReparseTagMountPoint:
		return "junction"
	case e.Reparse.IsLink():
		return "link"
	}
	return "reparse point"
}

func sizeText(size int64) string {
	if size < 0 {
		return "missing"
	}
	return describe.ByteSize(size)
}

func namedStreams(base, p string, e *wim.Entry) []streamRow {
	var rows []streamRow
	for _, stream := range e.Streams {
		if stream.Name == "" {
			continue
		}
		query := "?" + url.Values{"stream": {stream.Name}}.Encode()
		row := streamRow{
			Name: stream.Name, Size: sizeText(stream.Size),
			URL: base + "/content" + urlOf(p) + query, View: base + "/view" + urlOf(p) + query,
		}
		if !stream.SHA1.IsZero() {
			row.SHA1 = stream.SHA1.String()
		}
		rows = append(rows, row)
	}
	return rows
}

// entryRows are all that the metadata says of an entry.
func entryRows(p string, info fs.FileInfo, e *wim.Entry) []describe.Row {
	var rows []describe.Row
	row := func(name, value string) {
		if value != "" && value != "-" {
			rows = append(rows, describe.Row{Name: name, Value: value})
		}
	}
	row("Path", "/"+strings.TrimPrefix(p, "."))
	row("Kind", kindOf(info, e))
	row("Target", describe.LinkTarget(e))
	if s := e.Stream(""); s != nil {
		size := "missing"
		if s.Size >= 0 {
			size = describe.Thousands(s.Size) + " bytes"
		}
		row("Size", size)
		if !s.SHA1.IsZero() {
			row("SHA-1", s.SHA1.String())
		}
	}
	row("Attributes", attributesText(e.Attributes))
	row("Created", describe.JSONTime(e.CreationTime))
	row("Accessed", describe.JSONTime(e.LastAccessTime))
	row("Modified", describe.JSONTime(e.LastWriteTime))
	row("Short name", e.ShortName)
	if e.HardLinkCount > 1 {
		row("Hard links", strconv.Itoa(e.HardLinkCount)+" names in this image")
	}
	if e.Reparse != nil {
		row("Reparse tag", "0x"+strconv.FormatUint(uint64(e.Reparse.Tag), 16))
	}
	if text, err := sddl.Format(e.SecurityDescriptor); err == nil && len(e.SecurityDescriptor) > 0 {
		row("Security", text)
	}
	if u := e.Unix; u != nil {
		row("Unix", "mode "+strconv.FormatUint(uint64(u.Mode), 8)+", owner "+strconv.FormatUint(uint64(u.UID), 10)+", group "+strconv.FormatUint(uint64(u.GID), 10))
	}
	for _, x := range e.Xattrs {
		row("Extended attribute", x.Name+", "+strconv.Itoa(len(x.Value))+" bytes")
	}
	return rows
}

// attributesText writes attributes as words.
func attributesText(a wim.Attributes) string {
	var words []string
	for _, named := range []struct {
		bit  wim.Attributes
		word string
	}{
		{wim.AttributeReadOnly, "read-only"}, {wim.AttributeHidden, "hidden"}, {wim.AttributeSystem, "system"},
		{wim.AttributeDirectory, "directory"}, {wim.AttributeArchive, "archive"}, {wim.AttributeTemporary, "temporary"},
		{wim.AttributeSparseFile, "sparse"}, {wim.AttributeReparsePoint, "reparse point"}, {wim.AttributeCompressed, "compressed"},
		{wim.AttributeOffline, "offline"}, {wim.AttributeNotContentIndexed, "not content indexed"}, {wim.AttributeEncrypted, "encrypted"},
	} {
		if a&named.bit != 0 {
			words = append(words, named.word)
		}
	}
	return strings.Join(words, ", ")
}
