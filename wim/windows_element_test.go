package wim_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// makeWindowsFolder makes a folder with what the XML of a Windows is taken
// from: Windows 10 1909 with the update of 2020-10-13.
func makeWindowsFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, data, 0o666))
	}
	kernel, err := os.ReadFile("../winver/testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(t, err)
	write("Windows/System32/ntoskrnl.exe", kernel)
	write("Windows/System32/kernel32.dll", kernel)

	software := &regftest.Key{Name: "ROOT"}
	software.At(`Microsoft\Windows NT\CurrentVersion`).Set(
		regftest.SZ("ProductName", "Windows 10 Pro"), regftest.SZ("EditionID", "Professional"), regftest.SZ("InstallationType", "Client"),
		regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("UBR", 1139), regftest.SZ("CurrentVersion", "6.3"),
		regftest.DWORD("CurrentMajorVersionNumber", 10), regftest.DWORD("CurrentMinorVersionNumber", 0),
		regftest.SZ("BuildLabEx", "18362.1.amd64fre.19h1_release.190318-1202"))
	write("Windows/System32/config/SOFTWARE", regftest.Build(software, regftest.Options{}))

	system := &regftest.Key{Name: "ROOT"}
	system.At("Select").Set(regftest.DWORD("Current", 1))
	system.At(`ControlSet001\Control\ProductOptions`).Set(regftest.SZ("ProductType", "WinNT"))
	// As in real images, this is not the UBR.
	system.At(`ControlSet001\Control\Windows`).Set(regftest.DWORD("CSDVersion", 0), regftest.DWORD("CSDBuildNumber", 1))
	system.At(`ControlSet001\Control\Nls\Language`).Set(regftest.SZ("InstallLanguage", "0407"))
	system.At(`ControlSet001\Control\MUI\UILanguages\de-DE`)
	system.At(`ControlSet001\Control\MUI\UILanguages\en-US`)
	write("Windows/System32/config/SYSTEM", regftest.Build(system, regftest.Options{}))
	return dir
}

// The XML of a captured Windows has what the tree has, with the true UBR.
// wimlib says the same of the folder, but takes SPBUILD from another place.
func TestCaptureSetsWindows(t *testing.T) {
	dir := makeWindowsFolder(t)
	folder, err := wim.OpenDir(dir)
	require.NoError(t, err)
	defer folder.Close()
	w := newWriter(t, wim.WithCompression(wim.CompressionNone))
	image, err := w.Capture(t.Context(), folder)
	require.NoError(t, err)
	require.NoError(t, image.Set("NAME", "captured"))
	dst := &memoryFile{room: 1 << 30}
	_, err = w.Write(t.Context(), dst)
	require.NoError(t, err)
	got := openBytes(t, dst.data).Images[0].Info
	want := wim.WindowsInfo{
		Architecture: wim.ArchitectureX64, ProductName: "Microsoft® Windows® Operating System", EditionID: "Professional",
		InstallationType: "Client", ProductType: "WinNT", SystemRoot: "WINDOWS",
		Languages: []string{"de-DE", "en-US"}, DefaultLanguage: "de-DE",
		Version: winver.Version{Major: 10, Minor: 0, Build: 18363, UBR: 1139}, Branch: "19h1_release",
	}
	require.Equal(t, &want, got.Windows)
	require.Equal(t, "Professional", got.Flags)
	require.Equal(t, "Windows 10 Pro", got.DisplayName)
	require.Equal(t, "Windows 10 Pro", got.DisplayDescription)
	update, ok := winver.DefaultTable().Update(got.Windows.Version)
	require.True(t, ok)
	require.EqualValues(t, 4577671, update.KB) // of 2020-10-13, says Microsoft

	needsWimlib(t)
	file := filepath.Join(t.TempDir(), "wimlib.wim")
	mustWimlib(t, "capture", dir, file, "captured", "--compress=none")
	theirs := openFile(t, file).Images[0].Info
	want.ProductName, want.Branch, want.Version.UBR = "Windows 10 Pro", "", 1
	require.Equal(t, &want, theirs.Windows)
	require.Equal(t, got.Flags, theirs.Flags)
	require.Equal(t, got.DisplayName, theirs.DisplayName)
}

// A tar of the folder says the same, and does not change what was set.
func TestTarSetsWindows(t *testing.T) {
	dir := makeWindowsFolder(t)
	var in bytes.Buffer
	pack := tar.NewWriter(&in)
	require.NoError(t, pack.AddFS(os.DirFS(dir)))
	require.NoError(t, pack.Close())
	w := newWriter(t, wim.WithCompression(wim.CompressionXPRESS))
	image, err := w.CaptureTar(&in)
	require.NoError(t, err)
	require.NoError(t, image.Set("FLAGS", "Mine"))
	dst := &memoryFile{room: 1 << 30}
	_, err = w.Write(t.Context(), dst)
	require.NoError(t, err)
	got := openBytes(t, dst.data).Images[0].Info
	require.Equal(t, winver.Version{Major: 10, Build: 18363, UBR: 1139}, got.Windows.Version)
	require.Equal(t, "Professional", got.Windows.EditionID)
	require.Equal(t, "WINDOWS", got.Windows.SystemRoot)
	require.Equal(t, "de-DE", got.Windows.DefaultLanguage)
	require.Equal(t, "Mine", got.Flags)
	require.Equal(t, "Windows 10 Pro", got.DisplayName)
}

// A tree that has no hives tells by names what it can, and one without Windows
// nothing.
func TestCaptureSetsWindowsByNames(t *testing.T) {
	for _, name := range []string{"install.wim", "install.esd"} {
		for _, image := range openFixture(t, name).Images {
			tree, err := image.FS()
			require.NoError(t, err)
			w := newWriter(t, wim.WithCompression(wim.CompressionNone))
			_, err = w.Capture(t.Context(), tree)
			require.NoError(t, err)
			dst := &memoryFile{room: 1 << 30}
			_, err = w.Write(t.Context(), dst)
			require.NoError(t, err)
			got := openBytes(t, dst.data).Images[0].Info
			want := image.Info.Windows
			if want == nil {
				require.Nil(t, got.Windows)
				require.Empty(t, got.Flags)
				continue
			}
			require.Equal(t, want.Version, got.Windows.Version, "%s, image %d", name, image.Index)
			require.Equal(t, want.Architecture, got.Windows.Architecture)
			require.Equal(t, want.SystemRoot, got.Windows.SystemRoot)
		}
	}
}
