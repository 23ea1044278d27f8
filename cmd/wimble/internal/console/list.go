package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/winver"
)

// service says how a version stands, as a class for the eye and in words.
type service struct {
	Class string // "good", "soon", "over" or "unknown"
	Text  string
	end   winver.Date
}

// soon is how many days before the end of service it is told of.
const soon = 180

func serviceOf(end, today winver.Date) service {
	days := dayNumber(end) - dayNumber(today)
	switch {
	case end.IsZero():
		return service{"unknown", "unknown", end}
	case days < 0:
		return service{"over", "out of service since " + end.String(), end}
	case days < soon:
		return service{"soon", "until " + end.String() + ", " + strconv.Itoa(days) + " days left", end}
	}
	return service{"good", "until " + end.String(), end}
}

func dayNumber(d winver.Date) int {
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// listRow is a package in the list. Each of its texts is that of all images.
type listRow struct {
	*catalog.Package
	URL           string
	Error         string
	Editions      string // of an image without one, the name
	Architectures string
	Versions      string
	Releases      string
	Updates       string // KB and day
	Newer         string // how many updates are newer, and the last of them
	Languages     string
	Service       service
	ModifiedText  string

	version  winver.Version
	released winver.Date
	newer    int
}

func newListRow(p *catalog.Package, today winver.Date) *listRow {
	row := &listRow{Package: p, URL: urlOf("packages", p.ID), newer: -1}
	if !p.Modified.IsZero() {
		row.ModifiedText = p.Modified.UTC().Format("2006-01-02 15:04")
	}
	if p.Err != nil {
		row.Error = p.Err.Error()
		return row
	}
	var editions, architectures, versions, releases, updates, languages several
	for _, image := range p.Images {
		w := image.Info.Windows
		if w == nil || w.EditionID == "" {
			editions.add(image.Info.Name)
		} else {
			editions.add(w.EditionID)
		}
		if w == nil {
			continue
		}
		status := image.Status
		architectures.add(w.Architecture.String())
		for _, language := range w.Languages {
			languages.add(language)
		}
		if status.Version.Build != 0 {
			versions.add(status.Version.String())
		}
		row.version = maxVersion(row.version, status.Version)
		if row.Service.Text == "" {
			row.Service = serviceOf(winver.Date{}, today)
		}
		if !status.Known() {
			continue
		}
		releases.add(status.ReleaseName())
		if status.Listed {
			updates.add(status.Update.String())
			row.released = laterDate(row.released, status.Update.Released)
		}
		if n := newerUpdates(status); n > row.newer {
			row.newer = n
			row.Newer = "none"
			if n > 0 {
				row.Newer = strconv.Itoa(n) + ", latest " + status.Latest.String()
			}
		}
		// The edition that is serviced the shortest tells when to act.
		if end := status.EndOfService(); !end.IsZero() && (row.Service.end.IsZero() || end.Compare(row.Service.end) < 0) {
			row.Service = serviceOf(end, today)
		}
	}
	row.Editions, row.Architectures, row.Versions = editions.String(), architectures.String(), versions.String()
	row.Releases, row.Updates, row.Languages = releases.String(), updates.String(), languages.String()
	return row
}

// newerUpdates counts as [winver.Status.Line] does: the monthly updates, and
// where there are none the others.
func newerUpdates(s winver.Status) int {
	monthly := 0
	for _, update := range s.Newer {
		if update.Kind == winver.KindSecurity {
			monthly++
		}
	}
	if monthly == 0 {
		return len(s.Newer)
	}
	return monthly
}

func maxVersion(a, b winver.Version) winver.Version {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

func laterDate(a, b winver.Date) winver.Date {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// several is a list without repetitions, of which the first are shown.
type several []string

func (s *several) add(text string) {
	if text != "" && !slices.Contains(*s, text) {
		*s = append(*s, text)
	}
}

func (s several) String() string {
	const most = 6
	if len(s) > most {
		return strings.Join(s[:most], ", ") + " and " + strconv.Itoa(len(s)-most) + " more"
	}
	return strings.Join(s, ", ")
}

// column is a column of the list.
type column struct {
	Key, Title string
	compare    func(a, b *listRow) int
}

func byText(f func(*listRow) string) func(a, b *listRow) int {
	return func(a, b *listRow) int { return cmp.Compare(strings.ToLower(f(a)), strings.ToLower(f(b))) }
}

var columns = []column{
	{"name", "Name", byText(func(r *listRow) string { return r.Name })},
	{"editions", "Editions", byText(func(r *listRow) string { return r.Editions })},
	{"architecture", "Arch", byText(func(r *listRow) string { return r.Architectures })},
	{"version", "Version", func(a, b *listRow) int { return a.version.Compare(b.version) }},
	{"release", "Release", byText(func(r *listRow) string { return r.Releases })},
	{"update", "Update", func(a, b *listRow) int { return a.released.Compare(b.released) }},
	{"newer", "Newer", func(a, b *listRow) int { return cmp.Compare(a.newer, b.newer) }},
	{"service", "Serviced", func(a, b *listRow) int { return a.Service.end.Compare(b.Service.end) }},
	{"languages", "Languages", byText(func(r *listRow) string { return r.Languages })},
	{"size", "Size", func(a, b *listRow) int { return cmp.Compare(a.Size, b.Size) }},
	{"modified", "Modified", func(a, b *listRow) int { return a.Modified.Compare(b.Modified) }},
}

// listHead is a column's head, with a link that sorts by it.
type listHead struct {
	Title string
	URL   string
	Sort  string // "ascending", "descending" or "", as in aria-sort
}

type listData struct {
	Query string
	Sort  string
	Order string
	Heads []listHead
	Rows  []*listRow
	Total int
	Table string // the day of the table of updates
}

// listPage shows the packages: ?q= has words that a row has to have, ?sort= a
// column, ?order=desc turns it around.
func (s *Server) listPage(w http.ResponseWriter, r *http.Request) error {
	event := s.catalog.Feed.Last()
	query := r.URL.Query()
	data := listData{Query: query.Get("q"), Sort: query.Get("sort"), Order: query.Get("order"), Table: s.table.AsOf().String()}
	i := max(0, slices.IndexFunc(columns, func(c column) bool { return c.Key == data.Sort }))
	data.Sort = columns[i].Key
	if data.Order != "desc" {
		data.Order = ""
	}
	words := strings.Fields(strings.ToLower(data.Query))
	for _, p := range s.catalog.Packages() {
		data.Total++
		if row := newListRow(p, s.today()); row.has(words) {
			data.Rows = append(data.Rows, row)
		}
	}
	slices.SortStableFunc(data.Rows, func(a, b *listRow) int {
		if data.Order != "" {
			a, b = b, a
		}
		return columns[i].compare(a, b)
	})
	for k, c := range columns {
		head := listHead{Title: c.Title}
		values := url.Values{"sort": {c.Key}}
		if data.Query != "" {
			values.Set("q", data.Query)
		}
		if k == i {
			head.Sort = "descending"
			if data.Order == "" {
				head.Sort = "ascending"
				values.Set("order", "desc")
			}
		}
		head.URL = "/?" + values.Encode()
		data.Heads = append(data.Heads, head)
	}
	return s.show(w, http.StatusOK, "list", page{Title: "Packages", Data: data, Event: event})
}

// has says whether the row has all words, which are in lower case.
func (r *listRow) has(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := []string{r.Name, r.Error, r.Editions, r.Architectures, r.Versions, r.Releases, r.Updates, r.Newer, r.Service.Text, r.Languages, r.ModifiedText}
	for _, image := range r.Images {
		text = append(text, image.Info.Name, image.Info.DisplayName)
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
}

// SizeText is the size for people.
func (r *listRow) SizeText() string { return describe.ByteSize(r.Size) }
