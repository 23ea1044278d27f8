package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
)

// differs runs diff, which has to find differences and say nothing on stderr.
func differs(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := command(append([]string{"diff"}, args...)...)
	require.Empty(t, stderr)
	require.Equal(t, 1, status)
	return stdout
}

func TestDiff(t *testing.T) {
	multi := fixture(t, "multi.wim")
	// The two images are those that testdata/make.sh makes.
	require.Equal(t, `A /new.log
M /readme.txt: content
D /twin-2.txt

FOLDER  ADDED  REMOVED  CHANGED  RENAMED
/       1      1        1        0
all     1      1        1        0
`, differs(t, multi, "1", multi, "2"))
	require.Equal(t, `
FOLDER  ADDED  REMOVED  CHANGED  RENAMED
/       1      1        1        0
all     1      1        1        0
`, differs(t, "--summary", multi, "first", multi, "2"))

	// Image 4 is image 1 again, and none.wim has the same files.
	none := fixture(t, "none.wim")
	for _, args := range [][]string{{multi, "1", multi, "4"}, {multi, "1", none}, {none, multi, "1"}, {none, none}, {none, "1", none, "1"}} {
		require.Empty(t, works(t, append([]string{"diff"}, args...)...), "%v", args)
	}
	require.Equal(t, `{"kind":"summary","equal":true,"added":0,"removed":0,"changed":0,"renamed":0,"folders":[]}`+"\n",
		works(t, "diff", "--json", none, none))
}

func TestDiffJSON(t *testing.T) {
	multi := fixture(t, "multi.wim")
	lines := strings.Split(strings.TrimSpace(differs(t, "--json", multi, "1", multi, "2")), "\n")
	require.Len(t, lines, 4)
	var objects []map[string]any
	for _, line := range lines {
		objects = append(objects, parseJSON(t, line+"\n"))
	}
	require.Equal(t, "added", objects[0]["kind"])
	require.Equal(t, "/new.log", objects[0]["path"])
	require.Equal(t, "file", objects[0]["type"])
	require.NotContains(t, objects[0], "old_size")
	require.Equal(t, "changed", objects[1]["kind"])
	require.Equal(t, []any{"content"}, objects[1]["changed"])
	require.NotEqual(t, objects[1]["old_sha1"], objects[1]["sha1"])
	require.Equal(t, "removed", objects[2]["kind"])
	require.NotContains(t, objects[2], "size")
	require.JSONEq(t, `{"kind": "summary", "equal": false, "added": 1, "removed": 1, "changed": 1, "renamed": 0,
		"folders": [{"path": "/", "added": 1, "removed": 1, "changed": 1, "renamed": 0}]}`, lines[3])

	// The three editions of one Windows.
	install := fixture(t, "install.wim")
	object := parseJSON(t, differs(t, "--json", "--summary", install, "1", install, "3"))
	require.Equal(t, "10.0.18362.1139", object["version"].(map[string]any)["version"])
	require.Equal(t, object["version"], object["old_version"])
	require.NotContains(t, object, "updates")
}

// A folder that an image was extracted to is equal to it, until something changes
// there.
func TestDiffFolder(t *testing.T) {
	file, dir := fixture(t, "multi.wim"), filepath.Join(t.TempDir(), "out")
	_, _, status := command("extract", file, "1", "--to", dir)
	require.Zero(t, status)
	if strconv.IntSize == 64 { // else the system has no times after 2038
		require.Empty(t, works(t, "diff", "--times", file, "1", dir))
	}
	require.Empty(t, works(t, "diff", dir, file, "1"))
	require.Empty(t, works(t, "diff", dir, dir))
	require.NoError(t, os.Rename(filepath.Join(dir, "readme.txt"), filepath.Join(dir, "README.md")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "\x1b[2J"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "one-byte.bin"), []byte("y"), 0o600)) // it was "x"
	lines := strings.Split(differs(t, file, "1", dir), "\n")
	require.Equal(t, []string{`A /\u001B[2J`, "R /README.md from /readme.txt", "M /one-byte.bin: content", ""}, lines[:4])
	require.Contains(t, differs(t, "--times", file, "1", dir), "M /one-byte.bin: content, modified\n")
}

// Two folders with the registry of a Windows, and what lies between: the table
// has 18363.1171 and 18363.1198 as KB4580386 and KB4586786.
func TestDiffVersions(t *testing.T) {
	folder := func(ubr uint32) string {
		root := &regftest.Key{Name: "ROOT"}
		root.At(`Microsoft\Windows NT\CurrentVersion`).Set(
			regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("CurrentMajorVersionNumber", 10),
			regftest.DWORD("CurrentMinorVersionNumber", 0), regftest.DWORD("UBR", ubr), regftest.SZ("InstallationType", "Client"))
		dir := t.TempDir()
		config := filepath.Join(dir, "Windows", "System32", "config")
		require.NoError(t, os.MkdirAll(config, 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(config, "SOFTWARE"), regftest.Build(root, regftest.Options{}), 0o600))
		return dir
	}
	old, new := folder(1139), folder(1198)
	require.Equal(t, `M /Windows/System32/config/SOFTWARE: content

FOLDER             ADDED  REMOVED  CHANGED  RENAMED
/Windows/System32  0      0        1        0
all                0      0        1        0

Old version  10.0.18363.1139, Windows 10 1909, KB4577671 2020-10-13
New version  10.0.18363.1198, Windows 10 1909, KB4586786 2020-11-10
Updates      2: KB4580386 2020-10-20 (preview), KB4586786 2020-11-10
`, differs(t, old, new))
	require.Contains(t, differs(t, new, old), "\nUndone       2: KB4580386 2020-10-20 (preview), KB4586786 2020-11-10\n")
	object := parseJSON(t, strings.SplitAfter(differs(t, "--json", new, old), "\n")[1])
	require.Equal(t, true, object["undone"])
	require.Len(t, object["updates"], 2)
	require.Contains(t, differs(t, t.TempDir(), new), "\nOld version  no Windows\nNew version  10.0.18363.1198, ")
}

// What diff cannot find out is trouble, as diff(1) says, and no difference.
func TestDiffTrouble(t *testing.T) {
	multi, none := fixture(t, "multi.wim"), fixture(t, "none.wim")
	for _, c := range []struct {
		args    []string
		message string
	}{
		{[]string{none, multi}, "there are 4 images; name one of "},
		{[]string{multi, none, "1"}, "there are 4 images; name one of "},
		{[]string{multi, "5", none, "1"}, "there is no image 5; the file has 4"},
		{[]string{none, multi, "5"}, "there is no image 5; the file has 4"},
		{[]string{none, filepath.Join(t.TempDir(), "nothing")}, "nothing"},
		{[]string{multi, "1", none, "nothing"}, `no image is named "nothing"`},
		{[]string{t.TempDir(), none, "1", "1"}, `there are too many arguments, from "1" on`},
	} {
		stdout, stderr, status := command(append([]string{"diff"}, c.args...)...)
		require.Equal(t, 2, status, "%v", c.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.message)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
	for _, args := range [][]string{{"diff"}, {"diff", none}, {"diff", none, "1", none, "1", "1"}, {"diff", "--nothing", none, none}} {
		_, stderr, status := command(args...)
		require.Equal(t, 2, status)
		require.Contains(t, stderr, "Try 'wimble diff --help'.")
	}
	require.Equal(t, 2, run([]string{"diff", multi, "1", multi, "2"}, brokenPipe{}, brokenPipe{}))
}
