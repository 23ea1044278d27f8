package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// On a file system that folds case the second of two names that it takes for
// the same is a problem, with all below it. (Whether it does is found out by
// asking it; here the answer is given.)
func TestExtractClash(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.RegularFile("Readme", hash), wimtest.RegularFile("README", hash), wimtest.RegularFile("readme", hash),
		wimtest.Directory("Ärger", wimtest.RegularFile("below", hash)), wimtest.Directory("ärger", wimtest.RegularFile("below", hash)),
		wimtest.RegularFile("straße", hash), wimtest.RegularFile("strasse", hash))})
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	for _, foldsCase := range []bool{false, true} {
		x := newExtraction(t.Context(), t.TempDir())
		x.add(r.Images[0], tree, "")
		defer x.directories.closeAll()
		require.NoError(t, x.trees[0].choose(nil))
		x.trees[0].placeAll(foldsCase)
		var placed []string
		for i := range tree.meta.nodes {
			if x.trees[0].placed[i] {
				placed = append(placed, tree.meta.pathOf(int32(i)))
			}
		}
		if !foldsCase {
			require.Len(t, placed, 1+3+4+2)
			continue
		}
		require.ElementsMatch(t, []string{".", "README", "strasse", "straße", "Ärger", "Ärger/below"}, placed)
		require.Len(t, x.problems.list, 3)
		require.EqualError(t, x.problems.list[0].Err,
			`extract Readme: "README" differs from it only in case, which is the same name on this file system: wim: unsupported`)
	}
}
