package console

import (
	"errors"
	"io/fs"
	"net/http"

	"github.com/wimble-go/wimble/winver"
)

type versionData struct {
	Report *winver.Report
	Best   winver.Verdict
	But    string
	Status winver.Status
	Line   string
	Rows   []evidenceRow
	Notes  []string
}

type evidenceRow struct{ Witness, Says, Version, Source string }

// versionPage shows which Windows an image really holds, and the evidence.
func (s *Server) versionPage(w http.ResponseWriter, r *http.Request) error {
	report, err := s.version(r)
	if err != nil {
		return err
	}
	crumbs, title, err := s.imageCrumbs(r)
	if err != nil {
		return err
	}
	data := versionData{Report: report, Best: report.Best(), But: report.Disagreement(), Status: report.Status(), Notes: report.Notes}
	data.Line = data.Status.Line(s.today())
	for _, e := range report.Evidence {
		row := evidenceRow{Witness: string(e.Witness), Says: e.Value, Source: e.Source}
		switch {
		case errors.Is(e.Err, fs.ErrNotExist):
			row.Says = "(not there)"
		case e.Err != nil:
			row.Says = "(" + e.Err.Error() + ")"
		case !e.Version.IsZero():
			row.Version = e.Version.String()
		}
		if e.Note != "" {
			data.Notes = append(data.Notes, e.Source+": "+e.Note)
		}
		data.Rows = append(data.Rows, row)
	}
	return s.show(w, http.StatusOK, "version", page{Title: "Version of " + title, Crumbs: crumbs, Data: data})
}

// imageCrumbs are the pages above one that is about an image, and what the
// image is called.
func (s *Server) imageCrumbs(r *http.Request) ([]crumb, string, error) {
	p, err := s.pkg(r)
	if err != nil {
		return nil, "", err
	}
	index, err := imageIndex(r)
	if err != nil {
		return nil, "", err
	}
	image := p.Image(index)
	if image == nil {
		return nil, "", notFound("no such image")
	}
	return []crumb{home, {p.Name, urlOf("packages", p.ID)}}, imageTitle(image), nil
}
