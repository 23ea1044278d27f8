package wim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Directories far below are reached from near ones, on every pass: what is
// opened is a few times the number of directories, not the square of it. The
// files have one content; each directory has one of a group of hard links, too,
// and a link.
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
		x.link = func(from *os.Root, old string, to *os.Root, name string) error {
			most = max(most, len(x.directories.open))
			return link(from, old, to, name)
		}
		report, err := x.extract(newExtractOptions(nil))
		require.NoError(t, err)
		n := c.chains * c.levels
		require.Equal(t, ExtractReport{Files: 3 * n, Directories: n, Links: n, Bytes: int64(7 * (n + c.chains))},
			ExtractReport{Files: report.Files, Directories: report.Directories, Links: report.Links, Bytes: report.Bytes})
		// Down and up again in five passes: directories, empty files, files,
		// links of both kinds, times.
		require.Less(t, x.directories.opened, 12*n)
		require.LessOrEqual(t, most, 2*maxOpenDirectories+4)
	}
}

// addChains adds chains of directories in one another to a root: the chain k is
// named so, and has files on each level.
func addChains(root *wimtest.Dentry, chains, levels int, files func(k, level int) []*wimtest.Dentry) {
	for k := range chains {
		var d *wimtest.Dentry
		for level := levels - 1; level >= 0; level-- {
			children := files(k, level)
			if d != nil {
				children = append(children, d)
			}
			d = wimtest.Directory("d", children...)
		}
		d.Name = fmt.Sprint(k)
		root.Children = append(root.Children, d)
	}
}

// Contents whose files are deep down in some chains, so that each is in another
// chain than the one before, are written in the order of the tree: what is
// opened is a few times the number of directories. So it is for hard links.
func TestExtractDeepTreesInOddOrder(t *testing.T) {
	const chains, levels, open = 12, 30, 8
	const first = open + 1 // the level where files begin
	w := wimtest.NewWIM()
	contents := make([][][20]byte, levels)
	both := w.AddBlob([]byte("near and deep"))
	for level := first; level < levels; level++ { // stored level by level
		for k := range chains {
			contents[level] = append(contents[level], w.AddBlob(fmt.Appendf(nil, "%2d %2d", level, k)))
		}
	}
	root := wimtest.Directory("", wimtest.RegularFile("near", both))
	addChains(root, chains, levels, func(k, level int) []*wimtest.Dentry {
		if level < first {
			return nil
		}
		next := (k + 1) % chains
		// The first name is in this chain, the other one in the next.
		linked, far := wimtest.RegularFile("linked", contents[level][k]), wimtest.RegularFile("far", contents[level][next])
		linked.HardLink, far.HardLink = uint64(level*chains+k+1), uint64(level*chains+next+1)
		return []*wimtest.Dentry{wimtest.RegularFile("file", contents[level][k]), linked, far, wimtest.RegularFile("both", both)}
	})
	w.AddImage(&wimtest.Metadata{Root: root})
	for _, workers := range []int{1, 3} {
		x := newExtraction(t.Context(), t.TempDir())
		x.directories.most = open
		r := openCrafted(t, w)
		x.add(r.Images[0], craftedTree(t, r), "")
		report, err := x.extract(newExtractOptions([]ExtractOption{WithWorkers(workers)}))
		require.NoError(t, err)
		directories, files := chains*levels, chains*(levels-first)
		require.Equal(t, ExtractReport{Files: 1 + 4*files, Directories: directories, Bytes: int64(13 + 13*files + 5*2*files)},
			ExtractReport{Files: report.Files, Directories: report.Directories, Bytes: report.Bytes})
		// Down and up again in five passes: directories, contents, first names,
		// hard links, times. (It was 8,629 without them, and 3,448 with hard
		// links as they come.)
		require.Less(t, x.directories.opened, 8*directories)
		for k := range chains {
			dir := filepath.Join(x.dir, fmt.Sprint(k))
			for level := range levels {
				if level >= first {
					for name, want := range map[string]string{
						"file": fmt.Sprintf("%2d %2d", level, k), "linked": fmt.Sprintf("%2d %2d", level, k),
						"far": fmt.Sprintf("%2d %2d", level, (k+1)%chains), "both": "near and deep",
					} {
						data, err := os.ReadFile(filepath.Join(dir, name))
						require.NoError(t, err)
						require.Equal(t, want, string(data))
					}
				}
				dir = filepath.Join(dir, "d")
			}
		}
		entries, err := os.ReadDir(x.dir)
		require.NoError(t, err)
		require.Len(t, entries, chains+1)
	}
}

// A content that is damaged, and an end of the extraction, leave nothing of
// what is staged behind.
func TestExtractDeepFailures(t *testing.T) {
	w := wimtest.NewWIM()
	bad := w.AddBlob([]byte("damaged"))
	w.Table[0].SHA1[0] ^= 1
	bad[0] ^= 1
	good := w.AddBlob([]byte("good"))
	d := wimtest.Directory("d", wimtest.RegularFile("bad", bad), wimtest.RegularFile("good", good))
	for range 70 {
		d = wimtest.Directory("d", d)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", d, wimtest.RegularFile("bad", bad))})
	r := openCrafted(t, w)
	dir := t.TempDir()
	report, err := r.Images[0].Extract(t.Context(), dir)
	require.ErrorIs(t, err, ErrChecksum)
	require.Equal(t, 1, report.Files)
	require.ElementsMatch(t, []string{"bad", strings.Repeat("d/", 71) + "bad"}, wimtest.Paths(slices.Concat(report.Problems[0].Affected, report.Problems[1].Affected)))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	for after := range 3 {
		ctx, cancel := context.WithCancelCause(t.Context())
		dir := t.TempDir()
		calls := 0
		_, err := r.Images[0].Extract(ctx, dir, WithWorkers(1), WithProgress(func(Progress) {
			if calls++; calls > after {
				cancel(errStop)
			}
		}))
		require.ErrorIs(t, err, errStop)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
}
