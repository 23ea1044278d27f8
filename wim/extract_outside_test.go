//go:build unix

package wim

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A link that one extraction left is not where the next one writes through: the
// first image has a link with the name of the second one's directory.
func TestExtractAllThroughLink(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Symlink("2", w.AddBlob(wimtest.SymlinkData(`..\outside`, true))))})
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("evil", w.AddBlob([]byte("evil"))))})
	r := openCrafted(t, w)
	top := t.TempDir()
	outside, inside := filepath.Join(top, "outside"), filepath.Join(top, "inside")
	require.NoError(t, os.Mkdir(outside, 0o777))
	_, err := r.Images[0].Extract(t.Context(), inside)
	require.NoError(t, err)
	_, err = r.Extract(t.Context(), inside)
	require.ErrorIs(t, err, fs.ErrExist)
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A link inside the target is not followed either.
func TestExtractAllThroughLinkInside(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("new", w.AddBlob([]byte("new"))))})
	r := openCrafted(t, w)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "kept"), 0o777))
	require.NoError(t, os.Symlink("kept", filepath.Join(dir, "1")))
	_, err := r.Extract(t.Context(), dir)
	require.ErrorIs(t, err, fs.ErrExist)
	entries, err := os.ReadDir(filepath.Join(dir, "kept"))
	require.NoError(t, err)
	require.Empty(t, entries)
}

// In a tar nothing but directories comes after a link.
func TestTarLinksLast(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Symlink("a", w.AddBlob(wimtest.SymlinkData(`b`, true))),
		wimtest.RegularFile("b", w.AddBlob([]byte("content"))),
		wimtest.RegularFile("c", [20]byte{}))})
	var out bytes.Buffer
	_, err := openCrafted(t, w).Images[0].WriteTar(t.Context(), &out)
	require.NoError(t, err)
	var kinds []byte
	for in := tar.NewReader(&out); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		kinds = append(kinds, h.Typeflag)
	}
	require.Equal(t, "5"+"00"+"2"+"5", string(kinds))
}
