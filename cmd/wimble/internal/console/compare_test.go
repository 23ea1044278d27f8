package console

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/winver"
)

func TestCompare(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "boot.wim", "ntfs.wim")
	one := s.id("install.wim") + ".1"
	answer := s.object("/api/compare?old=" + one + "&new=" + one)
	require.Equal(t, true, answer["summary"].(map[string]any)["equal"])
	require.Empty(t, answer["changes"])
	require.Contains(t, s.get("/compare?old="+one+"&new="+one), "Nothing is different")

	two := s.id("install.wim") + ".2"
	answer = s.object("/api/compare?old=" + one + "&new=" + two)
	kinds := map[string]string{}
	for _, c := range answer["changes"].([]any) {
		change := c.(map[string]any)
		kinds[change["path"].(string)] = change["kind"].(string)
	}
	require.Equal(t, "added", kinds["/Windows/System32/license-Core.xrm-ms"])
	require.Equal(t, "removed", kinds["/Windows/System32/license-Professional.xrm-ms"])
	page := s.get("/compare?old=" + one + "&new=" + two)
	require.Contains(t, page, "/Windows/System32/license-Core.xrm-ms")
	require.Contains(t, page, `<option value="`+two+`" selected>install.wim: 2 Windows 10 Home</option>`)

	s.get("/compare")
	for target, status := range map[string]int{
		"/compare?old=x&new=y": http.StatusBadRequest, "/api/compare": http.StatusBadRequest, "/api/compare?old=" + one: http.StatusBadRequest,
		"/api/compare?old=" + one + "&new=000000000000.1": http.StatusNotFound, "/api/compare?old=" + one + "&new=" + s.id("boot.wim") + ".9": http.StatusNotFound,
	} {
		require.Equal(t, status, s.do("GET", target).StatusCode, target)
	}
	require.Empty(t, s.comparisons)
}

func TestCompareManyChanges(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	updates := s.table.Newer(winver.Version{Major: 10, Build: 18362, UBR: 1139}, winver.Edition{})
	c := &comparison{Summary: &describe.DiffSummary{Updates: updates}, Total: 2500, From: 1000, Changes: make([]describe.Change, perComparison)}
	data := compareData{Old: "a.1", New: "b.2"}
	data.addResult(c)
	w := httptest.NewRecorder()
	require.NoError(t, s.show(w, http.StatusOK, "compare", page{Data: data}))
	text := w.Body.String()
	require.Contains(t, text, "Updates in between")
	require.Contains(t, text, "10.0.18362.1256: KB4592449")
	require.Contains(t, text, `rel="prev" href="/compare?from=0&amp;new=b.2&amp;old=a.1"`)
	require.Contains(t, text, `rel="next" href="/compare?from=2000&amp;new=b.2&amp;old=a.1"`)
}
