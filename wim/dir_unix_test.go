//go:build darwin || freebsd || linux

package wim

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func openTestDir(t *testing.T, name string, opts ...DirOption) *Dir {
	t.Helper()
	d, err := OpenDir(name, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func dirEntry(t *testing.T, d *Dir, name string) *Entry {
	t.Helper()
	info, err := d.Lstat(name)
	require.NoError(t, err)
	e, _ := info.Sys().(*Entry)
	return e
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub", "empty"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o444))
	require.NoError(t, os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "sub", "hard")))
	require.NoError(t, os.Symlink("../file", filepath.Join(dir, "sub", "link")))
	// 2001-02-03 04:05:06 UTC is 981173106 s after 1970, which is 11644473600 s
	// after 1601.
	require.NoError(t, os.Chtimes(filepath.Join(dir, "file"), time.Unix(981173106, 999), time.Unix(981173106, 123456789)))

	d := openTestDir(t, dir)
	file, hard := dirEntry(t, d, "file"), dirEntry(t, d, "sub/hard")
	require.EqualValues(t, int64(981173106+11644473600)*10_000_000+1234567, file.LastWriteTime)
	require.EqualValues(t, int64(981173106+11644473600)*10_000_000+9, file.LastAccessTime)
	require.Equal(t, AttributeNormal, file.Attributes)
	require.Equal(t, []Stream{{Size: 7}}, file.Streams)
	require.Equal(t, 2, file.HardLinkCount)
	require.NotZero(t, file.HardLinkGroup)
	require.Equal(t, file.HardLinkGroup, hard.HardLinkGroup)
	require.Nil(t, file.Unix)
	require.NoError(t, fstest.TestFS(d, "file", "sub/hard", "sub/empty", "sub/link"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", `back\slash`), nil, 0o666)) // which TestFS takes for an error
	require.Zero(t, dirEntry(t, d, `sub/back\slash`).HardLinkGroup)
	sub := dirEntry(t, d, "sub")
	require.Equal(t, AttributeDirectory, sub.Attributes)
	require.Empty(t, sub.Streams)
	require.Zero(t, sub.HardLinkGroup) // though it has several names: ".", and ".." of what is in it

	root, err := d.Stat(".")
	require.NoError(t, err)
	require.Equal(t, AttributeDirectory, root.Sys().(*Entry).Attributes)
	followed, err := d.Stat("sub/link")
	require.NoError(t, err)
	require.EqualValues(t, 7, followed.Size())
	require.Nil(t, followed.Sys())
	for _, name := range []string{"", "/file", "sub/../file", "sub/", "sub//hard", "../x"} {
		_, err := d.Open(name)
		require.ErrorIs(t, err, fs.ErrInvalid, name)
	}
	_, err = d.Lstat("sub/none")
	require.EqualError(t, err, "lstat sub/none: "+syscall.ENOENT.Error())
}

// The data of links is what wimlib-imagex 1.13.5 stores of the same links.
func TestDirLinks(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o777))
	d := openTestDir(t, dir)
	for i, c := range []struct {
		target, substitute, print string
		directory, relative       bool
		flags                     uint16
	}{
		{"sub", "sub", "sub", true, true, 1},
		{"nowhere", "nowhere", "nowhere", false, true, 1},
		{`we\ird/x`, `we/ird\x`, `we/ird\x`, false, true, 1},
		{"/", `\??\C:\`, `C:\`, true, false, 1},
		{"/none such", `\??\C:\none such`, `C:\none such`, false, false, 1},
		{dir + "/sub", `\??\C:\sub`, `C:\sub`, true, false, 0},
		{dir + "/sub/", `\??\C:\sub\`, `C:\sub\`, true, false, 0},
		{dir + "/sub/../none", `\??\C:\sub\..\none`, `C:\sub\..\none`, false, false, 0},
		{dir + "x", `\??\C:` + strings.ReplaceAll(dir, "/", `\`) + "x", "C:" + strings.ReplaceAll(dir, "/", `\`) + "x", false, false, 1},
		// wimlib has "\??\C:" here, the drive itself, which is no directory.
		{dir, `\??\C:\`, `C:\`, true, false, 0},
	} {
		name := string(rune('a' + i))
		require.NoError(t, os.Symlink(c.target, filepath.Join(dir, name)))
		e := dirEntry(t, d, name)
		link, err := e.Reparse.Link()
		require.NoError(t, err)
		require.Equal(t, &Link{c.substitute, c.print, c.relative}, link, c.target)
		require.Equal(t, c.flags, e.Reparse.Flags, c.target)
		require.Equal(t, c.directory, e.Attributes&AttributeDirectory != 0, c.target)
		require.Equal(t, ReparseTagSymlink, e.Reparse.Tag)
		target, err := d.ReadLink(name)
		require.NoError(t, err)
		require.Equal(t, c.target, target)
	}
}

// Nothing outside of the folder is opened.
func TestDirOutside(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "dir")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(parent, "secret"), nil, 0o666))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "out")))
	require.NoError(t, os.Symlink("../..", filepath.Join(dir, "sub", "up")))
	d := openTestDir(t, dir)
	for _, name := range []string{"out", "sub/up", "sub/up/secret"} {
		_, err := d.Open(name)
		require.ErrorContains(t, err, "escapes", name)
	}
	_, err := d.ReadDir("sub/up")
	require.ErrorContains(t, err, "escapes")
}

// A pipe does not keep anybody waiting, and what Windows does not have has an
// entry only with Unix data.
func TestDirSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o640))
	require.NoError(t, os.Chmod(filepath.Join(dir, "fifo"), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	require.NoError(t, os.Chmod(filepath.Join(dir, "file"), fs.ModeSetuid|0o750))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))

	d := openTestDir(t, dir)
	require.Nil(t, dirEntry(t, d, "fifo"))
	file, err := d.Open("fifo")
	require.NoError(t, err)
	require.NoError(t, file.Close())

	d = openTestDir(t, dir, WithUnixData())
	for name, mode := range map[string]uint32{"fifo": 0o010640, "file": 0o104750, ".": 0o040755} {
		e := dirEntry(t, d, name)
		require.Equal(t, mode, e.Unix.Mode, name)
		require.EqualValues(t, os.Getuid(), e.Unix.UID)
	}
	fifo := dirEntry(t, d, "fifo")
	require.Equal(t, []Stream{{}}, fifo.Streams)
	require.Zero(t, fifo.Attributes) // as wimlib has it
	require.EqualValues(t, 0o120000, dirEntry(t, d, "link").Unix.Mode&0o170000)
	require.Empty(t, d.Unread())
}

func TestDirSparseFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, nil, 0o666))
	require.NoError(t, os.Truncate(name, 1<<20))
	info, err := os.Stat(name)
	require.NoError(t, err)
	if info.Sys().(*syscall.Stat_t).Blocks != 0 {
		t.Skip("the file system has no sparse files")
	}
	require.Equal(t, AttributeSparseFile, dirEntry(t, openTestDir(t, filepath.Dir(name)), "file").Attributes)
}

// A walk of a deep folder opens each directory a few times, and not all that is
// above it each time.
func TestDirDeep(t *testing.T) {
	const levels = 500
	dir := t.TempDir()
	at, err := os.OpenRoot(dir)
	require.NoError(t, err)
	for range levels {
		require.NoError(t, at.Mkdir("d", 0o777))
		require.NoError(t, at.WriteFile("z", []byte("z"), 0o666))
		below, err := at.OpenRoot("d")
		require.NoError(t, err)
		require.NoError(t, at.Close())
		at = below
	}
	require.NoError(t, at.Close())
	d := openTestDir(t, dir)
	files := 0
	name := "."
	for range levels {
		entries, err := d.ReadDir(name)
		require.NoError(t, err)
		require.Len(t, entries, 2)
		info, err := entries[1].Info()
		require.NoError(t, err)
		require.NotNil(t, info.Sys())
		files++
		name = path.Join(name, "d")
	}
	for name = path.Dir(name); ; name = path.Dir(name) { // and all the way up
		file, err := d.Open(path.Join(name, "z"))
		require.NoError(t, err)
		content, err := io.ReadAll(file)
		require.NoError(t, errors.Join(err, file.Close()))
		require.Equal(t, "z", string(content))
		if name == "." {
			break
		}
	}
	require.Equal(t, levels, files)
	require.LessOrEqual(t, d.directories.opened, 4*levels)
}
