package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Nothing outside of the folder is reached, however it is spelled.
func TestNothingOutsideIsReached(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	const secret = "what nobody may see"
	outside := filepath.Join(filepath.Dir(s.dir), "secret.txt")
	require.NoError(t, os.WriteFile(outside, []byte(secret), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "secret.txt"), []byte(secret), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(s.dir), "secret.wim"), wimtest.FixtureBytes(t, "none.wim"), 0o600))
	id := s.id("install.wim")
	var climbs []string
	for _, up := range []string{"..", "%2e%2e", "%2E.", ".%2e", "..%00", "..;", "%c0%ae%c0%ae", "...", "%252e%252e"} {
		for _, slash := range []string{"/", "%2f", "%5c", `\`, "//", "%252f"} {
			climbs = append(climbs, up+slash+"secret.txt", strings.Repeat(up+slash, 12)+"etc%2fpasswd")
			if !testing.Short() {
				climbs = append(climbs, strings.Repeat(up+slash, 3)+"secret.txt", up+slash+"etc%2fpasswd", strings.Repeat(up+slash, 12)+"secret.txt")
			}
		}
	}
	climbs = append(climbs, url.PathEscape(outside), outside[1:], "secret.txt", "secret.wim", "file:%2f%2f"+outside, "C:%5csecret.txt", `%5c%5chost%5cshare`)
	prefixes := []string{
		"/", "/assets/", "/packages/", "/packages/" + id + "/", "/packages/" + id + "/images/1/content/", "/packages/" + id + "/images/1/view/",
		"/packages/" + id + "/images/1/archive/", "/packages/" + id + "/images/1/browse/Windows/", "/packages/" + id + "/images/",
		"/api/packages/", "/api/packages/" + id + "/images/1/content/", "/api/packages/" + id + "/images/1/files/",
		"/dav/", "/dav/install.wim/", "/dav/install.wim/1%20Windows%2010%20Pro/",
	}
	for _, prefix := range prefixes {
		for _, climb := range climbs {
			target := prefix + climb
			r := httptest.NewRequest("GET", "/", nil)
			u, err := url.ParseRequestURI(target)
			if err != nil {
				continue
			}
			r.URL = u
			for range 3 { // redirects are followed
				response := s.send(r)
				text := body(t, response)
				require.NotContains(t, text, secret, target)
				require.NotContains(t, text, "root:", target)
				location := response.Header.Get("Location")
				if location == "" {
					require.NotEqual(t, http.StatusOK, response.StatusCode, target)
					require.Less(t, response.StatusCode, 500, "%s: %s", target, text)
					break
				}
				require.Regexp(t, `^/([^/\\]|$)`, location, target)
				if u, err = url.Parse(location); err != nil || u.Path == "/" || u.Path == "/packages/"+id {
					break
				}
				r = httptest.NewRequest("GET", "/", nil)
				r.URL = u
			}
		}
	}
}

// Whatever the method is, files stay as they are.
func TestReadOnly(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	id := s.id("install.wim")
	targets := []string{"/", "/packages/" + id, "/packages/" + id + "/images/1/content/Windows/notepad.exe", "/api/packages/" + id,
		"/dav/", "/dav/new", "/dav/install.wim", "/dav/install.wim/1%20Windows%2010%20Pro/Windows/notepad.exe", "/dav/install.wim/1%20Windows%2010%20Pro/new.txt"}
	for _, method := range []string{"PUT", "DELETE", "MKCOL", "MOVE", "COPY", "LOCK", "UNLOCK", "PROPPATCH", "PATCH", "POST", "REPORT"} {
		for _, target := range targets {
			r := httptest.NewRequest(method, target, strings.NewReader("x"))
			r.Header.Set("Destination", "http://127.0.0.1:8480/dav/elsewhere")
			status := s.send(r).StatusCode
			require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, status, "%s %s", method, target)
		}
	}
	entries, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	data, err := os.ReadFile(filepath.Join(s.dir, "install.wim"))
	require.NoError(t, err)
	require.Equal(t, wimtest.FixtureBytes(t, "install.wim"), data)
}

// hostileWIM writes a file whose names are markup, and text that turns around.
func hostileWIM(t *testing.T, name string) {
	t.Helper()
	w := wimtest.NewWIM()
	content := w.AddBlob([]byte("<script>alert('content')</script>"))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.RegularFile(`<script>alert('name')<`+"\u2215"+`script>.html`, content),
		wimtest.RegularFile(`" onmouseover="alert(1)" x="`, content),
		wimtest.RegularFile("photo\u202Egpj.exe", content),
		wimtest.RegularFile("javascript:alert(1)", content),
		wimtest.RegularFile("CON.txt", content),
		wimtest.Directory("<b>", wimtest.RegularFile("{{.}}", content)),
		wimtest.Symlink("link", w.AddBlob(wimtest.SymlinkData(`<img src=x onerror=alert(1)>`, true))),
	)})
	w.XML = wimtest.XML(`<WIM><IMAGE INDEX="1"><NAME>&lt;script&gt;alert('xml')&lt;/script&gt;</NAME><DESCRIPTION>"&gt;&lt;img src=x onerror=alert(1)&gt;</DESCRIPTION>` +
		`<WINDOWS><ARCH>9</ARCH><EDITIONID>&lt;i&gt;Pro</EDITIONID><LANGUAGES><LANGUAGE>'"&gt;&lt;svg onload=alert(1)&gt;</LANGUAGE></LANGUAGES>` +
		`<VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>18362</BUILD><SPBUILD>1139</SPBUILD></VERSION></WINDOWS></IMAGE></WIM>`)
	require.NoError(t, os.WriteFile(name, w.Bytes(), 0o600))
}

// Names and texts of a file are shown and never run.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	hostileWIM(t, filepath.Join(dir, "<script>alert(0)<.wim"))
	s := serveFolder(t, Guard{}, dir)
	p := s.catalog.Packages()[0]
	require.NoError(t, p.Err)
	image := "/packages/" + p.ID + "/images/1"
	pages := []string{"/", "/packages/" + p.ID, image + "/browse/", image + "/browse/%3Cb%3E", image + "/view/link", image + "/view/" + url.PathEscape("{{.}}")}
	o, err := s.openImage(t.Context(), p.ID, 1)
	require.NoError(t, err)
	defer o.Close()
	entries, err := o.tree.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		pages = append(pages, image+"/view"+urlOf(entry.Name()))
	}
	for _, target := range pages {
		response := s.do("GET", target)
		text := body(t, response)
		require.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
		require.Equal(t, 1, strings.Count(text, "<script"), target)
		for _, bad := range []string{"<img", "<b>", "<i>", "<svg onload", `" onmouseover`, "\u202E", `href="javascript:`} {
			require.NotContains(t, text, bad, target)
		}
	}
	require.Contains(t, s.get("/"), "&lt;i&gt;Pro")
	require.Contains(t, s.get(image+"/browse/"), `photo\u202Egpj.exe`)

	// Downloads have names that are safe, and types that nothing is run for.
	for _, entry := range entries {
		if entry.IsDir() || entry.Name() == "link" {
			continue
		}
		h := s.do("GET", image+"/content"+urlOf(entry.Name())).Header
		require.Regexp(t, `^attachment; filename`, h.Get("Content-Disposition"))
		require.NotRegexp(t, `[<>/\\]|"\S.*".*"|\x{202E}`, h.Get("Content-Disposition"))
		require.Contains(t, []string{"text/plain", "application/octet-stream"}, h.Get("Content-Type"))
		require.Contains(t, h.Get("Content-Security-Policy"), "sandbox")
	}
}

func TestSafeNames(t *testing.T) {
	for name, want := range map[string]string{
		"notepad.exe": "notepad.exe", "空 🚀.txt": "空 🚀.txt", "a/b": "a_b", `a\b`: "a_b", "a:b": "a_b", "..": "download", "": "download",
		"../../x": "_.._x", ".profile": "profile", "x. . ": "x", "CON": "_CON", "con.txt": "_con.txt", "COM1": "_COM1", "com10": "com10", "LPT9.x.y": "_LPT9.x.y",
		"a\r\nSet-Cookie: x": "a__Set-Cookie_ x", "a\u202Eb": "a_b", "a\x00b": "a_b", "\xff": "_", `"x"`: "_x_",
		strings.Repeat("é", 300): strings.Repeat("é", 100),
	} {
		require.Equal(t, want, safeName(name), "%q", name)
	}
}
