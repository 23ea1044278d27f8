package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The facts are those of Microsoft's release information for Windows 10.
func TestUpdates(t *testing.T) {
	out := works(t, "updates", "18362.1139")
	require.Contains(t, out, "Version   10.0.18362.1139\n")
	require.Contains(t, out, "KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10\n")
	require.Contains(t, out, "10.0.18362.1256  KB4592449  2020-12-08  security\n")

	update := parseJSON(t, works(t, "updates", "--json", "10.0.18362.1139"))
	require.Equal(t, "KB4577671", update["kb"])
	require.Equal(t, "2020-10-13", update["released"])
	require.Equal(t, "KB4592449", update["newest"].(map[string]any)["kb"])

	require.Contains(t, works(t, "updates", "10.0.99999.1"), "Release  not in the table")
}

func TestUpdatesTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "table.txt")
	require.NoError(t, os.WriteFile(file, []byte("windows-table\t1\nextends\tbuilt-in\nas-of\t2030-01-08\nupdate\t26100\t9999\tKB9999999\t2030-01-08\tB\n"), 0o600))
	require.Contains(t, works(t, "updates", "26100.9999", "--table", file), "KB9999999, 2030-01-08; none newer as of 2030-01-08")

	require.NoError(t, os.WriteFile(file, []byte("nonsense\n"), 0o600))
	_, stderr, status := command("updates", "26100.9999", "--table", t.TempDir())
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "not a regular file")

	_, stderr, status = command("updates", "26100.9999", "--table", file)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "table.txt")
	_, _, status = command("updates", "ten")
	require.Equal(t, 2, status)
}
