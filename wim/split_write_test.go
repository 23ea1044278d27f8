package wim_test

import (
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

// openFixtureSet opens a fixture with its reference. Fixtures that are not the
// first part of a set are skipped.
func openFixtureSet(t *testing.T, name string) *wim.Reader {
	t.Helper()
	r, err := wim.OpenReader(wimtest.FixturePath(t, name))
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	if r.Header.PartNumber > 1 {
		t.Skip("part of a set")
	}
	if reference := wimtest.FixtureReference(name); reference != "" {
		other, err := wim.OpenReader(wimtest.FixturePath(t, reference))
		require.NoError(t, err)
		t.Cleanup(func() { other.Close() })
		r.Reference(other.Reader)
	}
	return r.Reader
}

// partName is the name of a part, as DISM names it.
func partName(first string, number int) string {
	if number == 1 {
		return first
	}
	return fmt.Sprint(strings.TrimSuffix(first, ".swm"), number, ".swm")
}

// TestSplitFixtures splits each fixture in parts of many sizes, and lets wimlib
// and 7-Zip say what they think of it.
func TestSplitFixtures(t *testing.T) {
	needsWimlib(t)
	for _, name := range wimtest.FixtureFiles(t) {
		t.Run(name, func(t *testing.T) {
			r := openFixtureSet(t, name)
			for _, limit := range []int64{6000, 8000, 12000, 20000, 1 << 20} {
				dir := t.TempDir()
				out := filepath.Join(dir, "out.swm")
				report, err := r.Split(t.Context(), out, limit, wim.WithIntegrityTable(true))
				if err != nil {
					t.Log(limit, err)
					require.ErrorIs(t, err, wim.ErrOption)
					continue
				}
				t.Log(limit, fmt.Sprintf("%+v", *report))
				parts, err := filepath.Glob(filepath.Join(dir, "*"))
				require.NoError(t, err)
				require.Len(t, parts, report.Parts)
				var sizes []int64
				for i := range parts {
					info, err := os.Stat(partName(out, i+1))
					require.NoError(t, err)
					require.LessOrEqual(t, info.Size(), limit)
					sizes = append(sizes, info.Size())
				}
				t.Log(sizes)
				set, err := wim.OpenReader(out)
				require.NoError(t, err)
				require.Empty(t, set.Warnings())
				require.Empty(t, set.MissingParts())
				requireGood(t, set.Reader, out, "--ref="+filepath.Join(dir, "out*.swm"))
				set.Close()
				if sevenZip, err := exec.LookPath("7zz"); err == nil && sizes[len(sizes)-1] <= sizes[0] {
					output, err := exec.Command(sevenZip, "t", out).CombinedOutput()
					require.NoError(t, err, "%s", output)
					require.Contains(t, string(output), "Everything is Ok")
				}
				var given []string
				if strings.HasSuffix(name, ".swm") {
					given = append(given, "--ref="+strings.TrimSuffix(wimtest.FixturePath(t, name), ".swm")+"*.swm")
				}
				if reference := wimtest.FixtureReference(name); reference != "" {
					given = append(given, "--ref="+wimtest.FixturePath(t, reference))
				}
				if report.Parts > 1 {
					mustWimlib(t, append([]string{"join", filepath.Join(dir, "wimlib.wim")}, parts...)...)
					for _, image := range r.Images {
						requireSameListing(t, wimtest.FixturePath(t, name), filepath.Join(dir, "wimlib.wim"), image.Index, given...)
					}
				}
				set, err = wim.OpenReader(out)
				require.NoError(t, err)
				joined := filepath.Join(dir, "joined.wim")
				_, err = set.Join(t.Context(), joined)
				require.NoError(t, err)
				require.NoError(t, set.Close())
				requireWritten(t, joined)
				for _, image := range r.Images {
					requireSameListing(t, wimtest.FixturePath(t, name), joined, image.Index, given...)
				}
			}
		})
	}
}
