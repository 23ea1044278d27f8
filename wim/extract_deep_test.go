package wim

import (
	"fmt"

	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Directories far below are reached from near ones, on every pass: what is opened is a
// few times the number of directories, not the square of it. The files have one
// content; each directory has one of a group of hard links, too, and a link.
func TestExtractDeepTrees(t *testing.T) {
	for _, c := range []struct{ chains, levels int }{{1, 1500}, {66, 40}} {
		w := wimtest.NewWIM()
		hash := w.AddBlob([]byte("content"))
		target := w.AddBlob(wimtest.SymlinkData("x", true))
		root := wimtest.Directory("")
		for k := range c.chains {
			var d *wimtest.Dentry
			for range c.levels {
				linked := wimtest.RegularFile("linked", hash)
				linked.HardLink = uint64(k + 1)
				children := []*wimtest.Dentry{linked, wimtest.RegularFile("empty", [20]byte{}),
					wimtest.RegularFile("file", hash), wimtest.Symlink("link", target)}
				if d != nil {
					children = append(children, d)
				}
				d = wimtest.Directory("d", children...)
			}
			d.Name = fmt.Sprint(k)
			root.Children = append(root.Children, d)
		}
		w.AddImage(&wimtest.Metadata{Root: root})
		x := newExtraction(t.Context(), t.TempDir())
		r := openCrafted(t, w)
		x.add(r.Images[0], craftedTree(t, r), "")
		most := 0
		link := x.link
		x.link = func(tr *extractedTree, file, to int32) error {
			most = max(most, len(x.directories.open))
			return link(tr, file, to)
		}
		report, err := x.extract(newExtractOptions(nil))
		require.NoError(t, err)
		n := c.chains * c.levels
		require.Equal(t, ExtractReport{Files: 3 * n, Directories: n, Links: n, Bytes: int64(7 * (n + c.chains))},
			ExtractReport{Files: report.Files, Directories: report.Directories, Links: report.Links, Bytes: report.Bytes})
		// Down and up again in five passes: directories, empty files, files, links
		// of both kinds, times.
		require.Less(t, x.directories.opened, 12*n)
		require.LessOrEqual(t, most, 2*maxOpenDirectories+4)
	}
}
