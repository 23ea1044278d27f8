package main

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
)

// mediaISO returns an ISO file with a set and a boot.wim.
func mediaISO(t *testing.T) []byte {
	t.Helper()
	file, err := os.Open("../../media/testdata/media.iso.gz")
	require.NoError(t, err)
	defer file.Close()
	r, err := gzip.NewReader(file)
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

// serve serves files, to those who have a header if there is one.
func serve(t *testing.T, header string, files map[string][]byte) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, found := files[r.URL.Path]
		switch {
		case header != "" && r.Header.Get("Authorization") != header:
			http.Error(w, "who are you?", http.StatusUnauthorized)
		case !found:
			http.NotFound(w, r)
		default:
			http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(data))
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Each command says of a file in an ISO file and on a server what it says of the
// file.
func TestCommandsOnISOAndURL(t *testing.T) {
	dir := copies(t, "sources/install.swm=split.swm", "sources/install2.swm=split2.swm", "sources/install3.swm=split3.swm", "sources/boot.wim=boot.wim")
	iso := writeFile(t, "win.iso", mediaISO(t))
	base := serve(t, "", map[string][]byte{
		"/win.iso": mediaISO(t), "/sources/boot.wim": wimtest.FixtureBytes(t, "boot.wim"), "/sources/install.swm": wimtest.FixtureBytes(t, "split.swm"),
		"/sources/install2.swm": wimtest.FixtureBytes(t, "split2.swm"), "/sources/install3.swm": wimtest.FixtureBytes(t, "split3.swm"),
	})
	for _, c := range []struct{ path, args string }{
		{"sources/install.swm", "info FILE"},
		{"sources/install.swm", "info --json FILE"},
		{"sources/install.swm", "info FILE 1"},
		{"sources/install.swm", "ls -l -R FILE"},
		{"sources/install.swm", "ls --json -R FILE"},
		{"sources/install.swm", "cat FILE readme.txt"},
		{"sources/install.swm", "tar -o - FILE"},
		{"sources/install.swm", "verify FILE"},
		{"sources/boot.wim", "info FILE"},
		{"sources/boot.wim", "version --json FILE 2"},
		{"sources/boot.wim", "verify --json FILE"},
	} {
		run := func(name string) string {
			args := strings.Fields(c.args)
			for i, arg := range args {
				if arg == "FILE" {
					args[i] = name
				}
			}
			stdout, stderr, status := command(args...)
			require.Zero(t, status, stderr)
			return strings.ReplaceAll(stdout, name, "FILE")
		}
		local := filepath.Join(dir, filepath.FromSlash(c.path))
		want := run(local)
		for _, name := range []string{iso + ":" + c.path, base + "/win.iso:" + c.path, base + "/" + c.path} {
			require.Equal(t, want, run(name), "%s: %s", c.args, name)
		}
		if c.path == "sources/install.swm" && c.args != "info --json FILE" {
			for _, name := range []string{iso, base + "/win.iso"} { // the default
				require.Equal(t, want, strings.ReplaceAll(run(name), "FILE:"+c.path, "FILE"), "%s: %s", c.args, name)
			}
		}
	}
	require.Equal(t, 1+2+1, strings.Count(works(t, "info", "-R", base+"/win.iso"), "\n"))

	out := t.TempDir()
	_, stderr, status := command("extract", base+"/win.iso", "readme.txt", "--to", out)
	require.Zero(t, status, stderr)
	require.FileExists(t, filepath.Join(out, "readme.txt"))
	_, stderr, status = command("export", base+"/win.iso:sources/boot.wim", "all", filepath.Join(out, "boot.wim"))
	require.Zero(t, status, stderr)
	require.Regexp(t, `problems: 0\n$`, works(t, "verify", filepath.Join(out, "boot.wim")))
}

// Files on a server can be what --ref names.
func TestReferenceOnServer(t *testing.T) {
	base := serve(t, "", map[string][]byte{"/lzx-32k.wim": wimtest.FixtureBytes(t, "lzx-32k.wim")})
	require.Regexp(t, `missing blobs: 0; problems: 0\n$`, works(t, "verify", fixture(t, "delta.wim"), "--ref", base+"/lzx-32k.wim?a=[b]*"))
}

func TestHeader(t *testing.T) {
	base := serve(t, "Bearer secret", map[string][]byte{"/boot.wim": wimtest.FixtureBytes(t, "boot.wim")})
	require.Contains(t, works(t, "info", base+"/boot.wim", "--header", "Authorization: Bearer secret", "--header", "X-Other: y"), "Windows PE")
	require.Equal(t, "open "+base+"/boot.wim: permission denied: the server answers 401 Unauthorized; "+
		"give it the credentials that it wants, such as an Authorization header", fails(t, "info", base+"/boot.wim"))

	for _, text := range []string{"Bearer secret", ": secret", "Author ization: secret", "Authorization: secret\r\nX: y"} {
		_, stderr, status := command("info", base+"/boot.wim", "--header", text)
		require.Equal(t, 2, status)
		require.Contains(t, stderr, "wimble: --header wants a ")
		require.NotContains(t, stderr, "secret")
	}
}

// No command shows what is secret in a URL.
func TestSecretsInURLs(t *testing.T) {
	base := serve(t, "", map[string][]byte{"/boot.wim": wimtest.FixtureBytes(t, "boot.wim"), "/page.wim": []byte("<html>")})
	base = strings.Replace(base, "http://", "http://user:secret@", 1)
	for _, name := range []string{"/boot.wim", "/page.wim", "/none.wim", "/none.iso:sources/secret.wim"} {
		for _, args := range [][]string{
			{"info"}, {"info", "--json"}, {"info", "-R"}, {"info", "--json", "-R"}, {"verify"}, {"verify", "--json"}, {"ls"}, {"version"}, {"optimize"},
			{"verify", fixture(t, "delta.wim"), "--ref"},
		} {
			stdout, stderr, _ := command(append(args, base+name+"?signature=secret")...)
			require.NotContains(t, strings.ReplaceAll(stdout+stderr, "sources/secret.wim", ""), "secret", "%v %s", args, name)
		}
	}
	require.Contains(t, fails(t, "optimize", base+"/boot.wim"), "a file on a web server cannot be changed")
}
