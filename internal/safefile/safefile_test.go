package safefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/safefile"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	write := func(text string) func(*os.File) error {
		return func(f *os.File) error {
			_, err := f.WriteString(text)
			return err
		}
	}
	require.NoError(t, safefile.Replace(name, write("one")))
	require.NoError(t, os.Chmod(name, 0o640))
	require.NoError(t, safefile.Replace(name, write("two")))
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "two", string(got))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode())
	}
	failed := errors.New("failed")
	err = safefile.Replace(name, func(f *os.File) error {
		f.WriteString("three")
		return failed
	})
	require.ErrorIs(t, err, failed)
	got, err = os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "two", string(got))
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, list, 1, "no temporary file is left")

	require.Error(t, safefile.Replace(dir, write("a directory stays")))
	err = safefile.Replace(filepath.Join(dir, "no", "file"), write(""))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), ".tmp")
}

func TestReplaceLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	require.NoError(t, safefile.Replace(link, func(f *os.File) error { _, err := f.WriteString("new"); return err }))
	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "new", string(got))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())
}

func TestLock(t *testing.T) {
	switch runtime.GOOS {
	case "js", "wasip1", "plan9", "solaris", "aix", "illumos":
		t.Skip("no locks")
	}
	name := filepath.Join(t.TempDir(), "file")
	one, err := os.Create(name)
	require.NoError(t, err)
	defer one.Close()
	other, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, safefile.Lock(one))
	require.ErrorIs(t, safefile.Lock(other), safefile.ErrLocked)
	require.NoError(t, one.Close())
	require.NoError(t, safefile.Lock(other))
}

func TestFreeSpace(t *testing.T) {
	free, known := safefile.FreeSpace(t.TempDir())
	if known {
		require.Positive(t, free)
	}
}

// A link that leads nowhere is named, with what it leads to.
func TestReplaceDanglingLink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("no/such/target", link); err != nil {
		t.Skip(err)
	}
	err := safefile.Replace(link, func(*os.File) error { panic("nothing is to be written") })
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "replace "+link+": a link to "+filepath.FromSlash("no/such/target")+": ")
}
