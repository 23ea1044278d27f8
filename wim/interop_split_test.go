package wim_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// openFixtureSet opens a fixture with its reference, and returns what wimlib
// needs beside it. Fixtures that are not the first part of a set are skipped.
func openFixtureSet(t *testing.T, name string) (r *wim.Reader, given []string) {
	t.Helper()
	rc, err := wim.OpenReader(wimtest.FixturePath(t, name))
	require.NoError(t, err)
	t.Cleanup(func() { rc.Close() })
	if rc.Header.PartNumber > 1 {
		t.Skip("part of a set")
	}
	if strings.HasSuffix(name, ".swm") {
		given = append(given, "--ref="+strings.TrimSuffix(wimtest.FixturePath(t, name), ".swm")+"*.swm")
	}
	if reference := wimtest.FixtureReference(name); reference != "" {
		other, err := wim.OpenReader(wimtest.FixturePath(t, reference))
		require.NoError(t, err)
		t.Cleanup(func() { other.Close() })
		rc.Reference(other.Reader)
		given = append(given, "--ref="+wimtest.FixturePath(t, reference))
	}
	return rc.Reader, given
}

// TestSplitFixtures splits each fixture in parts of some sizes and joins them.
// wimlib verifies, lists, applies and joins the sets, and 7-Zip tests them.
func TestSplitFixtures(t *testing.T) {
	needsWimlib(t)
	for i, name := range wimtest.FixtureFiles(t) {
		t.Run(name, func(t *testing.T) {
			r, given := openFixtureSet(t, name)
			random := rand.New(rand.NewPCG(20, uint64(i)))
			file := wimtest.FixturePath(t, name)
			for range 4 {
				limit := 6000 + random.Int64N(r.Size())
				first, parts, report, err := splitting(t, r, limit, wim.WithIntegrityTable(random.IntN(2) == 0))
				if err != nil {
					require.ErrorIs(t, err, wim.ErrOption)
					continue
				}
				requireSetInvariants(t, parts, true, report.Lacks)
				dir := filepath.Dir(first)
				ref := "--ref=" + filepath.Join(dir, "out*.swm")
				set, err := wim.OpenReader(first)
				require.NoError(t, err)
				requireGood(t, set.Reader, first, ref)
				require.Empty(t, set.MissingParts())
				requireSevenZip(t, first, parts)

				joined := filepath.Join(dir, "joined.wim")
				_, err = set.Join(t.Context(), joined)
				require.NoError(t, err)
				require.NoError(t, set.Close())
				requireAccepted(t, joined, true)
				theirs := joined
				if len(parts) > 1 {
					theirs = filepath.Join(dir, "theirs.wim")
					args := []string{"join", theirs}
					for i := range parts {
						args = append(args, partName(first, i+1))
					}
					mustWimlib(t, args...)
				}
				for _, image := range r.Images {
					requireSameListing(t, file, joined, image.Index, given...)
					requireSameListing(t, file, theirs, image.Index, given...)
				}
			}
		})
	}
}

// TestSplitApplied has wimlib apply sets: the trees are those of the source.
func TestSplitApplied(t *testing.T) {
	needsWimlib(t)
	for name, limit := range map[string]int64{"lzx-32k.wim": 15_000, "solid-lzx-32k.esd": 20_000, "solid-three.esd": 42_000, "pipable-xpress-4k.wim": 20_000} {
		r, _ := openFixtureSet(t, name)
		first, parts, _, err := splitting(t, r, limit)
		require.NoError(t, err)
		require.Greater(t, len(parts), 1, name)
		dir := t.TempDir()
		mustWimlib(t, "apply", wimtest.FixturePath(t, name), "1", filepath.Join(dir, "want"), "--norpfix")
		mustWimlib(t, "apply", first, "1", filepath.Join(dir, "got"), "--norpfix", "--ref="+strings.TrimSuffix(first, ".swm")+"*.swm")
		require.Equal(t, scanDisk(t, filepath.Join(dir, "want")), scanDisk(t, filepath.Join(dir, "got")), name)
	}
}

// TestSplitLZMS cuts a solid resource as DISM and wimlib make them, only in
// smaller chunks, at many places. What crosses a cut is stored without
// compression as long as LZMS cannot be written.
func TestSplitLZMS(t *testing.T) {
	needsWimlib(t)
	dir := t.TempDir()
	source := filepath.Join(dir, "source.esd")
	mustWimlib(t, "capture", goSource(t, "go"), source, "go", "--solid", "--compress=LZMS:20", "--solid-chunk-size=32K")
	mustWimlib(t, "apply", source, "1", filepath.Join(dir, "want"))
	want := scanDisk(t, filepath.Join(dir, "want"))
	r, err := wim.OpenReader(source)
	require.NoError(t, err)
	defer r.Close()
	for _, share := range []int64{2, 3, 5} {
		limit := r.Size()/share + 50_000
		first, parts, report, err := splitting(t, r.Reader, limit, wim.WithIntegrityTable(true))
		require.NoError(t, err)
		require.Greater(t, len(parts), 1)
		require.LessOrEqual(t, report.Packed, len(parts)-1, "a blob for each cut")
		requireSetInvariants(t, parts, true, 0)
		requireSevenZip(t, first, parts)
		pattern := strings.TrimSuffix(first, ".swm") + "*.swm"
		mustWimlib(t, "verify", first, "--ref="+pattern)
		applied := filepath.Join(dir, fmt.Sprint(share))
		mustWimlib(t, "apply", first, "1", applied, "--ref="+pattern)
		require.Equal(t, want, scanDisk(t, applied))
		for i, part := range parts[:len(parts)-1] {
			require.Greater(t, int64(len(part)), limit-limit/10, "part %d of %d", i+1, len(parts))
		}
	}
}

// requireSevenZip has 7-Zip test a set. It opens none whose last part is larger
// than the first, and warns of any whose last part is smaller; wimlib's sets
// are no different.
func requireSevenZip(t *testing.T, first string, parts [][]byte) {
	t.Helper()
	sevenZip, err := exec.LookPath("7zz")
	if err != nil || len(parts[len(parts)-1]) > len(parts[0]) {
		return
	}
	output, err := exec.Command(sevenZip, "t", first).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "Everything is Ok")
	if strings.Contains(string(output), "WARNING") {
		require.Contains(t, string(output), "There are data after the end of archive\n\n--", "%s", output)
	}
}

// TestSevenZipUpdatesOurs has 7-Zip add a file to a WIM that we wrote, and
// remove one. It does so without a warning, and what comes of it is a good WIM
// file, for us and for wimlib.
func TestSevenZipUpdatesOurs(t *testing.T) {
	needsWimlib(t)
	sevenZip, err := exec.LookPath("7zz")
	if err != nil {
		t.Skip("7zz is not on PATH; on Debian it is in the package 7zip")
	}
	const removed, added, content = "large/code.dll", "added by 7-Zip.txt", "added"
	for _, name := range []string{"lzx-32k.wim", "xpress-32k.wim", "solid-lzms.esd"} {
		for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
			for _, command := range []string{"u", "d"} {
				t.Run(fmt.Sprint(name, " ", codec, " ", command), func(t *testing.T) {
					r, _ := openFixtureSet(t, name)
					dir := t.TempDir()
					file := filepath.Join(dir, "out.wim")
					w, err := wim.NewWriter(wim.WithCompression(codec))
					require.NoError(t, err)
					require.NoError(t, w.Export(r.Images[0]))
					_, err = w.WriteFile(t.Context(), file)
					require.NoError(t, err)
					want := filesOf(t, file)
					require.Contains(t, want, removed)

					args := []string{"d", file, removed}
					delete(want, removed)
					if command == "u" {
						args = []string{"u", file, filepath.Join(dir, added)}
						require.NoError(t, os.WriteFile(args[2], []byte(content), 0o666))
						want = filesOf(t, file)
						want[added] = content
					}
					output, err := exec.Command(sevenZip, args...).CombinedOutput()
					require.NoError(t, err, "%s", output)
					require.Contains(t, string(output), "Everything is Ok")
					require.NotContains(t, string(output), "WARNING", "%s", output)
					now, err := wim.OpenReader(file)
					require.NoError(t, err)
					defer now.Close()
					requireGood(t, now.Reader, file)
					require.Equal(t, want, filesOf(t, file))
				})
			}
		}
	}
}

// filesOf returns what the files of image 1 have.
func filesOf(t *testing.T, file string) map[string]string {
	t.Helper()
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	defer r.Close()
	tree := imageFS(t, r.Reader, 1)
	contents := map[string]string{}
	for _, w := range walk(t, tree) {
		if w.info.Mode().IsRegular() {
			data, err := tree.ReadFile(w.path)
			require.NoError(t, err)
			contents[w.path] = string(data)
		}
	}
	return contents
}
