//go:build unix

package inventory_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
)

// Opening a pipe that nobody writes to would wait for ever, and what a link
// leads to outside of the tree is not a part of it.
func TestLinksAndPipes(t *testing.T) {
	root := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, mum(`releaseType="Secret"`, ""), 0o600))
	states := map[string]uint32{}
	for _, name := range []string{"link", "out", "pipe"} {
		states[name+"-Package"+token+"1"] = 0x70
	}
	hive := regftest.Build(software(states), regftest.Options{})
	require.NoError(t, os.MkdirAll(filepath.Join(root, config), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, packages), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, config, "SOFTWARE"), hive, 0o600))
	file := func(name string) string { return filepath.Join(root, packages, name+"-Package"+token+"1.mum") }
	require.NoError(t, syscall.Mkfifo(file("pipe"), 0o644))
	require.NoError(t, os.Symlink(filepath.Base(file("pipe")), file("link")))
	require.NoError(t, os.Symlink(secret, file("out")))
	i, err := inventory.Read(t.Context(), os.DirFS(root))
	require.NoError(t, err)
	require.Len(t, i.Packages, 3)
	for n, want := range []string{"is a pipe", "file does not exist", "is a pipe"} {
		p := i.Packages[n]
		require.ErrorContains(t, p.Sources[len(p.Sources)-1].Err, want)
		require.Empty(t, p.ReleaseType)
	}
}
