package wim_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// TestExportFixtures exports each fixture with each codec, and lets wimlib and
// 7-Zip say what they think of it.
func TestExportFixtures(t *testing.T) {
	needsWimlib(t)
	for _, name := range wimtest.FixtureFiles(t) {
		for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
			t.Run(fmt.Sprint(name, " ", codec), func(t *testing.T) {
				r, err := wim.OpenReader(wimtest.FixturePath(t, name))
				require.NoError(t, err)
				defer r.Close()
				var given []string // to wimlib, beside the file
				if strings.HasSuffix(name, ".swm") {
					given = append(given, "--ref="+strings.TrimSuffix(wimtest.FixturePath(t, name), ".swm")+"*.swm")
				}
				if reference := wimtest.FixtureReference(name); reference != "" {
					other, err := wim.OpenReader(wimtest.FixturePath(t, reference))
					require.NoError(t, err)
					defer other.Close()
					r.Reference(other.Reader)
					given = append(given, "--ref="+wimtest.FixturePath(t, reference))
				}
				if len(r.MissingParts()) > 0 || r.Header.PartNumber > 1 {
					t.Skip("part of a set")
				}
				w, err := wim.NewWriter(wim.WithCompression(codec), wim.WithIntegrityTable(true))
				require.NoError(t, err)
				require.NoError(t, w.Export(r.Images...))
				out := filepath.Join(t.TempDir(), "out.wim")
				_, err = w.WriteFile(t.Context(), out)
				require.NoError(t, err)
				requireWritten(t, out)
				for _, image := range r.Images {
					requireSameListing(t, wimtest.FixturePath(t, name), out, image.Index, given...)
				}
			})
		}
	}
}

// requireWritten has a file that was written judged by us and by others.
func requireWritten(t *testing.T, file string) {
	t.Helper()
	requireAccepted(t, file, false)
}

// requireAccepted is requireWritten, for files too that were added to.
func requireAccepted(t *testing.T, file string, appended bool) {
	t.Helper()
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	defer r.Close()
	require.Empty(t, r.Warnings())
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	requireInvariants(t, data, appended)
	requireGood(t, r.Reader, file)
	if sevenZip, err := exec.LookPath("7zz"); err == nil {
		output, err := exec.Command(sevenZip, "t", file).CombinedOutput()
		require.NoError(t, err, "%s", output)
		require.NotContains(t, string(output), "WARNING", "%s", output)
	}
}

// requireSameListing compares wimlib's detailed listings of an image in two
// files.
func requireSameListing(t *testing.T, want, got string, index int, given ...string) {
	t.Helper()
	list := func(file string, given ...string) string {
		output := mustWimlib(t, append([]string{"dir", file, fmt.Sprint(index), "--detailed"}, given...)...)
		var lines []string
		for line := range bytes.Lines(output) {
			if !storedAnew(string(line)) {
				lines = append(lines, string(line))
			}
		}
		return strings.Join(lines, "")
	}
	require.Equal(t, list(want, given...), list(got))
}

// storedAnew says whether a line of a listing tells how a content is stored.
func storedAnew(line string) bool {
	for _, prefix := range []string{"Raw size", "Compressed size", "Offset in WIM", "Reference Count", "Part Number", "Flags", "Solid"} {
		if strings.HasPrefix(strings.TrimSpace(line), prefix) {
			return true
		}
	}
	return false
}
