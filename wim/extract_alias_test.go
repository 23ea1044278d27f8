package wim

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A name that something answers to which was not there before is an alias of
// what this extraction made: that stays as it is. Here the test makes it,
// between the passes, as a file system with aliases would have it.
func TestExtractAlias(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the passes are other ones")
	}
	w := wimtest.NewWIM()
	content := w.AddBlob([]byte("content"))
	target := w.AddBlob(wimtest.SymlinkData("x", true))
	linked := func(name string) *wimtest.Dentry {
		d := wimtest.RegularFile(name, content)
		d.HardLink = 7
		return d
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Directory("alias directory", wimtest.RegularFile("below", content)),
		wimtest.Directory("d", wimtest.RegularFile("file", content), wimtest.RegularFile("copy", content),
			linked("hard 1"), linked("hard 2"), linked("hard 3"), wimtest.Symlink("link", target)),
		wimtest.Directory("there", wimtest.RegularFile("old", content), wimtest.Symlink("old link", target),
			wimtest.RegularFile("twin", content), wimtest.Symlink("twin link", target)),
	)})
	for _, existing := range []bool{false, true} {
		x := newExtraction(t.Context(), filepath.Join(t.TempDir(), "target"))
		r := openCrafted(t, w)
		x.add(r.Images[0], craftedTree(t, r), "")
		defer x.directories.closeAll()
		write := func(name, text string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o666))
		}
		if existing {
			require.NoError(t, os.MkdirAll(filepath.Join(x.dir, "there"), 0o777))
			require.NoError(t, os.Mkdir(filepath.Join(x.dir, "d"), 0o777))
			write("there/old", "older")
			write("there/old link", "older")
			write("there/twin", "older")
			write("there/twin link", "older")
		}
		tr := x.trees[0]
		require.NoError(t, tr.choose(nil))
		require.NoError(t, x.openTop())
		require.NoError(t, tr.makeTarget())
		if !existing {
			require.NoError(t, os.Mkdir(filepath.Join(x.dir, "alias directory"), 0o777))
		}
		require.NoError(t, tr.prepare())
		for _, name := range []string{"d/file", "d/hard 2", "d/link"} {
			write(name, "made")
		}
		// These are aliases of each other that were there before: the one is
		// what the other was, as soon as it is made.
		if existing {
			for _, name := range []string{"there/twin", "there/twin link"} {
				write("there/new", "made")
				require.NoError(t, os.Rename(filepath.Join(x.dir, "there/new"), filepath.Join(x.dir, name)))
			}
		}
		require.NoError(t, x.write(newBulk(newExtractOptions(nil).bulkOptions), (*extractedTree).fileContents))
		require.NoError(t, tr.finish())
		want := []string{"d/file", "d/hard 2", "d/link"}
		if existing {
			want = append(want, "there/twin", "there/twin link")
		} else {
			want = append(want, "alias directory")
		}
		var problems []string
		for _, p := range x.problems.list {
			require.ErrorIs(t, p.Err, os.ErrExist)
			problems = append(problems, wimtest.Paths(p.Affected)...)
		}
		require.ElementsMatch(t, want, problems)
		for name, text := range map[string]string{
			"d/file": "made", "d/hard 2": "made", "d/link": "made", "d/copy": "content", "d/hard 1": "content", "d/hard 3": "content", "there/old": "content",
		} {
			data, err := os.ReadFile(filepath.Join(x.dir, name))
			require.NoError(t, err)
			require.Equal(t, text, string(data), name)
		}
		link, err := os.Readlink(filepath.Join(x.dir, "there", "old link"))
		require.NoError(t, err)
		require.Equal(t, "x", link)
		entries, err := os.ReadDir(filepath.Join(x.dir, "d"))
		require.NoError(t, err)
		require.Len(t, entries, 6, "no temporary file is left")
		require.Len(t, x.problems.list, len(want))
	}
}
