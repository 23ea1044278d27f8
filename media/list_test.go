package media

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// listed runs List and writes each package in a line, without the folder.
func listed(t *testing.T, name, dir string) (lines []string, packages []Package) {
	t.Helper()
	packages = slices.Collect(List(context.Background(), name))
	for _, p := range packages {
		line := p.Kind + " " + filepath.ToSlash(strings.TrimPrefix(p.Path, dir))
		if p.Err != nil {
			line = "error " + filepath.ToSlash(strings.TrimPrefix(p.Path, dir))
			require.ErrorContains(t, p.Err, DisplayName(p.Path))
			require.NotContains(t, p.Err.Error(), "\n")
		}
		lines = append(lines, line)
	}
	return lines, packages
}

func TestListFolder(t *testing.T) {
	dir := tree(t, map[string]string{
		"b/Install.SWM": "split.swm", "b/install2.swm": "split2.swm", "b/install3.swm": "split3.swm", "b/alone.swm": "split-pipable2.swm",
		"a.wim": "none.wim", "c.esd": "solid-lzms.esd", "b/notes.txt": "none.wim", "bad.wim": "README.md",
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b", "win.iso"), iso(t, "media"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plain.iso"), iso(t, "plain"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.wim"), 0o700))
	require.NoError(t, os.Symlink("nothing", filepath.Join(dir, "link.wim")))
	day := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for i, name := range []string{"Install.SWM", "install2.swm", "install3.swm", "win.iso"} {
		require.NoError(t, os.Chtimes(filepath.Join(dir, "b", name), day, day.AddDate(0, 0, []int{0, 2, 1, 7}[i])))
	}
	lines, packages := listed(t, dir, dir)
	require.Equal(t, []string{
		"wim /a.wim", "error /bad.wim", "esd /c.esd", "error /link.wim", "error /plain.iso",
		"swm /b/Install.SWM", "swm /b/alone.swm", "wim /b/win.iso:sources/boot.wim", "swm /b/win.iso:sources/install.swm",
	}, lines)
	require.ErrorIs(t, packages[1].Err, wim.ErrFormat)
	require.ErrorIs(t, packages[3].Err, fs.ErrNotExist)
	require.ErrorIs(t, packages[4].Err, udf.ErrISO9660)

	require.EqualValues(t, 13957, packages[0].Size)
	require.EqualValues(t, 7417+17686+5206, packages[5].Size) // of the three parts
	require.True(t, day.AddDate(0, 0, 2).Equal(packages[5].Modified))
	require.EqualValues(t, 7417+17686+5206, packages[8].Size)
	require.True(t, day.AddDate(0, 0, 7).Equal(packages[8].Modified)) // that of the ISO file

	for _, p := range packages {
		if p.Err != nil {
			continue
		}
		file, err := Open(context.Background(), p.Path)
		require.NoError(t, err)
		require.Equal(t, p.Path, file.Name)
		require.Equal(t, p.Size, file.Size())
		require.NoError(t, file.Close())
	}
}

// A part whose number is lower than that of another one counts, wherever its
// name is in the order.
func TestListSets(t *testing.T) {
	dir := tree(t, map[string]string{"x9.swm": "split.swm", "x1.swm": "split3.swm", "other/x.swm": "split2.swm"})
	lines, _ := listed(t, dir, dir)
	require.Equal(t, []string{"swm /x9.swm", "swm /other/x.swm"}, lines)

	// That of a recovery drive has its numbers elsewhere.
	dir = tree(t, map[string]string{"sources/Reconstruct.WIM": "split.swm", "sources/Reconstruct.WIM2": "split2.swm", "sources/Reconstruct.WIM3": "split3.swm"})
	lines, packages := listed(t, dir, dir)
	require.Equal(t, []string{"swm /sources/Reconstruct.WIM"}, lines)
	require.EqualValues(t, 7417+17686+5206, packages[0].Size)
	found, err := Find(dir)
	require.NoError(t, err)
	require.Equal(t, packages[0].Path, found)
}

// A copy of a set in the same folder is another package, which Open opens with
// its own parts.
func TestListCopyOfSet(t *testing.T) {
	dir := tree(t, map[string]string{
		"install.swm": "split.swm", "install2.swm": "split2.swm", "install3.swm": "split3.swm",
		"copy.swm": "split.swm", "copy2.swm": "split2.swm",
		"win10.swm": "split.swm", "win11.swm": "split.swm",
	})
	lines, packages := listed(t, dir, dir)
	require.Equal(t, []string{"swm /copy.swm", "swm /install.swm", "swm /win10.swm", "swm /win11.swm"}, lines)
	for i, want := range []int64{7417 + 17686, 7417 + 17686 + 5206, 7417, 7417} {
		require.Equal(t, want, packages[i].Size)
	}
	file, err := Open(context.Background(), packages[0].Path)
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, []int{3}, file.MissingParts())
}

func TestListFiles(t *testing.T) {
	name := wimtest.FixturePath(t, "none.wim")
	lines, _ := listed(t, name, filepath.Dir(name))
	require.Equal(t, []string{"wim /none.wim"}, lines)

	name = write(t, "win.iso", iso(t, "media"))
	for _, c := range []struct {
		inner string
		want  []string
	}{
		{"", []string{"wim /win.iso:sources/boot.wim", "swm /win.iso:sources/install.swm"}},
		{":sources/boot.wim", []string{"wim /win.iso:sources/boot.wim"}},
		{":sources", []string{"wim /win.iso:sources/boot.wim", "swm /win.iso:sources/install.swm"}},
		{":sources/setup.exe", []string{"error /win.iso:sources/setup.exe"}},
	} {
		lines, _ = listed(t, name+c.inner, filepath.Dir(name))
		require.Equal(t, c.want, lines)
	}
	name = filepath.Join(t.TempDir(), "nothing")
	lines, packages := listed(t, name, filepath.Dir(name))
	require.Equal(t, []string{"error /nothing"}, lines)
	require.ErrorIs(t, packages[0].Err, fs.ErrNotExist)
}

func TestListURL(t *testing.T) {
	s := serve(t, webFiles(t))
	lines, packages := listed(t, s.URL+"/win.iso?signature=secret", s.URL)
	require.Equal(t, []string{"wim /win.iso?signature=secret:sources/boot.wim", "swm /win.iso?signature=secret:sources/install.swm"}, lines)
	for _, p := range packages {
		require.True(t, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC).Equal(p.Modified))
		file, err := Open(context.Background(), p.Path)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	lines, _ = listed(t, s.URL+"/win.iso:sources?signature=secret", s.URL)
	require.Equal(t, []string{"wim /win.iso?signature=secret:sources/boot.wim", "swm /win.iso?signature=secret:sources/install.swm"}, lines)
	lines, packages = listed(t, s.URL+"/install.wim", s.URL)
	require.Equal(t, []string{"wim /install.wim"}, lines)
	require.EqualValues(t, 36429, packages[0].Size)
	lines, _ = listed(t, s.URL+"/none.wim", s.URL)
	require.Equal(t, []string{"error /none.wim"}, lines)
}

// A list can be left at any place.
func TestListUntil(t *testing.T) {
	dir := tree(t, map[string]string{"a.wim": "none.wim", "b/c.wim": "none.wim", "b/d/e.wim": "none.wim", "bad.wim": "README.md"})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b", "win.iso"), iso(t, "media"), 0o600))
	all, _ := listed(t, dir, dir)
	require.Len(t, all, 6)
	for n := range all {
		seen := 0
		for range List(context.Background(), dir) {
			if seen++; seen > n {
				break
			}
		}
		require.Equal(t, n+1, seen)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Empty(t, slices.Collect(List(ctx, dir)))
}
