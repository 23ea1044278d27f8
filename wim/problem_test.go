package wim

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

func TestAffectedString(t *testing.T) {
	require.Equal(t, "2:Windows/notepad.exe", Affected{Image: 2, Path: "Windows/notepad.exe"}.String())
	require.Equal(t, "12:a:s", Affected{Image: 12, Path: "a", Stream: "s"}.String())
	require.Equal(t, "3:", Affected{Image: 3}.String())
}

// Contents that are missing are one problem of an extraction and of a tar, for
// all entries that have them, further names of files too.
func TestMissingContentsAreOneProblem(t *testing.T) {
	w := wimtest.NewWIM()
	good := w.AddBlob([]byte("good"))
	linked := func(name string) *wimtest.Dentry {
		d := wimtest.RegularFile(name, [20]byte{1})
		d.HardLink = 7
		return d
	}
	for range 2 {
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
			wimtest.RegularFile("good", good), linked("a"), linked("b"),
			wimtest.Directory("d", wimtest.RegularFile("c", [20]byte{2}), wimtest.RegularFile("c again", [20]byte{2})),
			wimtest.Symlink("link", [20]byte{3}))})
	}
	r := openCrafted(t, w)
	want := []string{"a", "b", "d/c", "d/c again", "link"}

	check := func(problems []Problem, more int, err error, op string) {
		t.Helper()
		require.Len(t, problems, 1)
		require.Zero(t, more)
		requireClear(t, problems[0].Err, ErrMissingBlob)
		require.Regexp(t, `^`+op+`: 3 contents are not at hand, the first is of (1/)?a: blob 01.*: content is not in this WIM; .*made against$`, problems[0].Err.Error())
		require.Equal(t, problems[0].Err, err)
		require.Zero(t, problems[0].MoreAffected)
	}
	extracted, err := r.Images[1].Extract(t.Context(), t.TempDir())
	check(extracted.Problems, extracted.MoreProblems, err, "extract")
	require.ElementsMatch(t, want, wimtest.Paths(extracted.Problems[0].Affected))
	require.Equal(t, 2, extracted.Problems[0].Affected[0].Image)
	require.Equal(t, 1, extracted.Files)

	tarred, err := r.Images[1].WriteTar(t.Context(), io.Discard)
	check(tarred.Problems, tarred.MoreProblems, err, "tar")
	require.ElementsMatch(t, want, wimtest.Paths(tarred.Problems[0].Affected))
	require.Equal(t, 1, tarred.Files)

	extracted, err = r.Extract(t.Context(), t.TempDir())
	check(extracted.Problems, extracted.MoreProblems, err, "extract")
	require.ElementsMatch(t, []string{"1:a", "1:b", "1:d/c", "1:d/c again", "1:link", "2:a", "2:b", "2:d/c", "2:d/c again", "2:link"},
		wimtest.Texts(extracted.Problems[0].Affected))

	// One is told of as any other problem is.
	extracted, err = r.Images[0].Extract(t.Context(), t.TempDir(), WithPaths("b", "good"))
	require.ErrorContains(t, err, "extract b: blob 01")
	require.Equal(t, []string{"1:b"}, wimtest.Texts(extracted.Problems[0].Affected))
}
