package media

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// tree makes a folder with files, each a copy of a fixture.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, from := range files {
		name := filepath.Join(dir, filepath.FromSlash(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, wimtest.FixtureBytes(t, from), 0o600))
	}
	return dir
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"sources/install.wim", "sources/boot.wim"}, "sources/install.wim"},
		{[]string{"sources/boot.wim", "sources/install.esd"}, "sources/install.esd"},
		{[]string{"sources/install.swm", "sources/install2.swm", "sources/boot.wim"}, "sources/install.swm"},
		{[]string{"x64/sources/install.esd", "x86/sources/install.esd"}, "x64/sources/install.esd"},
		{[]string{"SOURCES/BOOT.WIM"}, "SOURCES/BOOT.WIM"},
		{[]string{"install.wim"}, "install.wim"},
		{[]string{"sources/boot.wim", "x64/sources/install.wim"}, "x64/sources/install.wim"},
		{[]string{"sources/install.wim/none.wim", "sources/boot.wim"}, "sources/boot.wim"}, // a folder with that name
		{[]string{"sources", "install.esd"}, "install.esd"},                                // a file with that name
	} {
		files := map[string]string{}
		for _, f := range c.files {
			files[f] = "none.wim"
		}
		dir := tree(t, files)
		found, err := Find(dir)
		require.NoError(t, err, "%v", c.files)
		require.Equal(t, filepath.Join(dir, filepath.FromSlash(c.want)), found, "%v", c.files)
	}
	_, err := Find(tree(t, map[string]string{"sources/other.wim": "none.wim"}))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Find(filepath.Join(t.TempDir(), "nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOpenFolder(t *testing.T) {
	dir := tree(t, map[string]string{"Sources/install.swm": "split.swm", "Sources/install2.swm": "split2.swm", "Sources/install3.swm": "split3.swm"})
	file, err := Open(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "Sources", "install.swm"), file.Name)
	require.Empty(t, file.MissingParts())
	require.NoError(t, file.Close())
}

func TestOpenInsideOfAFile(t *testing.T) {
	inner := wimtest.FixtureBytes(t, "install.wim")
	name := filepath.Join(t.TempDir(), "setup.exe")
	stub := "MZ" + strings.Repeat("code", 1000) // 4,002 bytes
	require.NoError(t, os.WriteFile(name, append([]byte(stub), inner...), 0o600))

	file, err := Open(context.Background(), name, WithOffset(4002))
	require.NoError(t, err)
	require.Len(t, file.Images, 3)
	require.NoError(t, file.Close())

	_, err = Open(context.Background(), name)
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "a program")
	require.ErrorContains(t, err, "--offset 4002")

	for _, offset := range []int64{-1, int64(len(stub) + len(inner)), 1 << 62} {
		_, err = Open(context.Background(), name, WithOffset(offset))
		require.ErrorIs(t, err, fs.ErrInvalid, "%d", offset)
	}
	_, err = Open(context.Background(), name, WithOffset(4001))
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "at offset 4001")
}

// What is beyond the first MiB is not searched, and a signature that has other
// bytes after it is none.
func TestWhereAWIMMayBegin(t *testing.T) {
	for _, c := range []struct {
		content string
		found   bool
	}{
		{strings.Repeat("x", 1<<20-8) + "MSWIM\x00\x00\x00", true},
		{strings.Repeat("x", 1<<20-7) + "MSWIM\x00\x00\x00", false},
		{"xxMSWIM is a word", false},
	} {
		name := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(name, []byte(c.content+strings.Repeat("x", 300)), 0o600))
		_, err := Open(context.Background(), name)
		require.ErrorIs(t, err, wim.ErrFormat)
		require.Equal(t, c.found, strings.Contains(err.Error(), "--offset"), err)
	}
}

func TestOpenWhatIsNoWIM(t *testing.T) {
	for content, words := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n": "a Git LFS pointer",
		"<!DOCTYPE html><html>":                 "a web page",
		"PK\x03\x04" + strings.Repeat("x", 500): "a ZIP archive",
	} {
		name := filepath.Join(t.TempDir(), "install.wim")
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		_, err := Open(context.Background(), name)
		require.ErrorIs(t, err, wim.ErrFormat)
		require.ErrorContains(t, err, name+": ")
		require.ErrorContains(t, err, words)
	}
	// A WIM that is damaged is one nonetheless.
	name := filepath.Join(t.TempDir(), "cut.wim")
	require.NoError(t, os.WriteFile(name, wimtest.FixtureBytes(t, "install.wim")[:20000], 0o600))
	_, err := Open(context.Background(), name)
	require.ErrorContains(t, err, "it may be cut off")
}

func TestOpenThatIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Open(ctx, wimtest.FixturePath(t, "none.wim"))
	require.ErrorIs(t, err, context.Canceled)
}
