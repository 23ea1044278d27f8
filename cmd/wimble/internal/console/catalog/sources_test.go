package catalog

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// isoFile is an ISO file of the fixtures of package media.
func isoFile(t *testing.T, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(wimtest.FixtureBytes(t, "../media/testdata/"+name+".gz")))
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}

func TestISOFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "media.iso")
	require.NoError(t, os.WriteFile(path, isoFile(t, "media.iso"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "damaged.iso"), isoFile(t, "media.iso")[:40<<10], 0o600))
	c := open(t, dir)
	list := names(c)
	require.Equal(t, "damaged.iso", list[0])
	require.Error(t, byName(t, c, "damaged.iso").Err)
	require.Greater(t, len(list), 1)
	for _, name := range list[1:] {
		require.Regexp(t, `^media\.iso:sources/`, name)
	}
	p := byName(t, c, list[1])
	require.NoError(t, p.Err)
	h, err := c.Open(t.Context(), p.ID, 1)
	require.NoError(t, err)
	defer h.Close()
	report, err := h.Reader.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK())

	// The ISO file is what has to stay as it is.
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, later, later))
	other, err := c.Open(t.Context(), p.ID, 0)
	require.ErrorIs(t, err, wim.ErrChanged)
	require.Nil(t, other)
	c.look(false)
	c.look(false)
	require.Equal(t, 2, byName(t, c, list[1]).Generation)
}

func TestURLs(t *testing.T) {
	content := wimtest.FixtureBytes(t, "install.wim")
	modified := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "secret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		http.ServeContent(w, r, "", modified, bytes.NewReader(content))
	}))
	defer server.Close()
	url := strings.Replace(server.URL, "://", "://u:secret@", 1) + "/install.wim"
	c, err := New([]string{url, t.TempDir()}, winver.DefaultTable())
	require.NoError(t, err)
	defer c.close(func(*opened) bool { return true })
	require.Equal(t, []string{server.URL + "/install.wim"}, names(c), "without the password")
	p := c.Packages()[0]
	require.NoError(t, p.Err)
	require.Len(t, p.Images, 3)
	require.True(t, p.Modified.Equal(modified))
	h, err := c.Open(t.Context(), p.ID, 1)
	require.NoError(t, err)
	_, err = readWhole(h)
	require.NoError(t, err)
	h.Close()

	content, modified = wimtest.FixtureBytes(t, "boot.wim"), modified.Add(time.Hour)
	c.roots[0].remote.look(t.Context())
	c.look(false)
	require.Len(t, c.Packages()[0].Images, 2)

	server.Close() // what cannot be reached is a package with an error, or none
	c.roots[0].remote.look(t.Context())
	c.look(false)
	c.look(false)
	for _, p := range c.Packages() {
		require.Error(t, p.Err)
		require.NotContains(t, p.Err.Error(), "secret")
	}
}
