package wim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// An extraction that has ended before it begins makes nothing.
func TestExtractAfterItsContext(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Directory("directory"), wimtest.RegularFile("empty", [20]byte{}), wimtest.RegularFile("file", hash))})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	dir := t.TempDir()
	_, err := openCrafted(t, w).Images[0].Extract(ctx, dir)
	require.ErrorIs(t, err, errStop)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// One that is ended while a content is written does not write it for all the other
// files that have it.
func TestExtractEndsBetweenCopies(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob(make([]byte, 1000))
	root := wimtest.Directory("")
	for i := range 400 {
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), hash))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	ctx, cancel := context.WithCancelCause(t.Context())
	dir := t.TempDir()
	_, err := openCrafted(t, w).Images[0].Extract(ctx, dir, WithProgress(func(Progress) { cancel(errStop) }))
	require.ErrorIs(t, err, errStop)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// Years that a count of nanoseconds in 64 bits does not reach. A file system may take
// the nearest time that it knows.
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
