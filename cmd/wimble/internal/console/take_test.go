package console

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// An image that is taken is a file that verifies, with that image alone, and has
// the same bytes each time, whole and in ranges.
func TestTake(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "multi.wim", "solid-lzms.esd")
	for _, file := range []string{"install.wim", "multi.wim"} {
		p := s.pkgOf(file)
		for _, image := range p.Images {
			target := "/packages/" + p.ID + "/images/" + string(rune('0'+image.Index)) + "/wim"
			response := s.do("GET", target)
			require.Equal(t, http.StatusOK, response.StatusCode)
			data := body(t, response)
			require.Contains(t, response.Header.Get("Content-Disposition"), "attachment; filename="+p.Name[:len(p.Name)-4]+"-")
			r, err := wim.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
			require.NoError(t, err)
			require.Len(t, r.Images, 1)
			require.Equal(t, image.Info.Name, r.Images[0].Info.Name)
			report, err := r.Verify(t.Context())
			require.NoError(t, err)
			require.True(t, report.OK(), report.Problems)

			tag := response.Header.Get("ETag")
			require.NotEmpty(t, tag)
			middle := s.do("GET", target, "Range: bytes=100-299", "If-Range: "+tag)
			require.Equal(t, http.StatusPartialContent, middle.StatusCode)
			require.Equal(t, data[100:300], body(t, middle))
			again := serveFolder(t, Guard{}, s.dir) // a server that starts later
			require.Equal(t, data, again.get(target))
			require.Equal(t, tag, again.do("HEAD", target).Header.Get("ETag"))
			checkWithWimlib(t, []byte(data), image.Info.Name)
		}
	}
	response := s.do("GET", "/packages/"+s.id("solid-lzms.esd")+"/images/1/wim")
	require.Equal(t, http.StatusNotImplemented, response.StatusCode)
	require.Contains(t, body(t, response), "&#34;wimble export&#34; writes it")
	require.Equal(t, http.StatusNotImplemented, s.do("GET", "/packages/"+s.id("solid-lzms.esd")+"/images/1/take").StatusCode)
}

// checkWithWimlib has another program verify a file, where there is one.
func checkWithWimlib(t *testing.T, data []byte, name string) {
	t.Helper()
	if _, err := exec.LookPath("wimlib-imagex"); err != nil || testing.Short() {
		return
	}
	path := filepath.Join(t.TempDir(), "taken.wim")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command("wimlib-imagex", "verify", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command("wimlib-imagex", "info", path, "1").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), name)
}

// largeWIM has an image of three files that no codec makes smaller.
func largeWIM(t *testing.T, dir string) {
	w := wimtest.NewWIM()
	var files []*wimtest.Dentry
	for i, name := range []string{"a", "b", "c"} {
		content := make([]byte, 700<<10)
		for k := range content {
			content[k] = byte(k*k>>8) ^ byte(i)
		}
		files = append(files, wimtest.RegularFile(name, w.AddBlob(content)))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", files...)})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "large.wim"), w.Bytes(), 0o600))
}

func TestTakeAsSet(t *testing.T) {
	dir := t.TempDir()
	largeWIM(t, dir)
	s := serveFolder(t, Guard{}, dir)
	base := "/packages/" + s.id("large.wim") + "/images/1"
	parts := s.object("/api" + base + "/parts?size=1MiB")["parts"].([]any)
	require.Len(t, parts, 3) // a part holds one file of 700 KiB
	var r *wim.Reader
	for i, p := range parts {
		part := p.(map[string]any)
		require.Equal(t, []string{"large-1-part.swm", "large-1-part2.swm", "large-1-part3.swm"}[i], part["name"])
		data := s.get(part["url"].(string))
		require.EqualValues(t, len(data), part["size"])
		require.LessOrEqual(t, len(data), 1<<20)
		if i == 0 {
			var err error
			r, err = wim.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
			require.NoError(t, err)
			continue
		}
		require.NoError(t, r.AddPart(bytes.NewReader([]byte(data)), int64(len(data))))
	}
	require.Empty(t, r.MissingParts())
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Problems)
	page := s.get(base + "/take?size=1MiB")
	require.Contains(t, page, "large-1-part2.swm")
	for target, status := range map[string]int{
		"?size=1": http.StatusBadRequest, "?size=x": http.StatusBadRequest, "?size=1MiB&part=0": http.StatusNotFound, "?size=1MiB&part=4": http.StatusNotFound,
		"?part=x": http.StatusBadRequest, "?part=2": http.StatusNotFound, "?size=99999999999999999999GB": http.StatusBadRequest,
	} {
		require.Equal(t, status, s.do("GET", base+"/wim"+target).StatusCode, target)
	}
}
