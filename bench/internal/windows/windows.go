// Package windows makes a tree that stands for an installed Windows.
package windows

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/wimble-go/wimble/bench/internal/tools"
	"github.com/wimble-go/wimble/internal/regf/regftest"
)

// SoftwareHive is where wimble version looks first, in an image that has the tree
// as /Windows.
const SoftwareHive = "/Windows/System32/config/SOFTWARE"

// Capture captures the tree into a WIM file with wimlib-imagex, as /Windows, and
// other folders by the names that they are given in the image.
func Capture(cache, file string, others map[string]string, options ...string) error {
	dir, err := os.MkdirTemp(cache, "windows-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := write(filepath.Join(dir, "Windows")); err != nil {
		return err
	}
	lines := fmt.Sprintf("%q \"/Windows\"\n", filepath.Join(dir, "Windows"))
	for name, folder := range others {
		lines += fmt.Sprintf("%q %q\n", folder, name)
	}
	list := filepath.Join(dir, "sources")
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		return err
	}
	args := append([]string{"capture", "--source-list", list, file, "Windows", "--image-property", "WINDOWS/VERSION/MAJOR=10",
		"--image-property", "WINDOWS/VERSION/MINOR=0", "--image-property", "WINDOWS/VERSION/BUILD=18362",
		"--image-property", "WINDOWS/VERSION/SPBUILD=1"}, options...)
	_, err = tools.Output("", "wimlib-imagex", args...)
	return err
}

// write writes a tree that is to a reader of versions what an installed Windows
// is: a SOFTWARE hive of 64 MiB, a kernel, the names of 20,000 components and
// 3,000 packages, and 230 MB that do not get smaller. Nothing of Microsoft's is in
// it.
func write(windows string) error {
	root, err := tools.ModuleRoot()
	if err != nil {
		return err
	}
	kernel, err := os.ReadFile(filepath.Join(root, "..", "winver", "testdata", "kernel-10.0.18362.1139-amd64.exe"))
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"System32/config/SOFTWARE": bigHive(),
		"System32/ntoskrnl.exe":    kernel,
		"System32/kernel32.dll":    []byte("MZ"),
	}
	const token = "31bf3856ad364e35"
	for i := range 20000 {
		name := fmt.Sprintf("WinSxS/Manifests/amd64_microsoft-windows-component%d_%s_10.0.18362.%d_none_%016x.manifest", i, token, 1+i%1139, i)
		files[name] = fmt.Appendf(nil, "manifest %d", i)
	}
	files["WinSxS/Manifests/amd64_microsoft-windows-coreos-revision_"+token+"_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest"] = []byte("revision")
	for i := range 3000 {
		name := fmt.Sprintf("servicing/Packages/Microsoft-Windows-Feature%d-Package~%s~amd64~~10.0.18362.%d.mum", i, token, 1+i%1139)
		files[name] = fmt.Appendf(nil, "package %d", i)
	}
	files["servicing/Packages/Package_for_RollupFix~"+token+"~amd64~~18362.1139.1.8.mum"] = []byte("rollup")
	files["servicing/Packages/Microsoft-Windows-19H2-Enablement-Package~"+token+"~amd64~~10.0.18362.1.mum"] = []byte("enablement")
	random := rand.NewChaCha8([32]byte{})
	for i := range 230 {
		packed := make([]byte, 1_000_000)
		random.Read(packed)
		files[fmt.Sprintf("Installer/%d.msi", i)] = packed
	}
	for name, data := range files {
		name = filepath.Join(windows, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// bigHive makes a SOFTWARE hive of over 64 MiB: 100,000 classes, and the
// version of a Windows 10 1909 after them.
func bigHive() []byte {
	root := &regftest.Key{Name: "ROOT"}
	classes := root.At("Classes")
	for i := range 100_000 {
		id := binary.LittleEndian.AppendUint32(nil, uint32(i)*2654435761)
		classes.Keys = append(classes.Keys, (&regftest.Key{Name: fmt.Sprintf("{%08X-0000-0000}", i)}).Set(
			regftest.SZ("", "Class "+strings.Repeat(fmt.Sprintf("%x.", id), 12)),
			regftest.Binary("Data", bytes.Repeat(id, 64))))
	}
	root.At(`Microsoft\Windows NT\CurrentVersion`).Set(
		regftest.SZ("CurrentBuild", "18363"), regftest.SZ("CurrentBuildNumber", "18363"), regftest.DWORD("UBR", 1139),
		regftest.DWORD("CurrentMajorVersionNumber", 10), regftest.DWORD("CurrentMinorVersionNumber", 0),
		regftest.SZ("ReleaseId", "1909"), regftest.SZ("EditionID", "Professional"), regftest.SZ("InstallationType", "Client"),
		regftest.SZ("ProductName", "Windows 10 Pro"))
	return regftest.Build(root, regftest.Options{})
}
