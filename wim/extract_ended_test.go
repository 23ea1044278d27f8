package wim

import (
	"context"
	"fmt"
	"os"
	"testing"

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

// One that is ended while a content is written does not write it for all the
// other files that have it.
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
