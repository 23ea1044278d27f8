package console

import (
	"io"
	"net/http"
	"strconv"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
)

type packageData struct {
	*catalog.Package
	URL, DAV string
	Error    string
	Images   []imageData
	Job      *Job
	Outdated bool // the job is about a file that was replaced since
}

type imageData struct {
	Index       int
	Title       string
	Service     service
	Known       bool
	Rows        []describe.Row
	Browse, URL string
}

// imageTitle is what an image is called.
func imageTitle(image *catalog.Image) string {
	if name := image.Info.Name; name != "" {
		return name
	}
	return "image " + strconv.Itoa(image.Index)
}

// packagePage shows all that a package says about itself and its images.
func (s *Server) packagePage(w http.ResponseWriter, r *http.Request) error {
	event := s.catalog.Feed.Last()
	p, err := s.pkg(r)
	if err != nil {
		return err
	}
	base := urlOf("packages", p.ID)
	data := packageData{Package: p, URL: base, Job: s.jobs.of(p.ID), DAV: urlOf("dav", davName(p)) + "/"}
	data.Outdated = data.Job != nil && data.Job.Generation != p.Generation
	if p.Err != nil {
		data.Error = p.Err.Error()
	}
	for _, image := range p.Images {
		index := strconv.Itoa(image.Index)
		data.Images = append(data.Images, imageData{
			Index: image.Index, Title: imageTitle(image),
			Known: image.Status.Known(), Service: serviceOf(image.Status.EndOfService(), s.today()),
			Rows:   describe.ImageRows(image.Image, image.Boots, s.table, s.today()),
			URL:    base + "/images/" + index,
			Browse: base + "/images/" + index + "/browse/",
		})
	}
	return s.show(w, http.StatusOK, "package", page{
		Title: p.Name, Crumbs: []crumb{home}, Data: data, Event: event, Refresh: data.Job != nil && data.Job.Active(),
	})
}

// xmlDocument sends the XML document as it is stored, in UTF-8.
func (s *Server) xmlDocument(w http.ResponseWriter, r *http.Request) error {
	h, err := s.catalog.Open(r.Context(), r.PathValue("id"), 0)
	if err != nil {
		return err
	}
	defer h.Close()
	w.Header().Set("Content-Type", textType+"; charset=utf-8")
	w.Header().Set("Content-Disposition", attachment(h.Package.Name+".xml"))
	w.Header().Set("Content-Security-Policy", contentPolicy)
	io.WriteString(w, h.Reader.XML())
	return nil
}

func (s *Server) startVerify(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pkg(r)
	if err != nil {
		return err
	}
	if _, err := s.jobs.start(s.catalog, p); err != nil {
		return err
	}
	http.Redirect(w, r, urlOf("packages", p.ID)+"#verify", http.StatusSeeOther)
	return nil
}

func (s *Server) cancelVerify(w http.ResponseWriter, r *http.Request) error {
	job, err := s.jobs.cancel(r.PathValue("job"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, urlOf("packages", job.Package)+"#verify", http.StatusSeeOther)
	return nil
}
