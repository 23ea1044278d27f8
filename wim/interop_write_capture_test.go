package wim_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// TestCaptureLikeWimlib captures a folder as wimlib does: it lists the same of
// both files, and applies ours to the folder that it was.
func TestCaptureLikeWimlib(t *testing.T) {
	needsWimlib(t)
	root := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, os.CopyFS(root, os.DirFS(goSource(t, "net"))))
	for name, target := range map[string]string{
		"relative": "http/server.go", "up": "../x", "directory": "http", "nowhere": "no/where", "absolute": "/etc/no", `back`: `a\b`,
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, name)))
	}
	want := scanDisk(t, root)
	for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
		t.Run(fmt.Sprint(codec), func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs.wim"), filepath.Join(dir, "ours.wim")
			mustWimlib(t, "capture", root, theirs, "name", "--compress="+codec.String(), "--norpfix")
			w, err := wim.NewWriter(wim.WithCompression(codec), wim.WithIntegrityTable(true))
			require.NoError(t, err)
			image, err := w.Capture(t.Context(), os.DirFS(root), wim.WithSecurityDescriptor(nil))
			require.NoError(t, err)
			require.NoError(t, image.Set("NAME", "name"))
			_, err = w.WriteFile(t.Context(), ours)
			require.NoError(t, err)
			requireWritten(t, ours)
			require.Equal(t, listedCapture(t, theirs), listedCapture(t, ours))

			applied := filepath.Join(dir, "applied")
			mustWimlib(t, "apply", ours, "1", applied)
			require.Equal(t, want, scanDisk(t, applied))
		})
	}
}

// listedCapture is what wimlib lists of an image, without what tells how
// contents are stored, and without the times of the last access, which a
// file system of package os does not say.
func listedCapture(t *testing.T, file string) string {
	t.Helper()
	var lines []string
	for line := range bytes.Lines(mustWimlib(t, "dir", file, "1", "--detailed")) {
		text := string(line)
		if !storedAnew(text) && !strings.HasPrefix(text, "Last Access Time") {
			lines = append(lines, text)
		}
	}
	require.Greater(t, len(lines), 1000)
	return strings.Join(lines, "")
}
