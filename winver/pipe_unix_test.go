//go:build unix

package winver_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// Opening a pipe that nobody writes to would wait for ever.
func TestPipeOnDisk(t *testing.T) {
	root := t.TempDir()
	config := filepath.Join(root, "Windows/System32/config")
	require.NoError(t, os.MkdirAll(config, 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(config, "software"), 0o644))
	require.NoError(t, os.Symlink("software", filepath.Join(config, "SYSTEM")))
	r, err := winver.Read(os.DirFS(root))
	require.NoError(t, err)
	require.ErrorContains(t, evidence(t, r, winver.WitnessHive).Err, "is a pipe")
	require.Len(t, r.Notes, 1)
	require.Contains(t, r.Notes[0], "is a pipe")
}
