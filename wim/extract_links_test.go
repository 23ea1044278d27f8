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

// A file system takes so many names of a file, or none but the first. What is more
// is copied, and what comes after the hard links is there: links and times.
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
		count := make(map[int32]int)
		link := x.link
		x.link = func(tr *extractedTree, file, to int32) error {
			if count[file]++; count[file] == c.most {
				return &os.LinkError{Op: "linkat", Old: "a", New: "b", Err: c.err}
			}
			return link(tr, file, to)
		}
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
