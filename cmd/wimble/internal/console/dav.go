package console

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/webdav"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/wim"
)

// dav shows each package as a folder with a folder for each image. Nothing can
// be written, so that nothing need be locked.
func (s *Server) dav() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &davRequest{server: s, request: r}
		defer d.close()
		err := d.serve(w)
		if err != nil {
			http.Error(w, err.Error(), statusOf(err))
		}
	})
}

const davMethods = "OPTIONS, GET, HEAD, PROPFIND"

// davRequest is a request and the image that it has open.
type davRequest struct {
	server  *Server
	request *http.Request
	opened  *opened // of the image that was asked for last
	at      davPath
}

func (d *davRequest) close() {
	if d.opened != nil {
		d.opened.Close()
		d.opened = nil
	}
}

func (d *davRequest) serve(w http.ResponseWriter) error {
	r := d.request
	w.Header().Set("Allow", davMethods)
	w.Header().Set("DAV", "1")
	w.Header().Set("MS-Author-Via", "DAV")
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case http.MethodGet, http.MethodHead:
		return d.get(w)
	case "PROPFIND":
		// All files of an image would be too much for one answer.
		if depth := r.Header.Get("Depth"); depth != "0" && depth != "1" {
			w.Header().Set("Content-Type", "application/xml; charset=utf-8")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>`)
			return nil
		}
		handler := &webdav.Handler{Prefix: "/dav", FileSystem: davFS{d}, LockSystem: webdav.NewMemLS()}
		handler.ServeHTTP(w, r)
		return nil
	}
	return &requestError{http.StatusMethodNotAllowed, "nothing can be changed here"}
}

// get sends a file. A browser that asks for a folder sees its page.
func (d *davRequest) get(w http.ResponseWriter) error {
	p, err := d.server.davPath(strings.TrimPrefix(d.request.URL.Path, "/dav"))
	if err != nil {
		return err
	}
	if p.pkg == nil {
		http.Redirect(w, d.request, "/", http.StatusSeeOther)
		return nil
	}
	page := urlOf("packages", p.pkg.ID)
	if p.image == 0 {
		http.Redirect(w, d.request, page, http.StatusSeeOther)
		return nil
	}
	if err := d.open(p); err != nil {
		return err
	}
	info, err := d.opened.tree.Stat(p.path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		http.Redirect(w, d.request, pathURL(page+urlOf("images", strconv.Itoa(p.image)), "browse", p.path), http.StatusSeeOther)
		return nil
	}
	return d.opened.send(w, d.request, "")
}

// open has the image of the path open.
func (d *davRequest) open(p davPath) error {
	if d.opened == nil || d.at.pkg.ID != p.pkg.ID || d.at.image != p.image {
		d.close()
		o, err := d.server.openImage(d.request.Context(), p.pkg.ID, p.image)
		if err != nil {
			return err
		}
		d.opened = o
	}
	d.at, d.opened.path = p, p.path
	return nil
}

// davPath is what a path below /dav/ leads to: everything, a package, or a path
// in an image.
type davPath struct {
	pkg   *catalog.Package
	image int
	path  string
}

func (s *Server) davPath(name string) (davPath, error) {
	var p davPath
	name = strings.Trim(name, "/")
	if name == "" {
		return p, nil
	}
	if !fs.ValidPath(name) {
		return p, fs.ErrNotExist
	}
	first, rest, _ := strings.Cut(name, "/")
	for _, pkg := range s.catalog.Packages() {
		if davName(pkg) == first && pkg.Err == nil {
			p.pkg = pkg
		}
	}
	if p.pkg == nil {
		return p, fs.ErrNotExist
	}
	if rest == "" {
		return p, nil
	}
	second, rest, _ := strings.Cut(rest, "/")
	for _, image := range p.pkg.Images {
		if davImageName(image) == second {
			p.image = image.Index
		}
	}
	if p.image == 0 {
		return p, fs.ErrNotExist
	}
	if p.path = rest; rest == "" {
		p.path = "."
	}
	return p, nil
}

// davName is the name of a package's folder. Names that cannot be those of a
// folder are changed, and have the id so that they differ.
func davName(p *catalog.Package) string {
	if name := safeName(p.Name); name != p.Name {
		return name + "~" + p.ID
	}
	return p.Name
}

func davImageName(image *catalog.Image) string {
	name := strconv.Itoa(image.Index)
	if image.Info.Name != "" {
		name += " " + safeName(image.Info.Name)
	}
	return name
}

// davFS implements [webdav.FileSystem] for one request.
type davFS struct{ request *davRequest }

func (davFS) Mkdir(context.Context, string, os.FileMode) error { return fs.ErrPermission }
func (davFS) RemoveAll(context.Context, string) error          { return fs.ErrPermission }
func (davFS) Rename(context.Context, string, string) error     { return fs.ErrPermission }

func (d davFS) OpenFile(ctx context.Context, name string, flag int, _ os.FileMode) (webdav.File, error) {
	if flag != os.O_RDONLY {
		return nil, fs.ErrPermission
	}
	info, err := d.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	return &davFile{fs: d, name: name, info: info}, nil
}

func (d davFS) Stat(_ context.Context, name string) (os.FileInfo, error) {
	p, err := d.request.server.davPath(name)
	if err != nil {
		return nil, notThere(err)
	}
	switch {
	case p.pkg == nil:
		return &davFolder{name: "/"}, nil
	case p.image == 0:
		return &davFolder{name: path.Base(name), modified: p.pkg.Modified}, nil
	}
	if err := d.request.open(p); err != nil {
		return nil, notThere(err)
	}
	info, err := d.request.opened.tree.Stat(p.path)
	if err != nil {
		return nil, notThere(err)
	}
	return &davInfo{info, path.Base(name)}, nil
}

// notThere is an error that package webdav knows, which does not look into
// wrapped ones.
func notThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return fs.ErrNotExist
	}
	return err
}

// list lists a folder. Links to folders are left out: programs that walk a tree
// would walk in circles.
func (d davFS) list(name string) ([]fs.FileInfo, error) {
	p, err := d.request.server.davPath(name)
	if err != nil {
		return nil, err
	}
	var list []fs.FileInfo
	switch {
	case p.pkg == nil:
		for _, pkg := range d.request.server.catalog.Packages() {
			if pkg.Err == nil {
				list = append(list, &davFolder{davName(pkg), pkg.Modified})
			}
		}
		return list, nil
	case p.image == 0:
		for _, image := range p.pkg.Images {
			list = append(list, &davFolder{davImageName(image), image.Info.Modified.Time()})
		}
		return list, nil
	}
	if err := d.request.open(p); err != nil {
		return nil, err
	}
	tree := d.request.opened.tree
	entries, err := tree.ReadDir(p.path)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := tree.Stat(path.Join(p.path, entry.Name())); err != nil || info.IsDir() || info.Mode()&fs.ModeSymlink != 0 {
				continue
			}
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		list = append(list, &davInfo{info, entry.Name()})
	}
	return list, nil
}

// davFolder describes a folder that is in no image.
type davFolder struct {
	name     string
	modified time.Time
}

func (f *davFolder) Name() string       { return f.name }
func (f *davFolder) Size() int64        { return 0 }
func (f *davFolder) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (f *davFolder) ModTime() time.Time { return f.modified }
func (f *davFolder) IsDir() bool        { return true }
func (f *davFolder) Sys() any           { return nil }

// davInfo describes an entry of an image. Package webdav would read the file to
// find out its type.
type davInfo struct {
	fs.FileInfo
	name string
}

func (i *davInfo) Name() string { return i.name }
func (i *davInfo) Size() int64  { return max(0, i.FileInfo.Size()) }

// ContentType implements [webdav.ContentTyper].
func (i *davInfo) ContentType(context.Context) (string, error) { return contentType(i.name), nil }

// ETag implements [webdav.ETager].
func (i *davInfo) ETag(context.Context) (string, error) {
	return `"` + streamSum(i.Sys().(*wim.Entry), "").String() + `"`, nil
}

// davFile is what package webdav opens to look at.
type davFile struct {
	fs   davFS
	name string
	info fs.FileInfo
}

func (f *davFile) Stat() (fs.FileInfo, error)         { return f.info, nil }
func (f *davFile) Readdir(int) ([]fs.FileInfo, error) { return f.fs.list(f.name) }
func (f *davFile) Close() error                       { return nil }
func (f *davFile) Read([]byte) (int, error)           { return 0, fs.ErrInvalid } // get reads
func (f *davFile) Write([]byte) (int, error)          { return 0, fs.ErrPermission }
func (f *davFile) Seek(int64, int) (int64, error)     { return 0, fs.ErrInvalid }
