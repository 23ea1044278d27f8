package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// firstColumns returns the first columns of a table's lines.
func firstColumns(t *testing.T, text, dir string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		fields := strings.Fields(filepath.ToSlash(strings.TrimPrefix(line, dir+string(filepath.Separator))))
		lines[i] = strings.Join(fields[:3], " ")
	}
	return lines
}

func TestInfoOfSeveral(t *testing.T) {
	dir := copies(t, "a/install.wim=install.wim", "a/none.wim=none.wim", "set/x.swm=split.swm", "set/x2.swm=split2.swm", "set/x3.swm=split3.swm")
	install, none := filepath.Join(dir, "a", "install.wim"), filepath.Join(dir, "a", "none.wim")
	text := works(t, "info", install, none)
	require.Equal(t, []string{
		"FILE INDEX NAME", "a/install.wim 1 Windows", "a/install.wim 2 Windows", "a/install.wim 3 Windows", "a/none.wim 1 small",
	}, firstColumns(t, text, dir))
	require.Contains(t, text, "Professional")
	require.Contains(t, text, "10.0.18362.1139")
	require.Contains(t, text, "KB4577671, 2020-10-13")

	// A pattern does the same, and a set is there once.
	require.Equal(t, text, works(t, "info", filepath.Join(dir, "a", "*.wim")))
	require.Equal(t, []string{"FILE INDEX NAME", "set/x.swm 1 common"}, firstColumns(t, works(t, "info", filepath.Join(dir, "set", "*")), dir))
	require.Len(t, firstColumns(t, works(t, "info", "-R", dir), dir), 1+3+1+1)

	// An object a line is that of the file alone.
	objects := works(t, "info", "--json", install, none)
	require.Equal(t, works(t, "info", "--json", install)+works(t, "info", "--json", none), objects)
	for line := range strings.Lines(objects) {
		require.True(t, json.Valid([]byte(line)))
	}
	require.Equal(t, objects, works(t, "info", "--json", "-R", filepath.Join(dir, "a")))
	require.Equal(t, "--xml prints the document of one FILE, not of several", fails(t, "info", "--xml", install, none))
}

// What cannot be read is one line each; all others are shown.
func TestInfoOfSeveralWithErrors(t *testing.T) {
	dir := copies(t, "good.wim=none.wim", "bad.wim=README.md", "deep/other.wim=none.wim")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "deep", "zip.wim"), append([]byte("PK\x03\x04"), make([]byte, 300)...), 0o600))
	for _, args := range [][]string{
		{"-R", dir},
		{filepath.Join(dir, "bad.wim"), filepath.Join(dir, "good.wim"), filepath.Join(dir, "deep", "zip.wim"), filepath.Join(dir, "deep", "other.wim")},
	} {
		stdout, stderr, status := command(append([]string{"info"}, args...)...)
		require.Equal(t, 1, status)
		require.Equal(t, []string{"FILE INDEX NAME", "good.wim 1 small", "deep/other.wim 1 small"}, firstColumns(t, stdout, dir))
		lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		require.Len(t, lines, 2)
		require.Regexp(t, `^wimble: .*bad\.wim: .*not a WIM file`, lines[0])
		require.Regexp(t, `^wimble: .*zip\.wim: .*a ZIP archive`, lines[1])

		stdout, _, status = command(append([]string{"info", "--json"}, args...)...)
		require.Equal(t, 1, status)
		require.Equal(t, 2, strings.Count(stdout, "\n"))
	}
	require.Contains(t, failsInPart(t, "info", filepath.Join(dir, "*.nothing"), filepath.Join(dir, "good.wim")), "no file matches")
}

// failsInPart runs wimble, which has to fail with one line on stderr though it writes
// something, and returns the line.
func failsInPart(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := command(args...)
	require.Equal(t, 1, status)
	require.NotEmpty(t, stdout)
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	return stderr
}

// A copy of a set in the same folder is shown too.
func TestInfoOfCopiedSet(t *testing.T) {
	dir := copies(t, "a.swm=split.swm", "a2.swm=split2.swm", "a3.swm=split3.swm", "b.swm=split.swm", "b2.swm=split2.swm", "b3.swm=split3.swm")
	for _, args := range [][]string{{"-R", dir}, {filepath.Join(dir, "*")}} {
		text := works(t, append([]string{"info"}, args...)...)
		require.Equal(t, []string{"FILE INDEX NAME", "a.swm 1 common", "b.swm 1 common"}, firstColumns(t, text, dir))
	}
}

// Where nothing is found there is no header of a table without rows.
func TestInfoOfNothing(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"info", "-R", dir}, {"info", "-R", "--json", dir}} {
		stdout, stderr, status := command(args...)
		require.Zero(t, status)
		require.Empty(t, stdout)
		require.Equal(t, "wimble: note: "+dir+": no WIM file is in it\n", stderr)
	}
	stdout, _, status := command("info", filepath.Join(dir, "a.wim"), filepath.Join(dir, "b.wim"))
	require.Equal(t, 1, status)
	require.Empty(t, stdout)
}

// Whatever names an image names one, though there are files by these names too.
func TestInfoImageOrFile(t *testing.T) {
	install := fixture(t, "install.wim")
	t.Chdir(copies(t, "2=none.wim", "Core=none.wim", "other=none.wim", "b.wim=none.wim"))
	require.Contains(t, works(t, "info", install, "2"), "Windows 10 Home\n")
	require.Contains(t, works(t, "info", install, "Core"), "Windows 10 Home\n")
	require.Equal(t, install+": there is no image 4; the file has 3", fails(t, "info", install, "4"))
	require.Equal(t, install+`: no image is named "nothing"`, fails(t, "info", install, "nothing"))
	for _, name := range []string{"other", "b.wim", "*.wim"} {
		require.Len(t, strings.Split(works(t, "info", install, name), "\n"), 1+3+1+1, name)
	}
	require.Contains(t, failsInPart(t, "info", install, "c.wim"), noFile(t, "c.wim"))
}

// A pattern that one file matches names that file, also before an IMAGE.
func TestInfoImageOfAPattern(t *testing.T) {
	t.Chdir(copies(t, "install.wim=install.wim", "none.esd=none.wim"))
	require.Equal(t, works(t, "info", "install.wim", "2"), works(t, "info", "*.wim", "2"))
	require.Equal(t, works(t, "info", "--json", "install.wim", "Core"), works(t, "info", "--json", "in*", "Core"))
	require.Equal(t, []string{"FILE INDEX NAME", "install.wim 1 Windows"}, firstColumns(t, works(t, "info", "*.wim"), "")[:2])
	require.Len(t, strings.Split(works(t, "info", "*.wim", "none.esd"), "\n"), 1+3+1+1)
	require.Contains(t, failsInPart(t, "info", "*", "2"), noFile(t, "2"))
}

// An interruption is said once, and is no defect of the file that was read then.
func TestInfoInterrupted(t *testing.T) {
	url := serve(t, "", nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("interrupted")
	cancel(why)
	for _, recursive := range []bool{false, true} {
		var stderr strings.Builder
		i := overview{app: &app{stdout: io.Discard, stderr: &stderr}, recursive: recursive}
		for _, name := range []string{t.TempDir(), url + "/a.wim"} {
			require.Equal(t, why, i.add(ctx, name))
		}
		require.Empty(t, stderr.String())
	}
}
