package main

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// tarFiles reads the regular files and hard links of a tar.
func tarFiles(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		switch h.Typeflag {
		case tar.TypeReg:
			data, err := io.ReadAll(in)
			require.NoError(t, err)
			files[h.Name] = string(data)
		case tar.TypeLink:
			files[h.Name] = files[h.Linkname]
		}
	}
}

// requireSmall checks the files of the image "small".
func requireSmall(t *testing.T, files map[string]string) {
	t.Helper()
	sums := wimtest.FixtureSums(t, "small")
	require.Len(t, files, len(sums))
	for _, sum := range sums {
		require.Equal(t, sum.SHA1, wimtest.HexSHA1([]byte(files[sum.Path])), sum.Path)
	}
}

func TestTar(t *testing.T) {
	dir := t.TempDir()
	plain, compressed := filepath.Join(dir, "out.tar"), filepath.Join(dir, "out.tar.zst")
	file := fixture(t, "none.wim")
	var first string
	for _, args := range [][]string{{}, {"-o", "-"}, {"-o", plain}, {"-o", plain}, {"--output", compressed}} {
		stdout, stderr, status := command(append([]string{"tar", file, "small"}, args...)...)
		require.Zero(t, status, stderr)
		// The files, directories and links are those of TestExtract, and the root.
		require.Regexp(t, `^21 files, 22 directories, 9 links, [0-9,]+ bytes\n$`, stderr)
		if first == "" {
			first = stdout
			requireSmall(t, tarFiles(t, strings.NewReader(stdout)))
			continue
		}
		if args[1] == "-" {
			require.True(t, first == stdout)
			continue
		}
		require.Empty(t, stdout)
		data, err := os.ReadFile(args[1])
		require.NoError(t, err)
		if args[1] == compressed {
			require.Less(t, len(data), len(first)/2)
			z, err := zstd.NewReader(bytes.NewReader(data))
			require.NoError(t, err)
			data, err = io.ReadAll(z)
			require.NoError(t, err)
		}
		require.True(t, first == string(data))
	}
	requireFiles(t, dir, "out.tar", "out.tar.zst")
}

// requireFiles checks what is in a directory.
func requireFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, want, names)
}

// bsdtar reads what was compressed.
func TestTarZstdWithBsdtar(t *testing.T) {
	if _, err := exec.LookPath("bsdtar"); err != nil {
		t.Skip("bsdtar is not on PATH; on Debian it is in the package libarchive-tools")
	}
	out := filepath.Join(t.TempDir(), "out.tar.zst")
	_, stderr, status := command("tar", fixture(t, "install.wim"), "1", "Windows/System32/drivers", "-o", out)
	require.Zero(t, status, stderr)
	list, err := exec.Command("bsdtar", "-tf", out).Output()
	require.NoError(t, err)
	require.Equal(t, "Windows/\nWindows/System32/\nWindows/System32/drivers/\nWindows/System32/drivers/etc/\n"+
		"Windows/System32/drivers/etc/hosts\nWindows/System32/drivers/etc/\n", string(list))
}

func TestTarPaths(t *testing.T) {
	stdout, stderr, status := command("tar", fixture(t, "install.wim"), "Windows 10 Home", `\windows\system32\drivers`, "/Windows/notepad.exe")
	require.Zero(t, status)
	require.Equal(t, "2 files, 4 directories, 0 links, 1,794 bytes\n", stderr) // see TestExtractPaths
	files := tarFiles(t, strings.NewReader(stdout))
	require.Len(t, files, 2)
	require.Len(t, files["Windows/System32/drivers/etc/hosts"], 59)
	require.Equal(t, "tar nothing: file does not exist", fails(t, "tar", fixture(t, "install.wim"), "1", "nothing"))
}

// A name that is no tar's could be that of the file itself.
func TestTarOutputName(t *testing.T) {
	file := fixture(t, "none.wim")
	for _, out := range []string{file, "out", "out.zip", "out.tar.gz", t.TempDir()} {
		stdout, stderr, status := command("tar", file, "1", "-o", out)
		require.Equal(t, 2, status)
		require.Empty(t, stdout)
		require.Equal(t, "wimble: -o "+out+": the name has to end in .tar or .tar.zst\nTry 'wimble tar --help'.\n", stderr)
	}
	missing := filepath.Join(t.TempDir(), "nowhere", "out.tar")
	require.Regexp(t, "^open "+regexp.QuoteMeta(missing)+": ", fails(t, "tar", file, "1", "-o", missing))
}

// The tar takes the place of what is there: the file that a link leads to, with the mode
// that it had. A name may be as long as names are.
func TestTarReplaces(t *testing.T) {
	file, dir := fixture(t, "none.wim"), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Mkdir(in("directory.tar"), 0o700))
	require.Equal(t, "replace "+in("directory.tar")+": "+syscall.EISDIR.Error(), fails(t, "tar", file, "1", "-o", in("directory.tar")))
	require.NoError(t, os.WriteFile(in("old.tar"), []byte("old"), 0o600))
	want, _, _ := command("tar", file, "1")
	out := []string{in("old.tar"), in(strings.Repeat("n", 251) + ".tar")}
	if err := os.Symlink("old.tar", in("link.tar")); err == nil {
		out = append(out, in("link.tar"))
		require.NoError(t, os.Symlink("nowhere.tar", in("broken.tar")))
		require.Contains(t, fails(t, "tar", file, "1", "-o", in("broken.tar")), in("broken.tar")+": a link to nowhere.tar: ")
	}
	for _, name := range out {
		require.NoError(t, os.WriteFile(in("old.tar"), []byte("old"), 0o600))
		_, stderr, status := command("tar", file, "1", "-o", name)
		require.Zero(t, status, stderr)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	if runtime.GOOS != "windows" {
		info, err := os.Lstat(in("old.tar"))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	left, err := filepath.Glob(in(".wimble-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A device is written to, not replaced.
func TestTarToDevice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no /dev/null on Windows")
	}
	_, stderr, status := command("tar", fixture(t, "none.wim"), "1", "-o", os.DevNull)
	require.Zero(t, status, stderr)
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeCharDevice)
}

func TestTarIsNotWrittenToTerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there is no terminal to be had: ", err)
	}
	defer terminal.Close()
	var stderr bytes.Buffer
	require.Equal(t, 1, run([]string{"tar", fixture(t, "none.wim"), "1"}, terminal, &stderr))
	require.Equal(t, "wimble: a tar is not written to a terminal; name a file with -o, or pipe it into a program\n", stderr.String())
}

// A tar that ends early leaves nothing behind, and what was there stays.
func TestTarDamaged(t *testing.T) {
	data := wimtest.FixtureBytes(t, "none.wim")
	data[bytes.Index(data, []byte("linked\n"))] = 'L'
	file := writeFile(t, "bad.wim", data)
	message := "tar deep/a/hard-3.txt: blob 755cfbc92b31c227c2428a51ebbf360277877977: the content has SHA-1 " +
		wimtest.HexSHA1([]byte("Linked\n")) + ": wim: SHA-1 mismatch"
	for _, name := range []string{"out.tar", "out.tar.zst"} {
		dir := t.TempDir()
		out := filepath.Join(dir, name)
		require.Equal(t, message, fails(t, "tar", file, "1", "-o", out))
		requireFiles(t, dir)
		require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
		require.Equal(t, message, fails(t, "tar", file, "1", "-o", out))
		requireFiles(t, dir, name)
		old, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, "old", string(old))
	}
}

// A tar that lacks what is missing is whole, but the exit status tells.
func TestTarWithoutBase(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.tar")
	file := fixture(t, "delta.wim")
	_, stderr, status := command("tar", file, "1", "-o", out)
	require.Equal(t, 1, status)
	require.Regexp(t, `(?s)^wimble: tar: 25 contents are not at hand, the first is of .*: blob [0-9a-f]{40}: .*\n  affects 1:.*  and 17 more\n[0-9]+ files, .* bytes\nwimble: 27 entries or streams were left out\n$`, stderr)
	requireFiles(t, dir, "out.tar")
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	some := tarFiles(t, bytes.NewReader(data))
	require.NotEmpty(t, some)

	stdout, stderr, status := command("--ref", fixture(t, "lzx-32k.wim"), "tar", file, "1")
	require.Zero(t, status, stderr)
	require.Greater(t, len(tarFiles(t, strings.NewReader(stdout))), len(some))
}
