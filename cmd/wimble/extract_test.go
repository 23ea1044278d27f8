package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/internal/wimtest"
)

func TestExtract(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	dir := filepath.Join(t.TempDir(), "new")
	stdout, stderr, status := command("extract", fixture(t, "none.wim"), "small", "--to", dir)
	require.Zero(t, status)
	require.Empty(t, stdout)
	files, links, directories, size := 0, 0, 0, int64(0)
	counted := map[uint64]bool{}
	for _, e := range fixtureListing(t, "small") {
		switch {
		case e.ReparseTag != 0:
			links++
		case e.Attributes&0x10 != 0:
			directories++
		default:
			files++
			if !counted[e.LinkGroup] || e.LinkGroup == 0 {
				size += e.Stream(wimtest.UnnamedStream).Size
			}
			counted[e.LinkGroup] = true
		}
	}
	require.Equal(t, []int{21, 9, 22}, []int{files, links, directories}) // the root among them
	require.True(t, strings.HasPrefix(stderr, "21 files, 21 directories, 9 links, "+describe.Thousands(size)+" bytes\n"), stderr)
	for _, sum := range wimtest.FixtureSums(t, "small") {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(sum.Path)))
		require.NoError(t, err)
		require.Equal(t, sum.SHA1, wimtest.HexSHA1(data), sum.Path)
	}
}

func TestExtractPaths(t *testing.T) {
	dir := t.TempDir()
	_, stderr, status := command("extract", fixture(t, "install.wim"), "Windows 10 Home", `\windows\system32\drivers`, "/Windows/notepad.exe", "--to", dir)
	require.Zero(t, status)
	require.Equal(t, "2 files, 4 directories, 0 links, 1,794 bytes\n", stderr) // notepad.exe has 1024 + 700 + 11 bytes, hosts 59
	require.FileExists(t, filepath.Join(dir, "Windows", "notepad.exe"))
	require.FileExists(t, filepath.Join(dir, "Windows", "System32", "drivers", "etc", "hosts"))
	require.NoFileExists(t, filepath.Join(dir, "Windows", "System32", "cmd.exe"))
	require.Equal(t, "extract nothing: file does not exist", fails(t, "extract", fixture(t, "install.wim"), "1", "nothing", "--to", dir))
}

// "all" is every image, unless an image has that name.
func TestExtractAll(t *testing.T) {
	dir := t.TempDir()
	_, stderr, status := command("extract", fixture(t, "install.wim"), "all", "Windows/*32/cmd.exe", "/windows/notepad.EXE", "--to", dir)
	require.Zero(t, status, stderr)
	size := 0
	for _, listing := range []string{"windows-pro", "windows-home", "windows-enterprise"} {
		for _, e := range fixtureListing(t, listing) {
			if e.Path == "/Windows/System32/cmd.exe" || e.Path == "/Windows/notepad.exe" {
				size += int(e.Stream(wimtest.UnnamedStream).Size)
			}
		}
	}
	require.Equal(t, "6 files, 6 directories, 0 links, "+describe.Thousands(size)+" bytes\n", stderr)
	for _, image := range []string{"1", "2", "3"} {
		require.FileExists(t, filepath.Join(dir, image, "Windows", "notepad.exe"))
		require.FileExists(t, filepath.Join(dir, image, "Windows", "System32", "cmd.exe"))
	}
	require.Equal(t, "extract Windows/*.nothing: file does not exist",
		fails(t, "extract", fixture(t, "install.wim"), "all", "Windows/*.nothing", "--to", dir))
}

// What ended the work is said, whatever went wrong before.
func TestExtractIsEndedByTheTarget(t *testing.T) {
	data := wimtest.FixtureBytes(t, "none.wim")
	data[bytes.Index(data, []byte("linked\n"))] = 'L'
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "links", "relative"), 0o700))
	exists := errors.Unwrap(os.Mkdir(dir, 0o700)) // as the system puts it
	_, stderr, status := command("extract", writeFile(t, "bad.wim", data), "1", "links/hard-1.txt", "links/relative", "--to", dir)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "wimble: extract links/hard-1.txt: ")
	place := filepath.Join(dir, "links", "relative")
	require.Regexp(t, `\nwimble: \w+ `+regexp.QuoteMeta(place+": "+exists.Error())+`\n$`, stderr)
	require.NotContains(t, stderr, "not restored", "nothing is known of what was not tried")
}

func TestExtractDamaged(t *testing.T) {
	data := wimtest.FixtureBytes(t, "none.wim")
	data[bytes.Index(data, []byte("linked\n"))] = 'L'
	dir := t.TempDir()
	_, stderr, status := command("extract", writeFile(t, "bad.wim", data), "1", "links/hard-1.txt", "links/hard-2.txt", "twin-1.txt", "--to", dir)
	require.Equal(t, 1, status)
	require.Equal(t, "wimble: extract links/hard-1.txt: blob 755cfbc92b31c227c2428a51ebbf360277877977: the content has SHA-1 "+
		wimtest.HexSHA1([]byte("Linked\n"))+": wim: SHA-1 mismatch\n"+
		"wimble: extract links/hard-2.txt: it is a hard link of links/hard-1.txt, which was left out\n"+
		"1 files, 1 directories, 0 links, 15 bytes\n"+
		"wimble: 2 entries were not extracted\n", stderr)
	require.NoFileExists(t, filepath.Join(dir, "links", "hard-1.txt"))
	require.FileExists(t, filepath.Join(dir, "twin-1.txt"))
}
