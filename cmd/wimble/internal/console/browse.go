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

const (
	perPage      = 500 // entries of a folder
	mostWarnings = 20
)

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
	crumbs = append(crumbs, crumb{title, pathURL(base, "browse", ".")})
	elements := strings.Split(o.path, "/")
	for i, element := range elements[:len(elements)-1] {
		crumbs = append(crumbs, crumb{element, pathURL(base, "browse", strings.Join(elements[:i+1], "/"))})
	}
	return crumbs
}

// pathURL is where something about a path of an image is.
func pathURL(image, what, path string) string {
	return image + "/" + what + "/" + strings.TrimPrefix(urlOf(path), "/")
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
		http.Redirect(w, r, pathURL(base, "view", o.path), http.StatusSeeOther)
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
		Tar:   pathURL(base, "archive", o.path) + "?format=tar.zst",
		Zip:   pathURL(base, "archive", o.path) + "?format=zip",
		View:  pathURL(base, "view", o.path),
	}
	if o.path == "." {
		warnings := o.tree.Warnings()
		for _, warning := range warnings[:min(len(warnings), mostWarnings)] {
			data.Warnings = append(data.Warnings, warning.Error())
		}
	} else {
		data.Up = pathURL(base, "browse", path.Dir(o.path))
	}
	start := pageStart(r, len(entries))
	end := min(start+perPage, len(entries))
	here := pathURL(base, "browse", o.path)
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
		row.URL = pathURL(base, "browse", p)
	case "file":
		row.Size = sizeText(info.Size())
		row.Download = pathURL(base, "content", p)
		row.URL = pathURL(base, "view", p)
	default:
		row.URL = pathURL(base, "view", p)
	}
	row.Streams = namedStreams(base, p, e)
	return row
}

// kindOf is the type of an entry in words.
func kindOf(info fs.FileInfo, e *wim.Entry) string {
	switch kind := describe.EntryType(info, e); kind {
	case "dir":
		return "folder"
	case "symlink":
		return "link"
	case "reparse":
		return "reparse point"
	default:
		return kind
	}
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
			URL: pathURL(base, "content", p) + query, View: pathURL(base, "view", p) + query,
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
