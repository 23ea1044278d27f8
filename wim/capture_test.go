package wim_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// TestCaptureFolder captures a folder in each codec: the image is what the disk
// is, and each content is there once.
func TestCaptureFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	root := makeOddTree(t)
	want := scanDisk(t, root)
	for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
		var first []byte
		for _, workers := range []int{1, 3} {
			w := newWriter(t, wim.WithCompression(codec), wim.WithLevel(20))
			image, err := w.Capture(t.Context(), os.DirFS(root))
			require.NoError(t, err)
			require.NoError(t, image.Set("NAME", "odd"))
			dst := &memoryFile{room: 1 << 30}
			report, err := w.Write(t.Context(), dst, wim.WithWorkers(workers))
			require.NoError(t, err)
			require.Empty(t, report.Skipped)
			if first != nil {
				require.True(t, bytes.Equal(first, dst.data))
				continue
			}
			first = dst.data
			requireInvariants(t, first, false)
			requireClean(t, first)
			r := openBytes(t, first)
			requireDisk(t, want, imageFS(t, r, 1))
			require.Equal(t, report.Blobs, report.Packed)
		}
	}
}

// TestCaptureFixtures captures the trees of images, as they are and without
// what they are known to be: the new image has all that the old one has.
func TestCaptureFixtures(t *testing.T) {
	for _, name := range []string{"ntfs.wim", "names.wim", "unix.wim", "multi.wim", "solid-lzx-32k.esd"} {
		r := openFixture(t, name)
		w := newWriter(t, wim.WithCompression(wim.CompressionXPRESS))
		for _, image := range r.Images {
			tree, err := image.FS()
			require.NoError(t, err)
			added, err := w.Capture(t.Context(), tree)
			require.NoError(t, err)
			require.NoError(t, added.Set("NAME", image.Info.Name))
		}
		out := filepath.Join(t.TempDir(), name)
		_, err := w.WriteFile(t.Context(), out)
		require.NoError(t, err)
		got := openFile(t, out)
		require.Equal(t, withoutEmpty(contentsOf(t, r)), withoutEmpty(contentsOf(t, got)), name)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		requireInvariants(t, data, false)
		if !testing.Short() {
			require.Equal(t, listingOf(t, wimtest.FixturePath(t, name)), listingOf(t, out))
		}
	}
}

// withoutEmpty leaves unnamed streams out that are empty: old programs gave one
// to links, which need none.
func withoutEmpty(images [][]string) [][]string {
	empty := fmt.Sprintf(" %q 0 %x", "", wim.SHA1{}.String())
	for _, list := range images {
		for i := range list {
			list[i] = strings.Replace(list[i], empty, "", 1)
		}
	}
	return images
}

// A capture that is added to a file has what that has only once.
func TestCaptureAppends(t *testing.T) {
	root := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, os.CopyFS(root, os.DirFS(goSource(t, "archive"))))
	w := newWriter(t)
	_, err := w.Capture(t.Context(), os.DirFS(root))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "out.wim")
	before, err := w.WriteFile(t.Context(), file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "new"), []byte(strings.Repeat("new ", 1000)), 0o644))

	u, err := wim.OpenUpdate(file)
	require.NoError(t, err)
	defer u.Close()
	_, err = u.Capture(t.Context(), os.DirFS(root))
	require.NoError(t, err)
	report, err := u.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, before.Blobs+1, report.Blobs)
	require.Equal(t, 1, report.Packed)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	requireInvariants(t, data, true)
	requireClean(t, data)
	requireDisk(t, scanDisk(t, root), imageFS(t, openBytes(t, data), 2))
}
