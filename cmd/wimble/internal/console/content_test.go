package console

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Every file is what it was when it was captured, and its ETag says so.
func TestDownload(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim", "solid-lzms.esd", "ntfs.wim")
	for file, listing := range map[string]string{"lzx-32k.wim": "common", "solid-lzms.esd": "common", "ntfs.wim": "ntfs"} {
		base := "/packages/" + s.id(file) + "/images/1/content"
		for _, sum := range wimtest.FixtureSums(t, listing) {
			target := base + urlOf(sum.Path)
			if sum.Stream != "" {
				target += "?" + url.Values{"stream": {sum.Stream}}.Encode()
			}
			response := s.do("GET", target)
			require.Equal(t, http.StatusOK, response.StatusCode, target)
			require.Equal(t, sum.SHA1, wimtest.HexSHA1([]byte(body(t, response))), target)
			if response.ContentLength != 0 {
				require.Equal(t, `"`+sum.SHA1+`"`, response.Header.Get("ETag"), target)
			}
		}
	}
}

func TestRangesAndConditions(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim")
	target := "/packages/" + s.id("lzx-32k.wim") + "/images/1/content/large/mixed.bin"
	whole := s.get(target)
	response := s.do("GET", target, "Range: bytes=100-199")
	require.Equal(t, http.StatusPartialContent, response.StatusCode)
	require.Equal(t, whole[100:200], body(t, response))
	tag := response.Header.Get("ETag")
	require.Equal(t, whole[len(whole)-7:], body(t, s.do("GET", target, "Range: bytes=-7", "If-Range: "+tag)))
	require.Equal(t, whole, body(t, s.do("GET", target, "Range: bytes=-7", `If-Range: "other"`)))
	require.Equal(t, http.StatusNotModified, s.do("GET", target, "If-None-Match: "+tag).StatusCode)
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, s.do("GET", target, "Range: bytes=999999999-").StatusCode)
	// Times do not tell: another content may have the same, or an older one.
	modified := response.Header.Get("Last-Modified")
	require.NotEmpty(t, modified)
	require.Equal(t, whole, body(t, s.do("GET", target, "Range: bytes=-7", "If-Range: "+modified)))
	require.Equal(t, http.StatusOK, s.do("GET", target, "If-Modified-Since: "+modified).StatusCode)
	head := s.do("HEAD", target)
	require.EqualValues(t, len(whole), head.ContentLength)
	require.Empty(t, body(t, head))
	require.Equal(t, http.StatusNotFound, s.do("GET", target+"?stream=none").StatusCode)
	require.Equal(t, http.StatusNotFound, s.do("GET", strings.TrimSuffix(target, "/mixed.bin")).StatusCode, "a folder has no content")
}

// Each range may take the decoding of a chunk, so that one request has few.
func TestManyRanges(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim")
	image := "/packages/" + s.id("lzx-32k.wim") + "/images/1"
	ranges := func(n int) string { return "Range: bytes=0-0" + strings.Repeat(",65536-65536", n-1) }
	for _, target := range []string{image + "/content/large/mixed.bin", image + "/wim"} {
		require.Equal(t, http.StatusPartialContent, s.do("GET", target, ranges(maxRanges)).StatusCode, target)
		require.Equal(t, http.StatusOK, s.do("GET", target, ranges(maxRanges+1)).StatusCode, target)
	}
}

func TestTextIsCompressed(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	image := "/packages/" + s.id("install.wim") + "/images/1"
	for _, target := range []string{"/", "/api/packages", "/assets/console.css", image + "/content/Windows/INF/setupapi.offline.log"} {
		plain := s.do("GET", target)
		response := s.do("GET", target, "Accept-Encoding: br, gzip;q=0.5")
		require.Equal(t, "gzip", response.Header.Get("Content-Encoding"), target)
		require.Equal(t, "Accept-Encoding", response.Header.Get("Vary"), target)
		z, err := gzip.NewReader(response.Body)
		require.NoError(t, err)
		text, err := io.ReadAll(z)
		require.NoError(t, err)
		require.Equal(t, body(t, plain), string(text), target)
		require.Empty(t, s.do("GET", target, "Accept-Encoding: gzip;q=0").Header.Get("Content-Encoding"), target)
	}
	log := image + "/content/Windows/INF/setupapi.offline.log"
	require.Regexp(t, `^W/"`, s.do("GET", log, "Accept-Encoding: gzip").Header.Get("ETag"))
	require.Empty(t, s.do("GET", log, "Accept-Encoding: gzip", "Range: bytes=0-9").Header.Get("Content-Encoding"))
	require.Empty(t, s.do("GET", image+"/content/Windows/notepad.exe", "Accept-Encoding: gzip").Header.Get("Content-Encoding"))
}

// damaged writes a file whose only content is not what its SHA-1 says.
func damaged(t *testing.T, dir, name string) {
	t.Helper()
	w := wimtest.NewWIM()
	content := bytes.Repeat([]byte("good text\n"), 20000)
	hash := w.AddBlob(content)
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("a.txt", hash), wimtest.RegularFile("b.bin", hash))})
	data := w.Bytes()
	at := bytes.Index(data, content[:100])
	require.Positive(t, at)
	data[at+150000] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

// Who gets content that is damaged sees that it is not whole, compressed or not.
func TestDamagedContentBreaksOff(t *testing.T) {
	dir := t.TempDir()
	damaged(t, dir, "damaged.wim")
	s := serveFolder(t, Guard{}, dir)
	server := httptest.NewServer(s)
	defer server.Close()
	image := "/packages/" + s.id("damaged.wim") + "/images/1"
	for _, target := range []string{image + "/content/a.txt", image + "/content/b.bin", image + "/archive/", image + "/archive/?format=zip"} {
		for _, encoding := range []string{"identity", "gzip"} {
			r, err := http.NewRequest("GET", server.URL+target, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", encoding)
			response, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			require.Error(t, err, "%s %s", target, encoding)
		}
	}
	// Parts cannot be checked.
	require.Equal(t, "good text\n", body(t, s.do("GET", image+"/content/a.txt", "Range: bytes=0-9")))
}

// A zip and a tar hold what the folder holds.
func TestArchives(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim")
	archive := "/packages/" + s.id("lzx-32k.wim") + "/images/1/archive"
	sums := map[string]string{}
	for _, sum := range wimtest.FixtureSums(t, "common") {
		sums[sum.Path] = sum.SHA1
	}
	check := func(files map[string]string, prefix, cut string) {
		t.Helper()
		want := map[string]string{}
		for path, sum := range sums {
			if strings.HasPrefix(path, prefix) {
				want[strings.TrimPrefix(path, cut)] = sum
			}
		}
		require.NotEmpty(t, want)
		require.Equal(t, want, files)
	}
	zipFiles := func(target string) map[string]string {
		data := s.get(target)
		z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		files := map[string]string{}
		for _, f := range z.File {
			if !f.Mode().IsRegular() {
				continue
			}
			r, err := f.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			files[f.Name] = wimtest.HexSHA1(content)
		}
		return files
	}
	check(zipFiles(archive+"/?format=zip"), "", "")
	check(zipFiles(archive+"/deep/a?format=zip"), "deep/a/", "deep/")

	response := s.do("GET", archive+"/large")
	require.Equal(t, `attachment; filename=large.tar.zst`, response.Header.Get("Content-Disposition"))
	z, err := zstd.NewReader(response.Body)
	require.NoError(t, err)
	defer z.Close()
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if h.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			files[h.Name] = wimtest.HexSHA1(content)
		}
	}
	check(files, "large/", "")
	require.Equal(t, http.StatusBadRequest, s.do("GET", archive+"/?format=rar").StatusCode)
	require.Equal(t, http.StatusNotFound, s.do("GET", archive+"/nothing?format=zip").StatusCode)
}

// Names that would lead elsewhere are changed, and links come last.
func TestHostileZip(t *testing.T) {
	w := wimtest.NewWIM()
	content := w.AddBlob([]byte("content"))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.RegularFile(`..\..\evil.exe`, content), wimtest.RegularFile(`C:\evil.exe`, content), wimtest.RegularFile(`C:_evil.exe`, content),
		wimtest.Symlink("a", w.AddBlob(wimtest.SymlinkData(`..\..`, true))), wimtest.Directory("A", wimtest.RegularFile("evil.exe", content)),
	)})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "h.wim"), w.Bytes(), 0o600))
	s := serveFolder(t, Guard{}, dir)
	data := s.get("/packages/" + s.id("h.wim") + "/images/1/archive/?format=zip")
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	require.NoError(t, err, "the standard library calls no name insecure")
	names := map[string]bool{}
	for _, f := range z.File {
		require.True(t, filepath.IsLocal(f.Name), f.Name)
		require.NotContains(t, f.Name, `\`)
		require.NotContains(t, f.Name, ":")
		require.False(t, names[f.Name], "%s twice", f.Name)
		names[f.Name] = true
	}
	require.Len(t, names, 6)
	require.Equal(t, "a", z.File[5].Name)
}
