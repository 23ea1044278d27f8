package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// perComparison is how many changes a page, or an answer, has.
const perComparison = 1000

// comparison is what is different in another image.
type comparison struct {
	Summary *describe.DiffSummary `json:"summary"`
	Total   int                   `json:"total"`
	From    int                   `json:"from"`
	Changes []describe.Change     `json:"changes"`
}

// compare compares the images that are named by ?old= and ?new= as ID.INDEX.
func (s *Server) compare(r *http.Request) (*comparison, error) {
	query := r.URL.Query()
	if err := s.comparisons.enter(r.Context()); err != nil {
		return nil, err
	}
	defer s.comparisons.leave()
	old, oldVersion, err := s.side(r.Context(), query.Get("old"))
	if err != nil {
		return nil, err
	}
	defer old.Close()
	new, newVersion, err := s.side(r.Context(), query.Get("new"))
	if err != nil {
		return nil, err
	}
	defer new.Close()
	c := &comparison{Summary: describe.NewDiffSummary(oldVersion, newVersion, s.table), Changes: []describe.Change{}}
	if from, err := strconv.Atoi(query.Get("from")); err == nil && from > 0 {
		c.From = from
	}
	for change, err := range wim.Diff(r.Context(), old.tree, new.tree) {
		if err != nil {
			return nil, err
		}
		c.Summary.Add(change)
		if c.Total >= c.From && len(c.Changes) < perComparison {
			c.Changes = append(c.Changes, describe.NewChange(change))
		}
		c.Total++
	}
	c.Summary.Sort()
	return c, nil
}

// side opens one of two images, and finds out which Windows it is, if it is one.
func (s *Server) side(ctx context.Context, name string) (*opened, *winver.Report, error) {
	id, text, _ := strings.Cut(name, ".")
	index, err := strconv.Atoi(text)
	if err != nil || index < 1 {
		return nil, nil, badRequest("name two images, each as ID.INDEX")
	}
	o, err := s.openImage(ctx, id, index)
	if err != nil {
		return nil, nil, err
	}
	report, err := s.versionOf(ctx, o)
	if ctx.Err() != nil {
		o.Close()
		return nil, nil, err
	}
	return o, report, nil // without a version the files can be compared all the same
}

func (s *Server) apiCompare(w http.ResponseWriter, r *http.Request) error {
	c, err := s.compare(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

type compareData struct {
	Choices        []choice
	Old, New       string
	Result         *comparison
	Rows           []changeRow
	Previous, Next string
	Updates        []string
}

// choice is an image that can be compared.
type choice struct{ Value, Text string }

type changeRow struct{ Kind, Path, OldPath, Changed, Size string }

// comparePage asks for two images, and shows how they differ.
func (s *Server) comparePage(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	data := compareData{Old: query.Get("old"), New: query.Get("new")}
	for _, p := range s.catalog.Packages() {
		for _, image := range p.Images {
			index := strconv.Itoa(image.Index)
			text := p.Name + ": " + index
			if image.Info.Name != "" {
				text += " " + image.Info.Name
			}
			data.Choices = append(data.Choices, choice{p.ID + "." + index, text})
		}
	}
	if data.Old != "" && data.New != "" {
		c, err := s.compare(r)
		if err != nil {
			return err
		}
		data.addResult(c)
	}
	return s.show(w, http.StatusOK, "compare", page{Title: "Compare", Crumbs: []crumb{home}, Data: data})
}

func (d *compareData) addResult(c *comparison) {
	d.Result = c
	link := func(from int) string {
		return "/compare?" + url.Values{"old": {d.Old}, "new": {d.New}, "from": {strconv.Itoa(from)}}.Encode()
	}
	if c.From > 0 {
		d.Previous = link(max(0, c.From-perComparison))
	}
	if next := c.From + len(c.Changes); next < c.Total {
		d.Next = link(next)
	}
	for _, update := range c.Summary.Updates {
		d.Updates = append(d.Updates, update.Version.String()+": "+update.String())
	}
	for _, change := range c.Changes {
		row := changeRow{Kind: change.Kind, Path: change.Path, OldPath: change.OldPath, Changed: strings.Join(change.Changed, ", ")}
		switch {
		case change.Size != nil && change.OldSize != nil && *change.Size != *change.OldSize:
			row.Size = sizeText(*change.OldSize) + " → " + sizeText(*change.Size)
		case change.Size != nil:
			row.Size = sizeText(*change.Size)
		case change.OldSize != nil:
			row.Size = sizeText(*change.OldSize)
		}
		d.Rows = append(d.Rows, row)
	}
}
