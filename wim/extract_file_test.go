//go:build unix

package wim

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The read-only attribute takes rights away and gives none that the umask
// withholds.
func TestExtractReadOnly(t *testing.T) {
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("read-only", w.AddBlob([]byte("content")))
	file.Attributes |= uint32(AttributeReadOnly)
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file)})
	r := openCrafted(t, w)
	for umask, want := range map[int]fs.FileMode{0o077: 0o400, 0o027: 0o440, 0o022: 0o444} {
		old := syscall.Umask(umask)
		dir := t.TempDir()
		_, err := r.Images[0].Extract(t.Context(), dir)
		syscall.Umask(old)
		require.NoError(t, err)
		info, err := os.Stat(filepath.Join(dir, "read-only"))
		require.NoError(t, err)
		require.Equal(t, want, info.Mode())
	}
}

// An empty name, of a variable that was not set, is not the working directory.
func TestExtractToNowhere(t *testing.T) {
	r := openCrafted(t, withImage(wimtest.NewWIM()))
	_, err := r.Extract(t.Context(), "")
	require.ErrorContains(t, err, "no directory was named")
	_, err = r.Images[0].Extract(t.Context(), "")
	require.ErrorContains(t, err, "no directory was named")
}

// withMode gives an entry Unix data: u32 uid, gid, mode, rdev (WIM format
// sheet, section 8.6).
func withMode(d *wimtest.Dentry, mode uint32) *wimtest.Dentry {
	data := binary.LittleEndian.AppendUint32(make([]byte, 8), mode)
	d.Tagged = append(d.Tagged, wimtest.TaggedItem{Tag: 0x337DD873, Data: append(data, 0, 0, 0, 0)})
	return d
}

// Unix modes are within the umask, unless it is asked for them; a directory
// that was there keeps its own, the target as well as those below it.
func TestExtractUnixModes(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	w.AddImage(&wimtest.Metadata{Root: withMode(wimtest.Directory("",
		withMode(wimtest.RegularFile("open", hash), 0o100666),
		withMode(wimtest.RegularFile("secret", hash), 0o100600),
		withMode(wimtest.RegularFile("empty", [20]byte{}), 0o100640),
		withMode(wimtest.Directory("public", withMode(wimtest.RegularFile("f", hash), 0o100444)), 0o040777),
		withMode(wimtest.Directory("closed", withMode(wimtest.RegularFile("f", hash), 0o100444)), 0o040555),
		withMode(wimtest.Directory("there"), 0o040777),
	), 0o040777)})
	r := openCrafted(t, w)
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	modes := func(existing bool, opts ...ExtractOption) map[string]fs.FileMode {
		dir := filepath.Join(t.TempDir(), "target")
		if existing {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "there"), 0o700))
			require.NoError(t, os.Chmod(dir, 0o710))
		}
		_, err := r.Images[0].Extract(t.Context(), dir, opts...)
		require.NoError(t, err)
		got := make(map[string]fs.FileMode)
		for _, name := range []string{".", "open", "secret", "empty", "public", "closed", "closed/f", "there"} {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			got[name] = info.Mode().Perm()
		}
		require.NoError(t, os.Chmod(filepath.Join(dir, "closed"), 0o700)) // so that it can be removed
		return got
	}
	want := map[string]fs.FileMode{
		".": 0o750, "open": 0o640, "secret": 0o600, "empty": 0o640, "public": 0o750, "closed": 0o550, "closed/f": 0o440, "there": 0o750,
	}
	require.Equal(t, want, modes(false))
	want["."], want["there"] = 0o710, 0o700
	require.Equal(t, want, modes(true))
	require.Equal(t, map[string]fs.FileMode{
		".": 0o777, "open": 0o666, "secret": 0o600, "empty": 0o640, "public": 0o777, "closed": 0o555, "closed/f": 0o444, "there": 0o777,
	}, modes(false, WithUnixData()))
}

// What only its owner may read is so while it is written, too.
func TestExtractSecretWhileWritten(t *testing.T) {
	w := wimtest.NewWIM()
	file := withMode(wimtest.RegularFile("secret", w.AddBlob([]byte("content"))), 0o100600)
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", withMode(wimtest.Directory("d", file), 0o040700))})
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	x := newExtraction(t.Context(), t.TempDir())
	x.add(r.Images[0], tree, "")
	defer x.directories.closeAll()
	require.NoError(t, x.openTop())
	tr := x.trees[0]
	require.NoError(t, tr.choose(nil))
	require.NoError(t, tr.makeTarget())
	require.NoError(t, tr.prepare())
	for _, places := range tr.files.contents {
		written, err := x.create(destination{tr, places[0], ""})
		require.NoError(t, err)
		info, err := written.Stat()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
		require.NoError(t, x.discard(written))
	}
	info, err := os.Stat(filepath.Join(x.dir, "d"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

// Years that a count of nanoseconds in 64 bits does not reach. A file system
// may take the nearest time that it knows.
func TestExtractFarTimes(t *testing.T) {
	if !linkTimes || strconv.IntSize == 32 {
		t.Skip("this system cannot be given them")
	}
	w := wimtest.NewWIM()
	years := []int{1602, 1650, 2300, 3000}
	root := wimtest.Directory("")
	for _, year := range years {
		file := wimtest.RegularFile(fmt.Sprint(year), [20]byte{})
		// In units of 100 ns since 1601; a year has 365.2425 days.
		ticks := uint64(float64(year-1601) * 365.2425 * 86400 * 1e7)
		file.Times = [3]uint64{ticks, ticks, ticks}
		root.Children = append(root.Children, file)
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	dir := t.TempDir()
	_, err := openCrafted(t, w).Images[0].Extract(t.Context(), dir)
	require.NoError(t, err)
	for _, year := range years {
		info, err := os.Stat(filepath.Join(dir, fmt.Sprint(year)))
		require.NoError(t, err)
		if year < 1970 {
			require.Less(t, info.ModTime(), time.Unix(0, 0), "%d", year)
		} else {
			require.Greater(t, info.ModTime(), time.Date(2037, 12, 31, 0, 0, 0, 0, time.UTC), "%d", year)
		}
	}
}
