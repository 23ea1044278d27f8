package console

import (
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// The objects of the API. docs/console.md describes them; the field names are
// stable.
type (
	packageJSON struct {
		ID         string        `json:"id"`
		Name       string        `json:"name"`
		Size       int64         `json:"size"`
		Modified   time.Time     `json:"modified,omitzero"`
		Generation int           `json:"generation"`
		Error      string        `json:"error,omitempty"`
		Incomplete bool          `json:"incomplete,omitempty"`
		Images     []summaryJSON `json:"images"`
	}
	summaryJSON struct {
		Index        int            `json:"index"`
		Name         string         `json:"name"`
		Edition      string         `json:"edition,omitempty"`
		Architecture string         `json:"architecture,omitempty"`
		Languages    []string       `json:"languages,omitempty"`
		Version      winver.Version `json:"version,omitzero"`
		Update       *winver.Status `json:"update,omitempty"` // where the table knows the build
	}
	packageDetailJSON struct {
		packageJSON
		File     *describe.File `json:"file,omitempty"` // as "info --json" has it
		Warnings []string       `json:"warnings"`
	}
	filesJSON struct {
		Entry   describe.Entry   `json:"entry"` // as "ls --json" has it
		Total   int              `json:"total"`
		From    int              `json:"from"`
		Entries []describe.Entry `json:"entries"`
	}
	errorJSON struct {
		Error string `json:"error"`
		Kind  string `json:"kind"`
	}
)

func apiError(w http.ResponseWriter, _ *http.Request, status int, err error) {
	kind := describe.ErrorKind(err)
	switch status {
	case http.StatusNotFound:
		kind = "not_found"
	case http.StatusBadRequest:
		kind = "bad_request"
	case http.StatusServiceUnavailable:
		kind = "busy"
	case http.StatusConflict:
		kind = "changed"
	}
	writeJSON(w, status, errorJSON{err.Error(), kind})
}

func newPackageJSON(p *catalog.Package) packageJSON {
	out := packageJSON{ID: p.ID, Name: p.Name, Size: p.Size, Modified: p.Modified.UTC(), Generation: p.Generation, Incomplete: p.Incomplete, Images: []summaryJSON{}}
	if p.Err != nil {
		out.Error = p.Err.Error()
	}
	for _, image := range p.Images {
		summary := summaryJSON{Index: image.Index, Name: image.Info.Name}
		if w := image.Info.Windows; w != nil {
			summary.Edition, summary.Architecture, summary.Languages = w.EditionID, w.Architecture.String(), w.Languages
			summary.Version = w.Version
			if image.Status.Known() {
				summary.Update = &image.Status
			}
		}
		out.Images = append(out.Images, summary)
	}
	return out
}

func (s *Server) apiPackages(w http.ResponseWriter, _ *http.Request) error {
	list := []packageJSON{}
	for _, p := range s.catalog.Packages() {
		list = append(list, newPackageJSON(p))
	}
	return writeJSON(w, http.StatusOK, map[string]any{"packages": list})
}

func (s *Server) apiPackage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pkg(r)
	if err != nil {
		return err
	}
	out := packageDetailJSON{packageJSON: newPackageJSON(p), Warnings: append([]string{}, p.Warnings...)}
	if p.Err == nil {
		out.File = &p.File
	}
	return writeJSON(w, http.StatusOK, out)
}

func (s *Server) apiImage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pkg(r)
	if err != nil {
		return err
	}
	index, err := imageIndex(r)
	if err != nil {
		return err
	}
	image := p.Image(index)
	if image == nil {
		return notFound("no such image")
	}
	return writeJSON(w, http.StatusOK, describe.NewImage(image.Image, s.table))
}

func (s *Server) apiVersion(w http.ResponseWriter, r *http.Request) error {
	report, err := s.version(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

// maxFiles is how many entries of a folder one answer has.
const maxFiles = 1000

// apiFiles describes an entry, and of a folder the entries from ?from= on.
func (s *Server) apiFiles(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	defer o.Close()
	info, e, err := o.lookup()
	if err != nil {
		return err
	}
	out := filesJSON{Entry: describe.NewEntry(rooted(o.path), info, e, true), Entries: []describe.Entry{}}
	if info.IsDir() {
		entries, err := o.tree.ReadDir(o.path)
		if err != nil {
			return err
		}
		limit := maxFiles
		if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 && n < limit {
			limit = n
		}
		out.Total, out.From = len(entries), pageStart(r, len(entries))
		for _, entry := range entries[out.From:min(out.From+limit, len(entries))] {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			out.Entries = append(out.Entries, describe.NewEntry(rooted(path.Join(o.path, entry.Name())), info, info.Sys().(*wim.Entry), false))
		}
	}
	return writeJSON(w, http.StatusOK, out)
}

// rooted writes a path as the JSON of the command does: "/" is the root.
func rooted(p string) string { return path.Join("/", p) }

func (s *Server) apiStartVerify(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pkg(r)
	if err != nil {
		return err
	}
	job, err := s.jobs.start(s.catalog, p)
	if err != nil {
		return err
	}
	w.Header().Set("Location", urlOf("api", "jobs", job.ID))
	return writeJSON(w, http.StatusAccepted, job)
}

func (s *Server) apiJobs(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{"jobs": s.jobs.all()})
}

func (s *Server) apiJob(w http.ResponseWriter, r *http.Request) error {
	job, err := s.jobs.one(r.PathValue("job"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, job)
}

func (s *Server) apiCancelJob(w http.ResponseWriter, r *http.Request) error {
	job, err := s.jobs.cancel(r.PathValue("job"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, job)
}
