package wim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// smallDisk is a file system of 1 MiB. Only root may mount one.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("no file system can be mounted: ", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill takes all room that a disk still has.
func fill(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "ballast"))
	require.NoError(t, err)
	defer file.Close()
	for size := 64 << 10; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// requireFull checks that an error tells of a full disk, in one line, and that
// the disk has what it had.
func requireFull(t *testing.T, err error, dir string, want map[string][]byte) {
	t.Helper()
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 1, strings.Count(err.Error(), "no space left on device"), err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.NotContains(t, err.Error(), ".tmp")
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range list {
		if e.Name() == "ballast" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want[e.Name()], data), "%s is not as it was", e.Name())
		delete(want, e.Name())
	}
	require.Empty(t, want)
}

// TestFullDisk lets export, commit, split and join run out of room.
func TestFullDisk(t *testing.T) {
	large := openBytes(t, blobsFile(slices.Repeat([]int{20_000}, 30)...).Bytes())
	old := wimtest.FixtureBytes(t, "xpress-32k.wim")

	t.Run("export", func(t *testing.T) {
		dir := smallDisk(t)
		name := filepath.Join(dir, "old.wim")
		require.NoError(t, os.WriteFile(name, old, 0o666))
		w := newWriter(t)
		require.NoError(t, w.Export(openBytes(t, blobsFile(slices.Repeat([]int{20_000}, 60)...).Bytes()).Images...))
		_, err := w.WriteFile(t.Context(), name)
		requireFull(t, err, dir, map[string][]byte{"old.wim": old})
	})
	t.Run("commit", func(t *testing.T) {
		dir := smallDisk(t)
		name := filepath.Join(dir, "old.wim")
		require.NoError(t, os.WriteFile(name, old, 0o666))
		u, err := wim.OpenUpdate(name)
		require.NoError(t, err)
		defer u.Close()
		require.NoError(t, u.Export(openBytes(t, blobsFile(slices.Repeat([]int{20_000}, 60)...).Bytes()).Images...))
		_, err = u.Commit(t.Context())
		requireFull(t, err, dir, map[string][]byte{"old.wim": old})
	})
	// The sizes are known before these begin, and so the disk has to become
	// full meanwhile.
	for name, write := range map[string]func(name string, opts ...wim.SplitOption) error{
		"split": func(name string, opts ...wim.SplitOption) error {
			_, err := large.Split(t.Context(), name, 200_000, opts...)
			return err
		},
		"join": func(name string, opts ...wim.SplitOption) error {
			_, err := large.Join(t.Context(), name, opts...)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t)
			other := filepath.Join(dir, "old.wim")
			require.NoError(t, os.WriteFile(other, old, 0o666))
			var once sync.Once
			err := write(filepath.Join(dir, "out.swm"), wim.WithProgress(func(wim.Progress) { once.Do(func() { fill(t, dir) }) }))
			requireFull(t, err, dir, map[string][]byte{"old.wim": old})

			err = write(filepath.Join(dir, "out.swm"))
			require.ErrorIs(t, err, wim.ErrNoSpace)
		})
	}
}
