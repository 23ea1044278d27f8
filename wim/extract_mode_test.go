//go:build unix

package wim

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The read-only attribute takes rights away and gives none that the umask withholds.
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
