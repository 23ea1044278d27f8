package console

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/winver"
)

// served is a server for a folder with copies of fixtures.
type served struct {
	*Server
	t   *testing.T
	dir string
}

func serve(t *testing.T, guard Guard, fixtures ...string) *served {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "images")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for _, name := range fixtures {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), wimtest.FixtureBytes(t, name), 0o600))
	}
	return serveFolder(t, guard, dir)
}

func serveFolder(t *testing.T, guard Guard, dir string) *served {
	t.Helper()
	s, err := New(Config{Paths: []string{dir}, Table: winver.DefaultTable(), Guard: guard})
	require.NoError(t, err)
	s.today = func() winver.Date { return winver.Date{Year: 2026, Month: 11, Day: 28} }
	t.Cleanup(func() { // closes what is open
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Run(ctx)
	})
	return &served{s, t, dir}
}

// do answers a request as the server would. Headers are "Name: value".
func (s *served) do(method, target string, headers ...string) *http.Response {
	s.t.Helper()
	return s.send(httptest.NewRequest(method, target, nil), headers...)
}

func (s *served) send(r *http.Request, headers ...string) *http.Response {
	s.t.Helper()
	r.Host = "127.0.0.1:8480"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// get gets something that has to be there.
func (s *served) get(target string, headers ...string) string {
	s.t.Helper()
	response := s.do("GET", target, headers...)
	require.Equal(s.t, http.StatusOK, response.StatusCode, target)
	return body(s.t, response)
}

func (s *served) object(target string) map[string]any {
	s.t.Helper()
	var object map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(s.get(target)), &object))
	return object
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(data)
}

// id is the id of a package.
func (s *served) id(name string) string { return s.pkgOf(name).ID }

func (s *served) pkgOf(name string) *catalog.Package {
	s.t.Helper()
	for _, p := range s.catalog.Packages() {
		if p.Name == name {
			return p
		}
	}
	require.Fail(s.t, "no package", name)
	return nil
}
