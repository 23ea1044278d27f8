package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// watching is info --watch that runs, and the lines it prints.
type watching struct {
	t      *testing.T
	lines  *bufio.Reader
	stop   context.CancelFunc
	end    chan error
	stderr strings.Builder
}

func watch(t *testing.T, asJSON bool, names ...string) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, stdout := io.Pipe()
	w := &watching{t: t, lines: bufio.NewReader(r), stop: cancel, end: make(chan error, 1)}
	i := overview{
		app:  &app{stdout: stdout, stderr: &w.stderr, json: asJSON},
		sets: map[string]bool{}, updates: winver.DefaultTable(), interval: 5 * time.Millisecond,
	}
	go func() { w.end <- i.watch(ctx, names); stdout.Close() }()
	t.Cleanup(func() { cancel(); r.Close() })
	return w
}

func (w *watching) line() string {
	w.t.Helper()
	line, err := w.lines.ReadString('\n')
	require.NoError(w.t, err)
	return strings.TrimSuffix(line, "\n")
}

// ends interrupts the watch, which has nothing more to say.
func (w *watching) ends() string {
	w.t.Helper()
	w.stop()
	rest, err := io.ReadAll(w.lines)
	require.NoError(w.t, err)
	require.Empty(w.t, string(rest))
	require.NoError(w.t, <-w.end)
	return w.stderr.String()
}

// replace has a file with the next update, and without image 2, take the place of
// install.wim.
func replace(t *testing.T, path string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next.wim")
	require.NoError(t, os.WriteFile(next, wimtest.FixtureBytes(t, "install.wim"), 0o600))
	u, err := wim.OpenUpdate(next)
	require.NoError(t, err)
	for _, image := range u.Images() {
		require.NoError(t, image.Set("WINDOWS/VERSION/SPBUILD", "1256"))
	}
	u.Delete(u.Images()[1])
	_, err = u.Rebuild(context.Background())
	require.NoError(t, err)
	require.NoError(t, os.Rename(next, path))
}

// arrive has a file appear as a whole.
func arrive(t *testing.T, path string, data []byte) {
	t.Helper()
	temporary := filepath.Join(t.TempDir(), "new")
	require.NoError(t, os.WriteFile(temporary, data, 0o600))
	require.NoError(t, os.Rename(temporary, path))
}

// KB4577671 is 18362.1139 and KB4592449 is 18362.1256, says Microsoft's history of
// updates.
func TestInfoWatch(t *testing.T) {
	dir := copies(t, "a/install.wim=install.wim", "set/x.swm=split.swm", "set/x2.swm=split2.swm", "set/x3.swm=split3.swm", "bad.wim=README.md")
	install, later := filepath.Join(dir, "a", "install.wim"), filepath.Join(dir, "a", "later.wim")
	w := watch(t, false, dir)
	require.Regexp(t, `^FILE +INDEX +NAME `, w.line())
	for range 3 {
		require.True(t, strings.HasPrefix(w.line(), install+" "))
	}
	require.True(t, strings.HasPrefix(w.line(), filepath.Join(dir, "set", "x.swm")+" "))

	replace(t, install)
	require.Equal(t, "changed "+install+": 10.0.18362.1139 → 10.0.18362.1256 (KB4592449); image 2 removed", w.line())
	arrive(t, later, wimtest.FixtureBytes(t, "install.wim"))
	require.Equal(t, "added "+later+": 10.0.18362.1139 (KB4577671)", w.line())
	arrive(t, later, wimtest.FixtureBytes(t, "install.wim")[:30000])
	require.Equal(t, "incomplete "+later+": not whole yet; it is being copied or written, or that did not finish: wim: invalid data", w.line())
	require.NoError(t, os.Remove(later))
	require.Equal(t, "removed "+later, w.line())
	require.Regexp(t, `^wimble: .*bad\.wim: .*not a WIM file.*\n$`, w.ends())
}

func TestInfoWatchJSON(t *testing.T) {
	dir := copies(t, "install.wim=install.wim")
	install, later := filepath.Join(dir, "install.wim"), filepath.Join(dir, "later.wim")
	w := watch(t, true, later, install)
	next := func() (e map[string]any) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(w.line()), &e))
		at, err := time.Parse(time.RFC3339, e["time"].(string))
		require.NoError(t, err)
		require.Equal(t, time.UTC, at.Location())
		delete(e, "time")
		return e
	}
	image := func(index int, name, edition, version, kb string) any {
		return map[string]any{"index": float64(index), "name": name, "edition": edition, "architecture": "x64", "version": version, "kb": kb}
	}
	old := []any{
		image(1, "Windows 10 Pro", "Professional", "10.0.18362.1139", "KB4577671"),
		image(2, "Windows 10 Home", "Core", "10.0.18362.1139", "KB4577671"),
		image(3, "Windows 10 Enterprise", "Enterprise", "10.0.18362.1139", "KB4577671"),
	}
	require.Equal(t, map[string]any{"kind": "found", "path": install, "size": 36429.0, "images": old}, next())
	replace(t, install)
	e := next()
	info, err := os.Stat(install)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"kind": "changed", "path": install, "size": float64(info.Size()), "before": old,
		"images": []any{
			image(1, "Windows 10 Pro", "Professional", "10.0.18362.1256", "KB4592449"),
			image(2, "Windows 10 Enterprise", "Enterprise", "10.0.18362.1256", "KB4592449"),
		},
		"changes": []any{"10.0.18362.1139 → 10.0.18362.1256 (KB4592449)", "image 2 removed"},
	}, e)
	arrive(t, later, []byte("<html>"))
	e = next()
	require.Equal(t, "added", e["kind"])
	require.Regexp(t, "^wim: invalid data: this is a web page", e["error"])
	require.NoError(t, os.Remove(install))
	e = next()
	require.Equal(t, "removed", e["kind"])
	require.NotEmpty(t, e["before"])
	require.NoError(t, os.Remove(later))
	require.Equal(t, "removed", next()["kind"])
	require.Equal(t, "wimble: "+noFile(t, later)+"; waiting for it\n", w.ends())
}

func TestInfoWatchUsage(t *testing.T) {
	install := fixture(t, "install.wim")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{install, "2"}, "--watch tells of files, not of one image; leave out 2"},
		{[]string{install, "Core"}, "--watch tells of files, not of one image; leave out Core"},
		{[]string{"--offset", "5", install}, "--watch looks at whole files, not at an --offset in them"},
		{[]string{"https://u:secret@example.org/x.wim"}, "https://example.org/x.wim: a URL cannot be watched; name files and folders: unsupported operation"},
		{[]string{filepath.Join(t.TempDir(), "*.wim")}, "no file matches"},
	} {
		require.Contains(t, fails(t, append([]string{"info", "--watch"}, c.args...)...), c.want)
	}
}
