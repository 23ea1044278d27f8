package console

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

func TestAPI(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "ntfs.wim")
	id := s.id("install.wim")
	list := s.object("/api/packages")["packages"].([]any)
	require.Len(t, list, 2)
	first := list[0].(map[string]any)
	require.Equal(t, id, first["id"])
	image := first["images"].([]any)[0].(map[string]any)
	require.Equal(t, "10.0.18362.1139", image["version"])
	require.Equal(t, "KB4577671", image["update"].(map[string]any)["kb"])

	detail := s.object("/api/packages/" + id)
	require.Equal(t, "51a67a2d-8242-ca26-4347-45098d1f0755", detail["file"].(map[string]any)["guid"])
	require.Equal(t, "Windows 10 Home", s.object("/api/packages/" + id + "/images/2")["name"])
	require.Equal(t, "10.0.18362.1139", s.object("/api/packages/" + id + "/images/1/version")["verdict"].(map[string]any)["version"])
	update := s.object("/api/packages/" + id + "/images/1/inventory")["updates"].([]any)[0].(map[string]any)
	require.Equal(t, "KB4577671", update["kb"])

	files := s.object("/api/packages/" + s.id("ntfs.wim") + "/images/1/files/")
	require.Equal(t, "dir", files["entry"].(map[string]any)["type"])
	sums := map[string]string{}
	for _, sum := range wimtest.FixtureSums(t, "ntfs") {
		if sum.Stream == "" {
			sums["/"+sum.Path] = sum.SHA1
		}
	}
	checked := 0
	for _, e := range files["entries"].([]any) {
		entry := e.(map[string]any)
		if sha1, _ := entry["sha1"].(string); sha1 != "" && entry["type"] == "file" {
			require.Equal(t, sums[entry["path"].(string)], sha1, entry["path"])
			checked++
		}
	}
	require.Greater(t, checked, 5)
	for _, target := range []string{"/api/packages/x", "/api/packages/" + id + "/images/9", "/api/packages/" + id + "/images/1/files/nothing", "/api/x"} {
		response := s.do("GET", target)
		require.Equal(t, http.StatusNotFound, response.StatusCode, target)
		var failure map[string]string
		require.NoError(t, json.NewDecoder(response.Body).Decode(&failure))
		require.Equal(t, "not_found", failure["kind"], target)
	}
}

// Every route of the API is in the document, and every one in the document is
// a route.
func TestAPIIsDocumented(t *testing.T) {
	source, err := os.ReadFile("routes.go")
	require.NoError(t, err)
	document, err := os.ReadFile(wimtest.FixturePath(t, "../docs/console.md"))
	require.NoError(t, err)
	var routes, documented []string
	for _, match := range regexp.MustCompile(`api\("((?:GET|POST|DELETE) [^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		routes = append(routes, strings.ReplaceAll(match[1], "{path...}", "{path}"))
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `((?:GET|POST|DELETE) /api/[^`]*)`").FindAllStringSubmatch(string(document), -1) {
		documented = append(documented, match[1])
	}
	slices.Sort(routes)
	slices.Sort(documented)
	require.Equal(t, routes, documented)
}
