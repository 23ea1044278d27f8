package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRunOnce runs another program on a fixture, an operation that makes files
// included.
func TestRunOnce(t *testing.T) {
	for _, name := range []string{"7zz", "time"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	file, err := filepath.Abs("../../testdata/raw-lzx-32k.wim")
	require.NoError(t, err)
	for _, arguments := range []string{"t FILE", "x -y -oDIR FILE"} {
		r, err := runOnce("7zz", arguments, file, scratch())
		require.NoError(t, err)
		require.Positive(t, r.wall)
		require.Greater(t, r.peak, int64(100_000), "bytes, not KiB")
	}
	_, err = runOnce("7zz", "t FILE.missing", file, scratch())
	require.ErrorContains(t, err, "raw-lzx-32k.wim.missing")
}

func TestWriteRow(t *testing.T) {
	all := []program{{name: "ours"}, {name: "theirs"}, {name: "absent"}}
	var out strings.Builder
	writeHead(&out, all)
	writeRow(&out, "verify x", all, []result{
		{wall: 500 * time.Millisecond, cpu: time.Second, peak: 3_000_000},
		{wall: 750 * time.Millisecond, cpu: 700 * time.Millisecond, peak: 12_000_000},
		{},
	})
	require.Equal(t, strings.Join([]string{
		"| operation and file | ours s (CPU s, MB) | theirs s (CPU s, MB) | absent s (CPU s, MB) | times as fast as theirs | times as fast as absent |",
		"| --- | ---: | ---: | ---: | ---: | ---: |",
		"| verify x | 0.500 (1.000, 3) | 0.750 (0.700, 12) | | 1.50 | |",
		"",
	}, "\n"), out.String())
}
