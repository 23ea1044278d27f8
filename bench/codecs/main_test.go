package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
)

// TestRace lets every contestant decode one small file of every codec and chunk
// size. All of them compare what they decode with the original.
func TestRace(t *testing.T) {
	if _, err := os.Stat("/usr/include/wimlib.h"); err != nil {
		t.Skip("libwim-dev is not installed")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	dir := t.TempDir()
	all, err := contestants(dir)
	require.NoError(t, err)

	source, err := corpus.Source()
	require.NoError(t, err)
	raw, err := corpus.Bytes(filepath.Join(source, "unicode"), ".go", 300_000, 300_000)
	require.NoError(t, err)
	input := filepath.Join(dir, "input")
	require.NoError(t, os.WriteFile(input, raw, 0o666))

	for _, r := range rows() {
		if r.chunkSize > 2*mib {
			continue // needs much memory to compress, and is no different
		}
		t.Run(r.String(), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			output, err := exec.Command(all[0].program, "compress",
				strconv.Itoa(int(r.codec)), strconv.Itoa(r.chunkSize), input, file).CombinedOutput()
			require.NoError(t, err, "%s", output)

			res, err := race(all, r, file, 1, 0)
			require.NoError(t, err)
			require.EqualValues(t, len(raw), res.original)
			require.Less(t, res.compressed, res.original)
			for i, c := range all {
				require.Equal(t, c.reads(r), res.nanoseconds[i] > 0, c.name)
			}
		})
	}
}

func TestWriteRow(t *testing.T) {
	all := []contestant{{name: "libwim"}, {name: "ours"}, {name: "absent"}}
	var out strings.Builder
	writeHead(&out, all)
	writeRow(&out, row{chunkfile.LZX, 32 * kib, text}, all, &result{
		compressed: 250_000, original: 1_000_000, nanoseconds: []int64{2_000_000, 1_000_000, 0},
	})
	// 10^6 bytes in 2 ms are 500 MB/s.
	require.Equal(t, strings.Join([]string{
		"| chunks | ratio | libwim MB/s | ours MB/s | to libwim | absent MB/s | to libwim |",
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
		"| LZX 32K text | 0.250 | 500 | 1000 | 2.00 | | |",
		"",
	}, "\n"), out.String())
}

// TestDuel lets every encoder have its turn with a small file; what it makes is
// decoded by libwim and compared.
func TestDuel(t *testing.T) {
	if _, err := os.Stat("/usr/include/wimlib.h"); err != nil {
		t.Skip("libwim-dev is not installed")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	dir := t.TempDir()
	libwim, err := tools.BuildChunks(dir)
	require.NoError(t, err)
	ours, err := tools.BuildTiming(dir, "")
	require.NoError(t, err)
	source, err := corpus.Source()
	require.NoError(t, err)
	raw, err := corpus.Bytes(filepath.Join(source, "unicode"), ".go", 300_000, 300_000)
	require.NoError(t, err)
	input := filepath.Join(dir, "input")
	require.NoError(t, os.WriteFile(input, raw, 0o666))
	for _, d := range duels {
		a, b, err := d.run(ours, libwim, input, 1, 0)
		require.NoError(t, err)
		require.Less(t, a.size, int64(len(raw)))
		require.Less(t, b.size, int64(len(raw)))
	}
}
