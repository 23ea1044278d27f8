//go:build linux

package wim_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// captureDir makes a file of a folder and returns its name.
func captureDir(t *testing.T, dir string, opts ...wim.DirOption) string {
	t.Helper()
	folder, err := wim.OpenDir(dir, opts...)
	require.NoError(t, err)
	defer folder.Close()
	w := newWriter(t, wim.WithCompression(wim.CompressionXPRESS))
	image, err := w.Capture(t.Context(), folder, wim.WithSecurityDescriptor(nil))
	require.NoError(t, err)
	require.NoError(t, image.Set("NAME", "folder"))
	name := filepath.Join(t.TempDir(), "folder.wim")
	_, err = w.WriteFile(t.Context(), name)
	require.NoError(t, err)
	require.Empty(t, folder.Unread())
	return name
}

// An image of a folder is what wimlib-imagex captures of it, except for the
// times at which files were made, which that does not look for.
func TestDirAsWimlib(t *testing.T) {
	needsWimlib(t)
	dir := makeOddTree(t)
	require.NoError(t, os.Symlink(filepath.Join(dir, "many", "two"), filepath.Join(dir, "links", "inside")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "many")+"/", filepath.Join(dir, "links", "inside directory")))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "links", "outside")))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.NoError(t, os.Truncate(filepath.Join(dir, "sizes", "text-1"), 1<<20)) // sparse
	require.NoError(t, os.Chmod(filepath.Join(dir, "noise.bin"), os.ModeSetuid|0o400))
	for _, unixData := range []bool{true, false} {
		args, opts := []string(nil), []wim.DirOption(nil)
		if unixData {
			args, opts = append(args, "--unix-data"), append(opts, wim.WithUnixData())
		}
		file := filepath.Join(t.TempDir(), "wimlib.wim")
		mustWimlib(t, append([]string{"capture", dir, file, "--compress=none"}, args...)...)
		want := listedForTar(t, file)
		got := listedForTar(t, captureDir(t, dir, opts...))
		require.Equal(t, len(want), len(got))
		for i := range got {
			got[i].Created = want[i].Created
			// Whoever reads a file or follows a link changes this time.
			got[i].Accessed = want[i].Accessed
		}
		require.Equal(t, want, got)
	}
}

// An image that was extracted, and its folder captured, is what it was.
func TestDirComesBack(t *testing.T) {
	needsWimlib(t)
	if os.Getuid() != 0 {
		t.Skip("only root may give files to others")
	}
	dir := filepath.Join(t.TempDir(), "folder")
	mustWimlib(t, "apply", wimtest.FixturePath(t, "unix.wim"), "1", dir, "--unix-data")
	want := listedForTar(t, wimtest.FixturePath(t, "unix.wim"))
	got := listedForTar(t, captureDir(t, dir, wim.WithUnixData()))
	require.Equal(t, len(want), len(got))
	for i := range got {
		got[i].Created, want[i].Created = time.Time{}, time.Time{}
		got[i].Accessed = want[i].Accessed
	}
	require.Equal(t, want, got)
}
