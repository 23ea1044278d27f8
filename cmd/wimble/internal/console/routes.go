package console

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// handlerFunc answers a request, or returns why it cannot. It has not written
// anything then.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, f handlerFunc) { mux.Handle(pattern, s.answer(f, s.pageError)) }
	api := func(pattern string, f handlerFunc) { mux.Handle(pattern, s.answer(f, apiError)) }

	mux.Handle("GET /assets/{name}", s.answer(serveAsset, s.pageError))
	page("GET /{$}", s.listPage)
	page("GET /packages/{id}", s.packagePage)
	page("GET /packages/{id}/xml", s.xmlDocument)
	page("GET /packages/{id}/images/{image}/version", s.versionPage)
	page("GET /packages/{id}/images/{image}/inventory", s.inventoryPage)
	page("GET /packages/{id}/images/{image}/browse/{path...}", s.browsePage)
	page("GET /packages/{id}/images/{image}/view/{path...}", s.viewPage)
	page("GET /packages/{id}/images/{image}/content/{path...}", s.content)
	page("GET /packages/{id}/images/{image}/archive/{path...}", s.archive)
	page("GET /compare", s.comparePage)
	page("GET /packages/{id}/images/{image}/take", s.takePage)
	page("GET /packages/{id}/images/{image}/wim", s.take)
	page("POST /packages/{id}/verify", s.startVerify)
	page("POST /jobs/{job}/cancel", s.cancelVerify)
	page("/", func(http.ResponseWriter, *http.Request) error { return notFound("no such page") })

	api("GET /api/packages", s.apiPackages)
	api("GET /api/packages/{id}", s.apiPackage)
	api("GET /api/packages/{id}/images/{image}", s.apiImage)
	api("GET /api/packages/{id}/images/{image}/version", s.apiVersion)
	api("GET /api/packages/{id}/images/{image}/inventory", s.apiInventory)
	api("GET /api/packages/{id}/images/{image}/files/{path...}", s.apiFiles)
	api("GET /api/packages/{id}/images/{image}/content/{path...}", s.content)
	api("GET /api/packages/{id}/images/{image}/archive/{path...}", s.archive)
	api("GET /api/packages/{id}/images/{image}/parts", s.apiParts)
	api("GET /api/packages/{id}/images/{image}/wim", s.take)
	api("GET /api/compare", s.apiCompare)
	api("POST /api/packages/{id}/verify", s.apiStartVerify)
	api("GET /api/jobs", s.apiJobs)
	api("GET /api/jobs/{job}", s.apiJob)
	api("DELETE /api/jobs/{job}", s.apiCancelJob)
	api("GET /api/events", s.events)
	api("/api/", func(w http.ResponseWriter, r *http.Request) error { return notFound("no such part of the API") })

	mux.Handle("/dav/", s.dav())
	mux.Handle("/dav", http.RedirectHandler("/dav/", http.StatusMovedPermanently))
	return compressed(mux)
}

// answer calls f and has an error shown.
func (s *Server) answer(f handlerFunc, show func(w http.ResponseWriter, r *http.Request, status int, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			status := statusOf(err)
			if status == http.StatusServiceUnavailable {
				w.Header().Set("Retry-After", "5")
			}
			show(w, r, status, err)
		}
	})
}

// requestError is what is wrong with a request.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

func notFound(text string) error   { return &requestError{http.StatusNotFound, text} }
func badRequest(text string) error { return &requestError{http.StatusBadRequest, text} }

// errTooMuch is the error of what is bounded and has no room at the moment.
var errTooMuch = errors.New("the server does as much of this as it may at a time; try again in a moment")

func statusOf(err error) int {
	var request *requestError
	switch {
	case errors.As(err, &request):
		return request.status
	case errors.Is(err, catalog.ErrBusy), errors.Is(err, errTooMuch), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	case errors.Is(err, wim.ErrChanged):
		return http.StatusConflict
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

// pkg is the package that a request is about.
func (s *Server) pkg(r *http.Request) (*catalog.Package, error) {
	return s.catalog.Package(r.PathValue("id"))
}

// imageIndex is the index of the image that a request is about.
func imageIndex(r *http.Request) (int, error) {
	text := r.PathValue("image")
	index, err := strconv.Atoi(text)
	if err != nil || index < 1 || strconv.Itoa(index) != text {
		return 0, notFound("an image is named by its index, such as 1")
	}
	return index, nil
}

// imagePath is the path in an image that a request is about: "." for its root.
func imagePath(r *http.Request) (string, error) {
	path := strings.TrimSuffix(r.PathValue("path"), "/")
	if path == "" {
		path = "."
	}
	if !fs.ValidPath(path) {
		return "", notFound("there is no such path in an image")
	}
	return path, nil
}

// opened is an image that is open for a request.
type opened struct {
	*catalog.Handle
	image *wim.Image
	tree  *wim.FS
	path  string
	slots slots // for what is decoded of it
}

// open opens the image and the path that a request is about.
func (s *Server) open(r *http.Request) (*opened, error) {
	index, err := imageIndex(r)
	if err != nil {
		return nil, err
	}
	path, err := imagePath(r)
	if err != nil {
		return nil, err
	}
	o, err := s.openImage(r.Context(), r.PathValue("id"), index)
	if err != nil {
		return nil, err
	}
	o.path = path
	return o, nil
}

// openImage opens the root of an image.
func (s *Server) openImage(ctx context.Context, id string, index int) (*opened, error) {
	handle, err := s.catalog.Open(ctx, id, index)
	if err != nil {
		return nil, err
	}
	slots := s.slotsFor(handle)
	if !handle.HasTree() { // decoding it takes memory and time, as that of content does
		if err := slots.enter(ctx); err != nil {
			handle.Close()
			return nil, err
		}
		defer slots.leave()
	}
	tree, err := handle.Tree()
	if err != nil {
		handle.Close()
		return nil, err
	}
	return &opened{handle, handle.Image(), tree, ".", slots}, nil
}

// lookup finds the entry of the path.
func (o *opened) lookup() (fs.FileInfo, *wim.Entry, error) {
	info, err := o.tree.Lstat(o.path)
	if err != nil {
		return nil, nil, err
	}
	return info, info.Sys().(*wim.Entry), nil
}

// urlOf joins elements to the path of a URL. Each is escaped; the last one may
// be a path of an image.
func urlOf(elements ...string) string {
	var b strings.Builder
	for _, element := range elements {
		for part := range strings.SplitSeq(element, "/") {
			if part != "" && part != "." {
				b.WriteString("/" + url.PathEscape(part))
			}
		}
	}
	return b.String()
}

// writeJSON answers with an object.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	describe.NewJSON(w).Encode(value) // a client that has gone needs no answer
	return nil
}
