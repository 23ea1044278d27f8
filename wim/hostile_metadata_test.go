package wim

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// chain makes directories, one in the other, and returns the outermost and the
// innermost.
func chain(levels int, name string) (root, last *wimtest.Dentry) {
	root = wimtest.Directory("")
	last = root
	for range levels {
		next := wimtest.Directory(name)
		last.Children = append(last.Children, next)
		last = next
	}
	return root, last
}

// A tree of a million levels is cut where Windows has no longer paths, without
// recursion and in linear time. What is above stays readable.
func TestHostileDeepTree(t *testing.T) {
	for _, test := range []struct {
		levels, kept int
		name         string
	}{
		{16383, 16383, "d"}, // the deepest tree that a path of 32767 units can reach: 16383 times "d/", and a name
		{100_000, 16384, "d"},
		{400, 164, strings.Repeat("x", 199)}, // 164 times 200 is more than 32767
		{100_000, 32767, ""},                 // entries without names
	} {
		root, last := chain(test.levels, test.name)
		last.Children = append(last.Children, wimtest.RegularFile("f", [20]byte{}))
		top := wimtest.RegularFile("top", [20]byte{})
		root.Children = append(root.Children, top)
		raw := (&wimtest.Metadata{Root: root}).Bytes()
		meta, err := parseMetadata(raw)
		require.NoError(t, err)
		tree := newFS(&Reader{}, meta)

		deepest := int32(0)
		levels := 0
		for meta.nodes[deepest].childCount > 0 {
			next := int32(-1)
			for k := range meta.nodes[deepest].childCount {
				if child := meta.nodes[deepest].firstChild + k; meta.nodes[child].isDirectory() {
					next = child
				}
			}
			if next < 0 {
				break
			}
			deepest = next
			levels++
		}
		require.Equal(t, test.kept, levels)
		require.Equal(t, test.kept < test.levels, len(tree.Warnings()) > 0)
		_, err = fs.Stat(tree, "top")
		require.NoError(t, err)
		require.LessOrEqual(t, len(meta.pathOf(deepest)), 4*maxPath) // "%u" for an entry without a name
	}
}

// Walking a deep tree does not cost the square of its depth in lookups.
func TestHostileDeepWalk(t *testing.T) {
	root := wimtest.Directory("")
	last := root
	const levels = 4000
	for range levels {
		next := wimtest.Directory("d")
		last.Children = append(last.Children, next, wimtest.Directory("e"))
		last = next
	}
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: root})
	tree := craftedTree(t, openCrafted(t, w))
	steps := 0
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.True(t, entry.IsDir())
		steps++
		return nil
	}))
	require.Equal(t, 1+2*levels, steps)
}

// What a lookup remembers of the one before changes no result: every path of a
// tree with links is found from wherever the last lookup ended.
func TestLookupAfterLookup(t *testing.T) {
	w := wimtest.NewWIM()
	link := w.AddBlob(wimtest.SymlinkData(`b\c`, true))
	up := w.AddBlob(wimtest.SymlinkData(`..\..\..\ab`, true))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Directory("a", wimtest.Directory("b", wimtest.Directory("c", wimtest.RegularFile("f", [20]byte{}), wimtest.Symlink("up", up))), wimtest.Symlink("l", link)),
		wimtest.Directory("ab", wimtest.Directory("c", wimtest.RegularFile("g", [20]byte{}))),
		wimtest.RegularFile("f", [20]byte{}),
	)})
	r := openCrafted(t, w)
	paths := map[string]string{ // to where they lead, "" for nowhere
		".": ".", "a": "a", "a/b": "a/b", "a/b/c": "a/b/c", "a/b/c/f": "a/b/c/f", "a/l": "a/b/c", "a/l/f": "a/b/c/f", "A/B": "a/b", "A/L/F": "a/b/c/f",
		"ab": "ab", "ab/c": "ab/c", "ab/c/g": "ab/c/g", "a/l/up/c/g": "ab/c/g", "a/b/c/up": "ab", "f": "f",
		"a/bc": "", "abc": "", "a/b/c/f/x": "", "b": "", "a/b/c/g": "", "ab/c/f": "",
	}
	for first := range paths {
		for second, want := range paths {
			tree := newFS(r, craftedTree(t, r).meta)
			tree.resolve(first, true)
			at, err := tree.resolve(second, true)
			if want == "" {
				require.Error(t, err, "%s after %s", second, first)
			} else {
				require.NoError(t, err, "%s after %s", second, first)
				require.Equal(t, want, tree.meta.pathOf(at), "%s after %s", second, first)
			}
		}
	}
}
