package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
)

// A folder with the registry of a Windows 10 1903 that has an update and a
// driver of a third party.
func TestInventoryOfFolder(t *testing.T) {
	const packages = `Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\`
	root := &regftest.Key{Name: "ROOT"}
	for id, state := range map[string]uint32{
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6": 0x70, // KB4577671
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1110.1.3": 0x50, // KB4577062, superseded
	} {
		root.At(packages+id).Set(regftest.DWORD("CurrentState", state), regftest.DWORD("Visibility", 1))
	}
	drivers := &regftest.Key{Name: "ROOT"}
	drivers.At(`DriverDatabase\DriverPackages\netkvm.inf_amd64_41ea1d2bcf7a5e1c`).Set(
		regftest.SZ("", "oem7.inf"), regftest.SZ("Provider", "Red Hat, Inc.\x1b"))
	dir := t.TempDir()
	config := filepath.Join(dir, "Windows", "System32", "config")
	require.NoError(t, os.MkdirAll(config, 0o777))
	for name, hive := range map[string]*regftest.Key{"SOFTWARE": root, "DRIVERS": drivers} {
		require.NoError(t, os.WriteFile(filepath.Join(config, name), regftest.Build(hive, regftest.Options{}), 0o600))
	}

	out := works(t, "inventory", dir)
	require.Contains(t, out, "Updates: 1, and 1 superseded\n")
	require.Contains(t, out, "KB4577671  cumulative  Installed  18362.1139.1.6  2020-10-13  -\n")
	require.NotContains(t, out, "KB4577062")
	require.Contains(t, out, "Packages: 2 (DISM /Get-Packages)\n")
	require.Contains(t, out, "Drivers: 1 (DISM /Get-Drivers)\n")
	require.Regexp(t, `(?m)^oem7.inf +netkvm.inf +- +Red Hat, Inc\.`, out)
	require.NotContains(t, out, "\x1b")
	require.Contains(t, out, "SYSTEM: not there\n")

	object := parseJSON(t, works(t, "inventory", "--json", dir))
	require.Len(t, object["updates"], 2)
	require.Equal(t, "installed", object["packages"].([]any)[1].(map[string]any)["state"])
	require.Equal(t, json.Number("112"), object["packages"].([]any)[1].(map[string]any)["raw_state"])
	require.Equal(t, "Windows", object["system_root"])
	require.Equal(t, []any{}, object["features"])

	// An image that holds only names of packages.
	out = works(t, "inventory", fixture(t, "install.wim"), "1")
	require.Contains(t, out, "KB4577671  cumulative  Unknown")
	require.Contains(t, out, "packages: names only")
}

func TestInventoryOfNoWindows(t *testing.T) {
	require.Contains(t, fails(t, "inventory", fixture(t, "none.wim"), "1"), "not a Windows image")
	require.Contains(t, fails(t, "inventory", fixture(t, "multi.wim")), "there are 4 images")
	require.Contains(t, fails(t, "inventory", fixture(t, "none.wim"), "nothing"), "nothing")
}
