package wim

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// closeWatch tells when a file is closed.
type closeWatch struct {
	updateFile
	closed func()
}

func (f *closeWatch) Close() error {
	f.closed()
	return f.updateFile.Close()
}

// TestRebuildKeepsLock looks at the file when it is unlocked: the new one has
// its name already, so that nobody adds to the old one. Windows replaces no
// open file.
func TestRebuildKeepsLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file.wim")
	require.NoError(t, os.WriteFile(name, wimtest.FixtureBytes(t, "multi.wim"), 0o666))
	old, err := os.Stat(name)
	require.NoError(t, err)
	u, err := OpenUpdate(name)
	require.NoError(t, err)
	calls := 0
	u.file = &closeWatch{u.file, func() {
		calls++
		now, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, runtime.GOOS == "windows", os.SameFile(old, now))
	}}
	_, err = u.Rebuild(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, calls)
}

// TestCommitKeepsTail adds to a file after whose end something else stands, as
// a signature, or what a program left that died: it stays until the file is
// written anew.
func TestCommitKeepsTail(t *testing.T) {
	tail := bytes.Repeat([]byte("not of this file "), 1000)
	before := append(wimtest.FixtureBytes(t, "multi.wim"), tail...)
	for name, change := range map[string]func(u *Update) error{
		"set": func(u *Update) error { return u.Images()[0].Set("DESCRIPTION", "new") },
		"edit": func(u *Update) error {
			e, err := u.Images()[0].Edit()
			if err != nil {
				return err
			}
			return e.WriteFile("new/file", []byte("content"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file.wim")
			require.NoError(t, os.WriteFile(file, before, 0o666))
			u, err := OpenUpdate(file)
			require.NoError(t, err)
			defer u.Close()
			require.NoError(t, change(u))
			_, err = u.Commit(t.Context())
			require.NoError(t, err)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(before[headerSize:], data[headerSize:len(before)]))
			verifyWhole(t, data)

			u, err = OpenUpdate(file)
			require.NoError(t, err)
			defer u.Close()
			_, err = u.Rebuild(t.Context())
			require.NoError(t, err)
			data, err = os.ReadFile(file)
			require.NoError(t, err)
			verifyWhole(t, data)
			require.NotContains(t, string(data), string(tail))
		})
	}
}
