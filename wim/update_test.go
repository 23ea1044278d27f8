package wim_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// copyFixture returns a copy of a fixture that a test may change.
func copyFixture(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, wimtest.FixtureBytes(t, name), 0o666))
	return file
}

// TestUpdate changes a file in all ways, one after the other.
func TestUpdate(t *testing.T) {
	needsWimlib(t)
	file := copyFixture(t, "multi.wim")
	update := func(change func(u *wim.Update), rebuild bool) *wim.WriteReport {
		u, err := wim.OpenUpdate(file, wim.WithTime(time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)))
		require.NoError(t, err)
		defer u.Close()
		change(u)
		var report *wim.WriteReport
		if rebuild {
			report, err = u.Rebuild(t.Context())
		} else {
			report, err = u.Commit(t.Context())
		}
		require.NoError(t, err)
		requireAccepted(t, file, !rebuild)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, info.Size(), report.Size)
		return report
	}
	images := func() int {
		r, err := wim.OpenReader(file)
		require.NoError(t, err)
		defer r.Close()
		return len(r.Images)
	}
	count := images()
	require.Greater(t, count, 1)

	update(func(u *wim.Update) {
		require.NoError(t, u.Images()[1].Set("NAME", "ein & anderer"))
		u.SetBoot(u.Images()[1])
	}, false)
	info, err := wimtest.ParseInfo(mustWimlib(t, "info", file, "--header"))
	require.NoError(t, err)
	_ = info
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	require.Equal(t, "ein & anderer", r.Images[1].Info.Name)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC), r.Images[1].Info.Modified.Time())
	require.Equal(t, 2, r.Header.BootIndex)
	r.Close()

	other, err := wim.OpenReader(wimtest.FixturePath(t, "xpress-32k.wim"))
	require.NoError(t, err)
	defer other.Close()
	update(func(u *wim.Update) {
		require.NoError(t, u.Export(other.Images[0]))
		added := u.Images()[count]
		require.NoError(t, added.Set("NAME", "added"))
	}, false)
	require.Equal(t, count+1, images())
	requireSameListing(t, wimtest.FixturePath(t, "multi.wim"), file, 2)

	update(func(u *wim.Update) { u.Delete(u.Images()[count]) }, false)
	require.Equal(t, count, images())
	report := update(func(u *wim.Update) {}, true)
	require.Equal(t, count, images())
	peer := copyFixture(t, "multi.wim")
	mustWimlib(t, "optimize", peer)
	optimized, err := os.Stat(peer)
	require.NoError(t, err)
	// The XML is a little longer, by the changed name and time.
	require.InDelta(t, optimized.Size(), report.Size, 200, "what was added is gone")
	requireSameListing(t, wimtest.FixturePath(t, "multi.wim"), file, 1)
	update(func(u *wim.Update) { u.Delete(u.Images()[0]) }, true)
	require.Equal(t, count-1, images())
}

// TestExportAddsWhatIsNew exports images into the file that they came from and
// into one that shares contents with them: only metadata, tables and contents
// that are new are written.
func TestExportAddsWhatIsNew(t *testing.T) {
	source, err := wim.OpenReader(wimtest.FixturePath(t, "install.wim"))
	require.NoError(t, err)
	defer source.Close()
	file := filepath.Join(t.TempDir(), "file.wim")
	w, err := wim.NewWriter()
	require.NoError(t, err)
	require.NoError(t, w.Export(source.Images[0]))
	first, err := w.WriteFile(t.Context(), file)
	require.NoError(t, err)

	export := func(name string, image *wim.Image) *wim.WriteReport {
		u, err := wim.OpenUpdate(file)
		require.NoError(t, err)
		defer u.Close()
		require.NoError(t, u.Export(image))
		images := u.Images()
		require.NoError(t, images[len(images)-1].Set("NAME", name))
		report, err := u.Commit(t.Context())
		require.NoError(t, err)
		return report
	}
	// One more metadata resource is copied, and no content.
	again := export("again", source.Images[0])
	require.Equal(t, first.Blobs, again.Blobs)
	require.Equal(t, 1, again.Copied)
	other := export("other", source.Images[1])
	require.Greater(t, other.Blobs, again.Blobs)
	require.Equal(t, other.Blobs-again.Blobs+1, other.Copied)
}
