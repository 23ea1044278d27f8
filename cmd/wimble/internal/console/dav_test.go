package console

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

type davResponse struct {
	Href   string    `xml:"href"`
	Length string    `xml:"propstat>prop>getcontentlength"`
	Type   string    `xml:"propstat>prop>getcontenttype"`
	ETag   string    `xml:"propstat>prop>getetag"`
	Folder *struct{} `xml:"propstat>prop>resourcetype>collection"`
}

// children lists a folder as a WebDAV client does.
func (s *served) children(target string) []davResponse {
	s.t.Helper()
	response := s.send(httptest.NewRequest("PROPFIND", target, nil), "Depth: 1")
	require.Equal(s.t, http.StatusMultiStatus, response.StatusCode, target)
	var answer struct {
		Responses []davResponse `xml:"response"`
	}
	require.NoError(s.t, xml.NewDecoder(response.Body).Decode(&answer))
	require.NotEmpty(s.t, answer.Responses)
	return answer.Responses[1:] // the first is the folder itself
}

// A client that walks through everything sees each file, and no circles.
func TestDAV(t *testing.T) {
	s := serve(t, Guard{}, "ntfs.wim", "lzx-32k.wim")
	sums := map[string]string{}
	var walk func(target string)
	walk = func(target string) {
		for _, child := range s.children(target) {
			if child.Folder != nil {
				walk(child.Href)
				continue
			}
			path, err := url.PathUnescape(child.Href)
			require.NoError(t, err)
			content := s.get(child.Href)
			sums[path] = wimtest.HexSHA1([]byte(content))
			if len(content) > 0 {
				require.Equal(t, `"`+sums[path]+`"`, child.ETag, path)
			}
			require.NotEmpty(t, child.Type)
			require.NotEmpty(t, child.Length)
		}
	}
	walk("/dav/")
	for file, listing := range map[string]string{"lzx-32k.wim/1 common": "common", "ntfs.wim/1 ntfs": "ntfs"} {
		for _, sum := range wimtest.FixtureSums(t, listing) {
			if sum.Stream == "" {
				require.Equal(t, sum.SHA1, sums["/dav/"+file+"/"+sum.Path], sum.Path)
			}
		}
	}
	for path := range sums {
		require.NotContains(t, path, "/directory-link/")
		require.NotContains(t, path, "/junction/")
	}
}

func TestDAVIsBounded(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	for _, headers := range [][]string{nil, {"Depth: infinity"}, {"Depth: 2"}} {
		response := s.send(httptest.NewRequest("PROPFIND", "/dav/", nil), headers...)
		require.Equal(t, http.StatusForbidden, response.StatusCode)
		require.Contains(t, body(t, response), "propfind-finite-depth")
	}
	response := s.do("OPTIONS", "/dav/")
	require.Equal(t, davMethods, response.Header.Get("Allow"))
	require.Equal(t, "1", response.Header.Get("DAV"))
	require.Equal(t, http.StatusNotFound, s.send(httptest.NewRequest("PROPFIND", "/dav/nothing", nil), "Depth: 0").StatusCode)
	require.Equal(t, http.StatusNotFound, s.do("GET", "/dav/none.wim/2").StatusCode)
	require.Equal(t, http.StatusSeeOther, s.do("GET", "/dav/none.wim/").StatusCode, "a browser sees the page")
	require.NotContains(t, strings.ToUpper(response.Header.Get("Allow")), "PUT")
}
