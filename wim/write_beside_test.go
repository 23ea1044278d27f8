package wim_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// TestWriteBeside writes files that an update has open, and ones that appear
// while they are written: nothing of the other writer is lost.
func TestWriteBeside(t *testing.T) {
	fixture := wimtest.FixtureBytes(t, "multi.wim")
	name := filepath.Join(t.TempDir(), "file.wim")
	require.NoError(t, os.WriteFile(name, fixture, 0o666))
	r, err := wim.OpenReader(wimtest.FixturePath(t, "install.wim"))
	require.NoError(t, err)
	defer r.Close()
	writeFile := func(name string, opts ...wim.BulkOption) error {
		w, err := wim.NewWriter()
		require.NoError(t, err)
		require.NoError(t, w.Export(r.Images[0]))
		_, err = w.WriteFile(t.Context(), name, opts...)
		return err
	}
	u, err := wim.OpenUpdate(name)
	require.NoError(t, err)
	for what, write := range map[string]func() error{
		"join":       func() error { _, err := r.Join(t.Context(), name); return err },
		"write file": func() error { return writeFile(name) },
	} {
		err := write()
		require.ErrorIs(t, err, wim.ErrReadOnly, what)
		require.ErrorContains(t, err, name+": another program is writing it", what)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, fixture, data, what)
	}
	require.NoError(t, u.Close())
	require.NoError(t, writeFile(name))

	fresh := filepath.Join(t.TempDir(), "fresh.wim")
	err = writeFile(fresh, wim.WithProgress(func(wim.Progress) { os.WriteFile(fresh, fixture, 0o666) }))
	require.ErrorIs(t, err, fs.ErrExist)
	data, err := os.ReadFile(fresh)
	require.NoError(t, err)
	require.Equal(t, fixture, data)
}
