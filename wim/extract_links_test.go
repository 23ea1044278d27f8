//go:build unix

package wim

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// atMostNames refuses links of files that have so many names.
func atMostNames(link linkFunc, most int, refusal error) linkFunc {
	return func(from *os.Root, old string, to *os.Root, name string) error {
		info, err := from.Lstat(old)
		if err != nil {
			return err
		}
		if uint64(info.Sys().(*syscall.Stat_t).Nlink) >= uint64(most) {
			return &os.LinkError{Op: "linkat", Old: old, New: name, Err: refusal}
		}
		return link(from, old, to, name)
	}
}

// A file system takes so many names of a file, or none but the first. What is
// more is copied, and what comes after the hard links is there: links and
// times.
func TestExtractTooManyHardLinks(t *testing.T) {
	const names = 10
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	day := wimtest.Directory("day")
	day.Times = [3]uint64{133_000_000_000_000_000, 133_000_000_000_000_000, 133_000_000_000_000_000}
	for i := range names {
		file := wimtest.RegularFile(fmt.Sprint(i), hash)
		file.HardLink, file.Times = 7, day.Times
		day.Children = append(day.Children, file)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", day)})
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	for _, c := range []struct {
		most        int // names that a file may have
		err         error
		files, lost int // lost: names that became a file
	}{
		{4, syscall.EMLINK, 3, 2}, // 4 + 4 + 2 names
		{1, syscall.EPERM, 10, 9},
		{names, nil, 1, 0},
	} {
		x := newExtraction(t.Context(), t.TempDir())
		x.add(r.Images[0], tree, "")
		x.link = atMostNames(x.link, c.most, c.err)
		report, err := x.extract(newExtractOptions(nil))
		require.NoError(t, err)
		require.Equal(t, names, report.Files)
		require.EqualValues(t, c.files*len("content"), report.Bytes)
		lost := 0
		for _, n := range report.NotRestored {
			if n.What == "hard links" {
				lost = n.Count
			}
		}
		require.Equal(t, c.lost, lost)
		var files []os.FileInfo
		for i := range names {
			name := filepath.Join(x.dir, "day", fmt.Sprint(i))
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, "content", string(data))
			info, err := os.Stat(name)
			require.NoError(t, err)
			known := false
			for _, f := range files {
				known = known || os.SameFile(f, info)
			}
			if !known {
				files = append(files, info)
			}
		}
		require.Len(t, files, c.files)
		// FILETIME counts 100 ns; 1970 is 11,644,473,600 seconds after 1601.
		info, err := os.Stat(filepath.Join(x.dir, "day"))
		require.NoError(t, err)
		require.EqualValues(t, 13_300_000_000-11_644_473_600, info.ModTime().Unix())
	}
}

// Groups of hard links whose names are deep down in some chains, in an order
// that jumps from one group to another, on a file system that refuses all of
// them, or all after some. What is opened is a few times the number of
// directories.
func TestExtractDeepRefusedHardLinks(t *testing.T) {
	const chains, levels, open, names = 12, 60, 8, 6
	const first = levels - 8 // the level where files begin
	// Name n of the group that began n chains before, on another level.
	group := func(chain, level, n int) int {
		return (chain+n)%chains*levels + first + (level-first+5*n)%(levels-first)
	}
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	addChains(root, chains, levels, func(k, level int) (files []*wimtest.Dentry) {
		for n := 0; n < names && level >= first; n++ {
			text := fmt.Appendf(nil, "%4d", group(k, level, n))
			hash := wimtest.SHA1(text)
			if n == 0 {
				hash = w.AddBlob(text)
			}
			file := wimtest.RegularFile(fmt.Sprint(n), hash)
			file.HardLink = uint64(group(k, level, n) + 1)
			files = append(files, file)
		}
		return files
	})
	w.AddImage(&wimtest.Metadata{Root: root})
	for _, most := range []int{1, 3} {
		x := newExtraction(t.Context(), t.TempDir())
		x.directories.most = open
		x.link = atMostNames(x.link, most, syscall.EPERM)
		r := openCrafted(t, w)
		x.add(r.Images[0], craftedTree(t, r), "")
		report, err := x.extract(newExtractOptions([]ExtractOption{WithWorkers(1)}))
		require.NoError(t, err)
		const directories, files = chains * levels, chains * (levels - first)
		require.Equal(t, names*files, report.Files)
		// With an anchor, a file has one name less than the file system allows.
		lost := (names - 1) * files
		if most > 1 {
			lost = (names/(most-1) - 1) * files
		}
		require.Equal(t, []NotRestored{{"hard links", lost}}, report.NotRestored)
		// (It was 5,055 and 10,200, jump by jump.)
		require.Less(t, x.directories.opened, 5*directories)
		for k := range chains {
			dir := filepath.Join(x.dir, fmt.Sprint(k))
			for level := range levels {
				for n := 0; n < names && level >= first; n++ {
					data, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(n)))
					require.NoError(t, err)
					require.Equal(t, fmt.Sprintf("%4d", group(k, level, n)), string(data))
				}
				dir = filepath.Join(dir, "d")
			}
		}
		entries, err := os.ReadDir(x.dir)
		require.NoError(t, err)
		require.Len(t, entries, chains)
	}
}
