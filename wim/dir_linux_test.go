package wim

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestDirXattrs(t *testing.T) {
	dir := t.TempDir()
	file, long := filepath.Join(dir, "file"), bytes.Repeat([]byte("v"), 1000)
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	if err := unix.Setxattr(file, "user.b", long, 0); err != nil {
		t.Skipf("the file system takes no extended attributes: %v", err)
	}
	require.NoError(t, unix.Setxattr(file, "user.a", nil, 0))
	require.NoError(t, unix.Setxattr(dir, "user.dir", []byte{0, 1}, 0))
	d := openTestDir(t, dir, WithUnixData())
	require.Equal(t, []Xattr{{Name: "user.a"}, {Name: "user.b", Value: long}}, dirEntry(t, d, "file").Xattrs)
	require.Equal(t, []Xattr{{Name: "user.dir", Value: []byte{0, 1}}}, dirEntry(t, d, ".").Xattrs)
	require.Empty(t, dirEntry(t, d, "link").Xattrs)
	require.Empty(t, d.Unread())
}

// The time of birth is that of making the file, not the one that it is given.
func TestDirBirthTime(t *testing.T) {
	dir := t.TempDir()
	before := time.Now().Add(-2 * time.Second) // the clock of files is coarse
	name := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(name, nil, 0o666))
	old := time.Unix(1e9, 0)
	require.NoError(t, os.Chtimes(name, old, old))
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_BTIME, &st); err != nil || st.Mask&unix.STATX_BTIME == 0 {
		t.Skip("the file system does not know when files were made")
	}
	e := dirEntry(t, openTestDir(t, dir), "file")
	require.True(t, e.LastWriteTime.Time().Equal(old))
	require.True(t, e.CreationTime.Time().After(before), "%v", e.CreationTime.Time())
	require.Equal(t, FiletimeOf(time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))), e.CreationTime)
}
