package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// server serves files as net/http does, and counts.
type server struct {
	*httptest.Server
	files map[string][]byte // by path

	mu    sync.Mutex
	asked []*http.Request
	sent  int64
}

func serve(t testing.TB, files map[string][]byte) *server {
	s := &server{files: files}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Clone(context.Background()))
	s.mu.Unlock()
	data, found := s.files[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/whole/") {
		r.Header.Del("Range")
	}
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(&countingWriter{w, s}, r, "", time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), bytes.NewReader(data))
}

type countingWriter struct {
	http.ResponseWriter
	server *server
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.server.mu.Lock()
	w.server.sent += int64(len(p))
	w.server.mu.Unlock()
	return w.ResponseWriter.Write(p)
}

// cost returns how many requests there were since the last call, and the bytes
// of their answers.
func (s *server) cost() (requests int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests, bytes = len(s.asked), s.sent
	s.asked, s.sent = nil, 0
	return requests, bytes
}

func webFiles(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"/install.wim":        wimtest.FixtureBytes(t, "install.wim"),
		"/win.iso":            iso(t, "media"),
		"/other.iso":          iso(t, "other"),
		"/plain.iso":          iso(t, "plain"),
		"/download/5":         iso(t, "media"),
		"/install.swm":        wimtest.FixtureBytes(t, "split.swm"),
		"/install2.swm":       wimtest.FixtureBytes(t, "split2.swm"),
		"/install3.swm":       wimtest.FixtureBytes(t, "split3.swm"),
		"/a:b/install.wim":    wimtest.FixtureBytes(t, "install.wim"),
		"/Reconstruct.WIM":    wimtest.FixtureBytes(t, "split.swm"),
		"/Reconstruct.WIM2":   wimtest.FixtureBytes(t, "split2.swm"),
		"/Reconstruct.WIM3":   wimtest.FixtureBytes(t, "split3.swm"),
		"/cut.swm":            wimtest.FixtureBytes(t, "split.swm"),
		"/wrong.swm":          wimtest.FixtureBytes(t, "split.swm"),
		"/wrong2.swm":         wimtest.FixtureBytes(t, "none.wim"),
		"/page.wim":           []byte("<!DOCTYPE html><html><body>Log in"),
		"/whole/install.wim":  append(wimtest.FixtureBytes(t, "install.wim"), make([]byte, 300_000)...),
		"/whole/page.wim":     []byte("<!DOCTYPE html><html><body>Log in"),
		"/whole/bigpage.html": []byte("<!DOCTYPE html><html><body>" + strings.Repeat("Log in ", 50_000)),
	}
}

func TestOpenURL(t *testing.T) {
	s := serve(t, webFiles(t))
	withUser := strings.Replace(s.URL, "http://", "http://user:secret@", 1)
	for _, c := range []struct{ name, want, fixture string }{
		{"/install.wim", "/install.wim", "install.wim"},
		{"/a:b/install.wim", "/a:b/install.wim", "install.wim"},
		{"/install.wim?signature=secret", "/install.wim?...", "install.wim"},
		{"/install.swm", "/install.swm", "split.swm"},
		{"/install2.swm", "/install2.swm", "split2.swm"},
		{"/Reconstruct.WIM", "/Reconstruct.WIM", "split.swm"},
		{"/Reconstruct.WIM3", "/Reconstruct.WIM3", "split3.swm"},
		{"/win.iso", "/win.iso:sources/install.swm", "split.swm"},
		{"/win.iso:sources/install2.swm", "/win.iso:sources/install2.swm", "split2.swm"},
		{"/win.iso:sources/boot.wim", "/win.iso:sources/boot.wim", "boot.wim"},
		{"/win.iso?signature=secret:sources/boot.wim", "/win.iso?...:sources/boot.wim", "boot.wim"},
		{"/win.iso?at=12:30", "/win.iso?...:sources/install.swm", "split.swm"},
		{"/win.iso:sources/boot.wim?signature=secret", "/win.iso?...:sources/boot.wim", "boot.wim"},
		{"/download/5", "/download/5:sources/install.swm", "split.swm"},
		{"/download/5:sources/boot.wim", "/download/5:sources/boot.wim", "boot.wim"},
	} {
		for _, base := range []string{s.URL, withUser} {
			file, err := Open(context.Background(), base+c.name)
			require.NoError(t, err, c.name)
			require.Equal(t, s.URL+c.want, file.Name)
			require.Empty(t, file.Warnings())
			requireSameFile(t, file, c.fixture)
			require.NoError(t, file.Close())
		}
	}
}

// A set on a web server costs requests for the parts that are there, and one
// for the first that is not.
func TestWebSets(t *testing.T) {
	s := serve(t, webFiles(t))
	file, err := Open(context.Background(), s.URL+"/install3.swm")
	require.NoError(t, err)
	require.Empty(t, file.MissingParts())
	require.NoError(t, file.Close())
	requests, _ := s.cost()
	require.Equal(t, 3, requests) // each part is smaller than a block

	file, err = Open(context.Background(), s.URL+"/cut.swm")
	require.NoError(t, err)
	require.Equal(t, []int{2, 3}, file.MissingParts())
	require.Empty(t, file.Warnings())
	require.NoError(t, file.Close())
	requests, _ = s.cost()
	require.Equal(t, 2, requests)

	file, err = Open(context.Background(), s.URL+"/Reconstruct.WIM")
	require.NoError(t, err)
	require.Empty(t, file.MissingParts())
	require.NoError(t, file.Close())
	requests, _ = s.cost()
	require.Equal(t, 4, requests) // and one for Reconstruct2.WIM

	file, err = Open(context.Background(), s.URL+"/wrong.swm")
	require.NoError(t, err)
	require.Equal(t, []int{2, 3}, file.MissingParts())
	require.Len(t, file.Warnings(), 1)
	require.ErrorContains(t, file.Warnings()[0], "part 2 is not used: "+s.URL+"/wrong2.swm: part 1 of another set")
	require.NoError(t, file.Close())
}

// A server that has each part that it is asked for.
func TestEndlessWebSet(t *testing.T) {
	files := map[string][]byte{}
	for number := 1; number <= maxWebParts+10; number++ {
		part := wimtest.FixtureBytes(t, "split.swm")
		binary.LittleEndian.PutUint16(part[40:], uint16(number)) // its number
		binary.LittleEndian.PutUint16(part[42:], 0xFFFF)         // of how many
		name := "/x" + strconv.Itoa(number) + ".swm"
		if number == 1 {
			name = "/x.swm"
		}
		files[name] = part
	}
	s := serve(t, files)
	file, err := Open(context.Background(), s.URL+"/x.swm")
	require.NoError(t, err)
	require.Len(t, file.MissingParts(), 0xFFFF-maxWebParts)
	require.NoError(t, file.Close())
	requests, _ := s.cost()
	require.Equal(t, maxWebParts, requests)
}

func TestPartURL(t *testing.T) {
	for _, c := range []struct {
		address     string
		own, number int
		want        string
	}{
		{"https://h/a/install.swm", 1, 2, "https://h/a/install2.swm"},
		{"https://h/a/install2.swm", 2, 1, "https://h/a/install.swm"},
		{"https://h/a/install2.swm", 2, 12, "https://h/a/install12.swm"},
		{"https://h/a/win10.swm", 1, 2, "https://h/a/win102.swm"},
		{"https://h/a/win102.swm", 2, 1, "https://h/a/win10.swm"},
		{"https://h/a/other.swm", 2, 1, ""},
		{"https://h/a/Reconstruct.WIM2?x", 2, 3, "https://h/a/Reconstruct.WIM3?x"},
		{"https://h/a/Reconstruct.WIM", 1, 2, "https://h/a/Reconstruct2.WIM https://h/a/Reconstruct.WIM2"},
		{"https://u:p@h:80/a%20b.swm?sig=1&x=2", 1, 3, "https://u:p@h:80/a%20b3.swm?sig=1&x=2"},
	} {
		require.Equal(t, c.want, strings.Join(partURLs(c.address, c.own, c.number), " "))
	}
}

// Each error is one line that has the URL without its secrets, and says what
// can be done.
func TestURLErrors(t *testing.T) {
	s := serve(t, webFiles(t))
	for _, c := range []struct {
		name string
		kind error
		want string
	}{
		{"/none.wim", fs.ErrNotExist, "open URL/none.wim?...: file does not exist: the server answers 404 Not Found"},
		{"/none.iso:sources/boot.wim", fs.ErrNotExist, "open URL/none.iso?...: file does not exist: the server answers 404 Not Found"},
		{"/whole/install.wim", httpat.ErrNoRanges, "open URL/whole/install.wim?...: httpat: the server does not send parts of the file: " +
			"it answers a request for a part with all of it; download the file and open the copy"},
		{"/page.wim", wim.ErrFormat, "URL/page.wim?...: wim: invalid data: this is a web page; " +
			"the download gave an error or asked for something; look at it in a browser, then download the file again"},
		{"/whole/page.wim", wim.ErrFormat, "URL/whole/page.wim?...: wim: invalid data: this is a web page; " +
			"the download gave an error or asked for something; look at it in a browser, then download the file again"},
		{"/whole/bigpage.html", httpat.ErrNoRanges, "this is a web page, so look there for the address of the file itself"},
		{"/plain.iso", udf.ErrISO9660, "URL/plain.iso?...: udf: ISO 9660 without UDF; copy the files out of it with another program"},
		{"/other.iso", fs.ErrNotExist, "URL/other.iso?...: there is no sources/install.wim, .esd or .swm, and no boot.wim in it; " +
			"name one of windows 10.wim: file does not exist"},
		{"/win.iso:install.wim", fs.ErrNotExist, "URL/win.iso?...: there is no install.wim in it; " +
			"name one of sources/boot.wim, sources/install.swm: file does not exist"},
	} {
		address, inner := splitURL(strings.Replace(s.URL, "http://", "http://user:secret@", 1) + c.name)
		name := address + "?signature=secret"
		if inner != "" {
			name += ":" + inner
		}
		_, err := Open(context.Background(), name)
		require.ErrorIs(t, err, c.kind, c.name)
		require.Contains(t, strings.ReplaceAll(err.Error(), s.URL, "URL"), c.want)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := Open(context.Background(), "https://user:sec ret@h/x.wim")
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.NotContains(t, err.Error(), "ret@")
}

func TestDisplayName(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.wim":          "a/b.wim",
		"x.iso:s/boot.wim": "x.iso:s/boot.wim",
		"https://user:secret@h:8443/x.iso?s=1:sources/boot.wim": "https://h:8443/x.iso?...:sources/boot.wim",
		"HTTP://h/x.iso:a":             "http://h/x.iso:a",
		"https://user:sec ret@h/x.wim": "(not a valid URL)",
	} {
		require.Equal(t, want, DisplayName(name))
	}
}

// Headers go to the server that is named, with all requests.
func TestWithHeader(t *testing.T) {
	s := serve(t, webFiles(t))
	file, err := Open(context.Background(), s.URL+"/install.swm", WithHeader("Authorization", "Bearer x"), WithHeader("X-Other", "y"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Len(t, s.asked, 3)
	for _, r := range s.asked {
		require.Equal(t, "Bearer x", r.Header.Get("Authorization"))
		require.Equal(t, "y", r.Header.Get("X-Other"))
		require.Equal(t, http.MethodGet, r.Method) // addresses are often signed for that alone
	}
}

func TestWebContext(t *testing.T) {
	s := serve(t, webFiles(t))
	ctx, cancel := context.WithCancel(context.Background())
	file, err := Open(ctx, s.URL+"/win.iso:sources/boot.wim")
	require.NoError(t, err)
	cancel() // ends what was opened with it
	_, err = file.Images[0].FS()
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, file.Close())
}

// A server that fails at every second request, in turn in several ways.
func TestFaultyServer(t *testing.T) {
	if testing.Short() {
		t.Skip("waits between attempts")
	}
	files := webFiles(t)
	var mu sync.Mutex
	n := 0
	faulty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		fault := n % 8
		mu.Unlock()
		switch fault {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case 3: // less than it announces
			w = &cutWriter{w, 100_000}
		case 5: // nothing at all
			panic(http.ErrAbortHandler)
		case 7:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(files[r.URL.Path]))
	}))
	defer faulty.Close()
	for _, c := range []struct{ name, fixture string }{{"/win.iso", "split.swm"}, {"/win.iso:sources/boot.wim", "boot.wim"}, {"/install.swm", "split.swm"}} {
		file, err := Open(context.Background(), faulty.URL+c.name)
		require.NoError(t, err)
		requireSameFile(t, file, c.fixture)
		require.NoError(t, file.Close())
	}
	require.Greater(t, n, 10)
}

// cutWriter breaks the connection after some bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left])
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

// Close ends the requests of all files of a set.
func TestCloseWeb(t *testing.T) {
	s := serve(t, webFiles(t))
	for _, name := range []string{"/install.swm", "/win.iso"} {
		file, err := Open(context.Background(), s.URL+name)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		report, err := file.Verify(context.Background())
		require.NoError(t, err)
		require.NotEmpty(t, report.Problems)
		for _, p := range report.Problems {
			require.ErrorIs(t, p.Err, fs.ErrClosed)
		}
	}
}

// Whatever a URL is, nothing of its query or of its password is shown.
func FuzzDisplayName(f *testing.F) {
	for _, name := range []string{"https://h/x.iso:sources/boot.wim", "https://u:SECRET@h/x.iso?a=SECRET:sources/boot.wim", "http://h/a:b.wim", "http://:SECRET@/?"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		shown := DisplayName(name)
		if !IsURL(name) {
			require.Equal(t, name, shown)
			return
		}
		address, inner := splitURL(name)
		require.Contains(t, name, inner)
		require.True(t, IsURL(address) || inner == "")
		u, err := url.Parse(address)
		if err != nil {
			require.NotContains(t, shown, address)
			return
		}
		if _, secret, found := strings.Cut(address, "?"); found && len(secret) > 8 && !strings.Contains(u.Host+u.Path+u.RawPath+inner, secret) {
			require.NotContains(t, shown, secret)
		}
		if password, set := u.User.Password(); set && len(password) > 8 && !strings.Contains(u.Host+u.Path+u.RawPath+inner, password) {
			require.NotContains(t, shown, password)
		}
	})
}
