package wim

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// readCounter counts what is read of a file.
type readCounter struct {
	breakingFile
	read int
}

func (c *readCounter) ReadAt(p []byte, at int64) (int, error) {
	c.read += len(p)
	return c.breakingFile.ReadAt(p, at)
}

// TestEditCost changes a file in an image whose contents have 8 MiB: what is
// read and written is the tree, the tables and the new content.
func TestEditCost(t *testing.T) {
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	for i := range 8 {
		content := bytes.Repeat([]byte{byte(i)}, 1<<20)
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), w.AddBlob(content)))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	file := &readCounter{breakingFile: breakingFile{data: w.Bytes(), room: 1 << 30}}
	u, err := newUpdate(file, int64(len(file.data)), "", nil)
	require.NoError(t, err)
	e, err := u.Images()[0].Edit()
	require.NoError(t, err)
	require.NoError(t, e.WriteFile("3", []byte("new content")))
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	written := 0
	for _, n := range file.calls {
		written += n
	}
	require.Less(t, written, 8<<10)
	require.Less(t, file.read, 16<<10)
	verifyWhole(t, file.data)
}

// TestEditManyFiles changes an image of 100,000 files. Of each the tree takes
// some hundred bytes, the metadata itself among them.
func TestEditManyFiles(t *testing.T) {
	if wimtest.Race {
		t.Skip("the race detector allocates as well")
	}
	files := 100_000
	if testing.Short() {
		files = 5_000
	}
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	root := wimtest.Directory("")
	for i := range files / 100 {
		dir := wimtest.Directory(fmt.Sprint("directory ", i))
		for k := range 100 {
			dir.Children = append(dir.Children, wimtest.RegularFile(fmt.Sprintf("file %02d of the directory", k), hash))
		}
		root.Children = append(root.Children, dir)
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	data := w.Bytes()
	file := &breakingFile{data: append(make([]byte, 0, 3*len(data)), data...), room: 1 << 30}
	w, root, data = nil, nil, nil
	u, err := newUpdate(file, int64(len(file.data)), "", nil)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	e, err := u.Images()[0].Edit()
	require.NoError(t, err)
	require.NoError(t, e.WriteFile("directory 7/file 07 of the directory", nil))
	require.NoError(t, e.RemoveAll("directory 8"))
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int(after.HeapAlloc-before.HeapAlloc)/files, 420)
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, int(after.TotalAlloc-before.TotalAlloc)/files, 1400)
}
