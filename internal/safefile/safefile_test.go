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

// A file that others write meanwhile stays theirs.
func TestReplaceBeside(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	content := func() string {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(data)
	}
	put := func(text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o666)) }
	never := func(*os.File) error { t.Fatal("the file is locked"); return nil }

	// A new file that has appeared.
	err := safefile.Replace(name, func(*os.File) error { put("theirs"); return nil })
	require.ErrorIs(t, err, fs.ErrExist)
	require.Equal(t, "create "+name+": file already exists", err.Error())
	require.Equal(t, "theirs", content())

	// One that has changed, and one that has been replaced.
	err = safefile.Replace(name, func(*os.File) error { put("changed"); return nil })
	require.ErrorIs(t, err, safefile.ErrReplaced)
	require.Equal(t, "changed", content())
	if runtime.GOOS != "windows" {
		err = safefile.Replace(name, func(*os.File) error {
			require.NoError(t, os.Remove(name))
			return os.WriteFile(name, []byte("another"), 0o666)
		})
		require.ErrorIs(t, err, safefile.ErrReplaced)
		require.Equal(t, "another", content())
	}

	// One that is locked.
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, safefile.Lock(file))
	require.ErrorIs(t, safefile.Replace(name, never), safefile.ErrLocked)
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, safefile.ReplaceLocked(name, file, func(f *os.File) error {
		_, err := f.WriteString("mine")
		return err
	}))
	require.Equal(t, "mine", content())
	require.NoError(t, file.Close())

	// It is locked while it is being replaced.
	require.NoError(t, safefile.Replace(name, func(*os.File) error {
		other, err := os.OpenFile(name, os.O_RDWR, 0)
		require.NoError(t, err)
		defer other.Close()
		require.ErrorIs(t, safefile.Lock(other), safefile.ErrLocked)
		return nil
	}))
}

// A file that may not be written to is not replaced.
func TestReplaceReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write to all files")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(name, []byte("old"), 0o444))
	err := safefile.Replace(name, func(*os.File) error { t.Fatal("the file is read-only"); return nil })
	require.ErrorIs(t, err, fs.ErrPermission)
	require.Equal(t, []string{"file"}, filesIn(t, dir))
}
