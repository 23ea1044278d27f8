package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWindowsTextIsCurrent(t *testing.T) {
	want, err := generate(".")
	require.NoError(t, err)
	got, err := os.ReadFile("windows.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), `run "go generate ./winver"`)
}

func TestGenerateRefuses(t *testing.T) {
	const (
		releases = "build\tbase\tproduct\tversion\tcodename\tchannel\tavailable\tend_home_pro\tend_enterprise\tenablement_kb\n" +
			"18362\t18362\tWindows 10\t1903\t19H1\tclient\t-\t-\t-\t-\n18363\t18362\tWindows 10\t1909\t19H2\tclient\t-\t-\t-\t-\n"
		updates = "build\tubr\tkb\treleased\tkind\tproduct\n"
	)
	for name, test := range map[string]struct{ releases, updates, message string }{
		"two KBs in a family": {releases, updates + "18362\t10\tKB1\t-\tB\t-\n18363\t10\tKB2\t-\tB\t-\n", "UBR 10 is KB"},
		"a row twice":         {releases, updates + "18362\t10\tKB1\t-\tB\t-\n18362\t10\tKB1\t-\tB\t-\n", "twice"},
		"no such release":     {releases, updates + "18364\t10\tKB1\t-\tB\t-\n", "build 18364 is not in releases.tsv"},
		"columns":             {releases, updates + "18362\t10\tKB1\t-\tB\n", "updates.tsv:2: 6 columns are wanted"},
		"empty column":        {releases, updates + "18362\t10\t\t-\tB\t-\n", "updates.tsv:2: 6 columns are wanted"},
		"not a date":          {releases, updates + "18362\t10\tKB1\t2020-13-13\tB\t-\n", "2020-13-13"},
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{
			"releases.tsv": test.releases, "updates.tsv": test.updates, "ladders.tsv": "build\tubr\tproduct\n", "as-of.txt": "2026-09-29\n",
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
		}
		_, err := generate(dir)
		require.ErrorContains(t, err, test.message, name)
	}
}
