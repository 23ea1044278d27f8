package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
)

//go:embed templates assets
var embedded embed.FS

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

// page is what each template gets.
type page struct {
	Title   string
	Crumbs  []crumb
	Refresh bool   // look again after some seconds, where there is no script
	Event   uint64 // the last one that the page knows
	Data    any
}

// crumb is a link to a page above.
type crumb struct{ Text, URL string }

func newPages() pages {
	functions := template.FuncMap{
		// What a file says is shown by p: it may have characters that turn the
		// direction of text or hide some. Markup in it is escaped anyway.
		"p":         describe.Printable,
		"dates":     dates,
		"bytes":     describe.ByteSize,
		"thousands": describe.Thousands[int64],
		"asset":     assetURL,
		"join":      func(list []string) string { return describe.Printable(strings.Join(list, ", ")) },
	}
	out := pages{}
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(embedded, "templates/layout.html", "templates/job.html"))
	for _, name := range []string{"list", "package", "browse", "view", "version", "inventory", "compare", "take", "error"} {
		out[name] = template.Must(template.Must(layout.Clone()).ParseFS(embedded, "templates/"+name+".html"))
	}
	return out
}

var date = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// dates is p for text with dates, which are not to be broken at their hyphens.
func dates(text string) template.HTML {
	text = template.HTMLEscapeString(describe.Printable(text))
	return template.HTML(date.ReplaceAllString(text, `<span class="whole">$0</span>`))
}

// show answers with a page.
func (s *Server) show(w http.ResponseWriter, status int, name string, data page) error {
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout.html", data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
	return nil
}

func (s *Server) pageError(w http.ResponseWriter, _ *http.Request, status int, err error) {
	data := page{Title: http.StatusText(status), Crumbs: []crumb{home}, Data: err.Error()}
	if s.show(w, status, "error", data) != nil {
		http.Error(w, http.StatusText(status), status)
	}
}

var home = crumb{"Packages", "/"}

// serveAsset sends the stylesheet or the script. Their URLs change with them.
func serveAsset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	data, err := fs.ReadFile(embedded, "assets/"+name)
	if err != nil {
		return notFound("no such asset")
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	w.Write(data)
	return nil
}

func assetURL(name string) (string, error) {
	data, err := fs.ReadFile(embedded, "assets/"+name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("/assets/%s?%s", name, hex.EncodeToString(sum[:6])), nil
}
