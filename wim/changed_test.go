package wim_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/fileid"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// openCopy opens a copy of a fixture.
func openCopy(t *testing.T, fixture string) (*wim.ReadCloser, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "copy.wim")
	require.NoError(t, os.WriteFile(name, wimtest.FixtureBytes(t, fixture), 0o600))
	long := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) // so that any write has another time
	require.NoError(t, os.Chtimes(name, long, long))
	r, err := wim.OpenReader(name)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	require.NoError(t, r.Changed())
	return r, name
}

// overwrite changes bytes of a file in place.
func overwrite(t *testing.T, name string, data []byte, offset int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(data, offset)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// A file that is written to is not the one that was opened, and no tree of it
// is read any more.
func TestChanged(t *testing.T) {
	for name, change := range map[string]func(name string){
		"longer":      func(name string) { require.NoError(t, os.Truncate(name, 1<<20)) },
		"shorter":     func(name string) { require.NoError(t, os.Truncate(name, 5000)) },
		"other bytes": func(name string) { overwrite(t, name, []byte("x"), 3000) },
		"another header, and the time put back": func(name string) {
			overwrite(t, name, []byte("another GUID"), 24)
			long := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
			require.NoError(t, os.Chtimes(name, long, long))
		},
		"image added": func(name string) {
			u, err := wim.OpenUpdate(name)
			require.NoError(t, err)
			defer u.Close()
			require.NoError(t, u.Images()[0].Set("NAME", "new"))
			_, err = u.Commit(t.Context())
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, file := openCopy(t, "multi.wim")
			tree := imageFS(t, r.Reader, 1)
			_, err := fs.ReadFile(tree, "readme.txt")
			require.NoError(t, err)
			change(file)
			err = r.Changed()
			require.ErrorIs(t, err, wim.ErrChanged)
			require.Regexp(t, `^copy\.wim: .*; open it again$`, err.Error())
			_, err = r.Images[1].FS()
			require.ErrorIs(t, err, wim.ErrChanged)
			again, err := r.Images[0].FS()
			require.NoError(t, err)
			require.Same(t, tree, again, "what is in memory stays")
		})
	}
}

// Contents of a file that was overwritten are not damaged, but another file's:
// read alone, verified or extracted.
func TestChangedContent(t *testing.T) {
	for _, fixture := range []string{"none.wim", "lzx-32k.wim", "solid-lzx-32k.esd"} {
		r, name := openCopy(t, fixture)
		tree := imageFS(t, r.Reader, 1)
		tables := placeAt(wimtest.FixtureBytes(t, fixture)[48:]).offset
		overwrite(t, name, make([]byte, tables-208), 208)
		_, err := fs.ReadFile(tree, "readme.txt")
		require.ErrorIs(t, err, wim.ErrChanged, fixture)
		require.NotErrorIs(t, err, wim.ErrChecksum)
		file, err := tree.Open("readme.txt")
		require.NoError(t, err)
		_, err = io.ReadAll(file)
		require.ErrorIs(t, err, wim.ErrChanged, fixture)
		report, err := r.Verify(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, report.Problems)
		for _, p := range report.Problems {
			require.ErrorIs(t, p.Err, wim.ErrChanged, fixture)
		}
	}
}

// So they are if size and time are what they were, and the header as well.
func TestChangedContentOfATwin(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not every system tells")
	}
	r, name := openCopy(t, "none.wim")
	was, err := os.Stat(name)
	require.NoError(t, err)
	tables := placeAt(wimtest.FixtureBytes(t, "none.wim")[48:]).offset
	require.Eventually(t, func() bool { // clocks of file systems have ticks
		overwrite(t, name, make([]byte, tables-208), 208)
		require.NoError(t, os.Chtimes(name, was.ModTime(), was.ModTime()))
		now, err := os.Stat(name)
		require.NoError(t, err)
		return fileid.Touched(was, now)
	}, time.Minute, time.Millisecond)
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, report.Problems)
	for _, p := range report.Problems {
		require.ErrorIs(t, p.Err, wim.ErrChanged)
	}
}

// One that takes the name with size, time and header of the file is another.
func TestReplacedByATwin(t *testing.T) {
	r, name := openCopy(t, "none.wim")
	info, err := os.Stat(name)
	require.NoError(t, err)
	twin := filepath.Join(t.TempDir(), "twin.wim")
	require.NoError(t, os.WriteFile(twin, wimtest.FixtureBytes(t, "none.wim"), 0o600))
	require.NoError(t, os.Chtimes(twin, info.ModTime(), info.ModTime()))
	if err := os.Rename(twin, name); err != nil {
		t.Skip(err) // Windows keeps the name of an open file
	}
	require.ErrorIs(t, r.Changed(), wim.ErrChanged)
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Problems, "an open file stays what it is")
}

// A file that is damaged and stays as it is has not changed.
func TestDamagedIsNotChanged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "damaged.wim")
	data := wimtest.FixtureBytes(t, "none.wim")
	clear(data[208:1000])
	require.NoError(t, os.WriteFile(name, data, 0o600))
	r, err := wim.OpenReader(name)
	require.NoError(t, err)
	defer r.Close()
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, report.Problems)
	for _, p := range report.Problems {
		require.NotErrorIs(t, p.Err, wim.ErrChanged)
	}
	require.NoError(t, r.Changed())
}

// A file that another one replaced is read as before. Only who asks is told.
func TestReplaced(t *testing.T) {
	r, name := openCopy(t, "multi.wim")
	other := name + ".new"
	require.NoError(t, os.WriteFile(other, wimtest.FixtureBytes(t, "multi.wim"), 0o600))
	if err := os.Rename(other, name); err != nil {
		t.Skip("this system replaces no open file")
	}
	require.ErrorIs(t, r.Changed(), wim.ErrChanged)
	require.ErrorContains(t, r.Changed(), "copy.wim: another file has its name: ")
	_, err := fs.ReadFile(imageFS(t, r.Reader, 2), "readme.txt")
	require.NoError(t, err)
	require.NoError(t, os.Remove(name))
	require.ErrorIs(t, r.Changed(), fs.ErrNotExist)
}
