package console

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/wim"
)

// installed is a folder with a WIM of a Windows that has drivers of third
// parties, the provider of which has markup for a name.
func installed(t *testing.T, drivers int) string {
	t.Helper()
	root := &regftest.Key{Name: "ROOT"}
	packages := root.At(`DriverDatabase\DriverPackages`)
	for n := range drivers {
		packages.Keys = append(packages.Keys, &regftest.Key{Name: fmt.Sprintf("x.inf_amd64_%016x", n), Values: []regftest.Value{
			regftest.SZ("", "oem7.inf"), regftest.SZ("Provider", "<b>\u202e")}})
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "Windows", "System32", "config")
	require.NoError(t, os.MkdirAll(config, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(config, "DRIVERS"), regftest.Build(root, regftest.Options{}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(config, "..", "kernel32.dll"), nil, 0o600))
	folder, err := wim.OpenDir(dir)
	require.NoError(t, err)
	defer folder.Close()
	w, err := wim.NewWriter(wim.WithCompression(wim.CompressionNone))
	require.NoError(t, err)
	_, err = w.Capture(t.Context(), folder)
	require.NoError(t, err)
	out := t.TempDir()
	_, err = w.WriteFile(t.Context(), filepath.Join(out, "installed.wim"))
	require.NoError(t, err)
	return out
}

// What a hive says is text, and there is not more of it on a page than people
// read.
func TestHostileInventory(t *testing.T) {
	s := serveFolder(t, Guard{}, installed(t, maxSectionRows+5))
	page := s.get("/packages/" + s.id("installed.wim") + "/images/1/inventory")
	require.NotContains(t, page, "<b>")
	require.NotContains(t, page, "\u202e")
	require.Contains(t, page, "<p>and 5 more</p>")
	require.Equal(t, maxSectionRows, strings.Count(page, "oem7.inf"))
	require.Len(t, s.object("/api/packages/" + s.id("installed.wim") + "/images/1/inventory")["drivers"], maxSectionRows+5)
}

func TestInventoryPage(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "multi.wim")
	require.Contains(t, s.get("/packages/"+s.id("install.wim")), `/images/1/inventory">Installed</a>`)
	target := "/packages/" + s.id("install.wim") + "/images/1/inventory"
	require.Empty(t, s.inventories.kept) // nothing is read until it is asked for
	page := s.get(target)
	for _, text := range []string{"Installed in Windows 10 Pro", "DISM /Get-Drivers", "KB4577671", "18362.1139.1.9", "names only", `href="/api` + target + `"`} {
		require.Contains(t, page, text)
	}
	require.Len(t, s.inventories.kept, 1)
	require.Equal(t, page, s.get(target))
	require.Equal(t, http.StatusNotFound, s.do("GET", "/packages/"+s.id("multi.wim")+"/images/1/inventory").StatusCode, "no Windows is in it")
	require.Equal(t, http.StatusNotFound, s.do("GET", "/packages/"+s.id("install.wim")+"/images/9/inventory").StatusCode)
}
