package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
)

// A folder with the registry of a serviced Windows 10 1909: the enablement
// package has raised the build in the registry and nowhere else.
func TestVersionOfFolder(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At(`Microsoft\Windows NT\CurrentVersion`).Set(
		regftest.SZ("CurrentBuild", "18363"), regftest.SZ("CurrentBuildNumber", "18363"),
		regftest.DWORD("CurrentMajorVersionNumber", 10), regftest.DWORD("CurrentMinorVersionNumber", 0),
		regftest.DWORD("UBR", 1139), regftest.SZ("ReleaseId", "1909"), regftest.SZ("EditionID", "Professional"),
		regftest.SZ("InstallationType", "Client"), regftest.SZ("ProductName", "Windows 10 Pro"))
	dir := t.TempDir()
	config := filepath.Join(dir, "Windows", "System32", "config")
	require.NoError(t, os.MkdirAll(config, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(config, "SOFTWARE"), regftest.Build(root, regftest.Options{}), 0o600))

	out := works(t, "version", dir)
	require.Contains(t, out, "10.0.18363.1139\n")
	require.Contains(t, out, "Windows 10 1909\n")
	require.Contains(t, out, "KB4577671, 2020-10-13")

	object := parseJSON(t, works(t, "version", "--json", dir))
	require.Equal(t, "10.0.18363.1139", object["verdict"].(map[string]any)["version"])
	require.Equal(t, "KB4577671", object["update"].(map[string]any)["kb"])
	require.NotEmpty(t, object["evidence"])
}

func TestVersionOfNoWindows(t *testing.T) {
	_, stderr, status := command("version", fixture(t, "none.wim"), "1")
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "not a Windows image")
	_, stderr, status = command("version", fixture(t, "multi.wim"))
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "there are 4 images; name one of 1 first, 2, 3 空のイメージ 🚀, 4 again")
	require.Contains(t, fails(t, "version", t.TempDir()), "not a Windows image")
}
