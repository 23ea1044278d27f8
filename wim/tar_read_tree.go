package wim

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// A tar is read once, and what its Windows is, is asked when the tree is known.
// So the names of the tree and the contents of a few files are kept until then.

// maxKeptContents is how much of contents is kept. The registry of a Windows
// has some 100 MB.
const maxKeptContents = 192 << 20

// tellingFiles are the files below a system root that are kept, folded.
var tellingFiles = map[string]bool{
	"SYSTEM32/NTOSKRNL.EXE": true, "SYSTEM32/CONFIG/SOFTWARE": true, "SYSTEM32/CONFIG/SYSTEM": true,
}

// keep returns a reader of a content that keeps it for the file, if it is one
// of those that tell about Windows.
func (t *tarReading) keep(f *tarFile, name string, size int64, content io.Reader) io.Reader {
	elements, err := tarElements(name)
	if err != nil || len(elements) < 2 || !tellingFiles[utf16le.Fold(strings.Join(elements[1:], "/"))] || size > maxKeptContents-t.contents {
		return content
	}
	t.contents += size
	f.kept = new(bytes.Buffer)
	return io.TeeReader(content, f.kept)
}

// tarTree is the tree of a tar as a file system. Only files that were kept have
// a content.
type tarTree struct{ root *tarNode }

func (f tarTree) Open(name string) (fs.File, error) {
	n := f.root
	if name != "." {
		for element := range strings.SplitSeq(name, "/") {
			if n = n.children[element]; n == nil || n.file == nil {
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			}
		}
	}
	file := &tarTreeFile{tarNodeInfo: tarNodeInfo{n}, Reader: bytes.NewReader(nil)}
	if n.file.kept != nil {
		file.Reader = bytes.NewReader(n.file.kept.Bytes())
	}
	return file, nil
}

// tarTreeFile is an open file or directory of a tarTree.
type tarTreeFile struct {
	tarNodeInfo
	*bytes.Reader
}

func (f *tarTreeFile) Size() int64                { return f.tarNodeInfo.Size() }
func (f *tarTreeFile) Stat() (fs.FileInfo, error) { return f.tarNodeInfo, nil }
func (f *tarTreeFile) Close() error               { return nil }

// ReadDir lists the whole directory, whatever n is.
func (f *tarTreeFile) ReadDir(int) ([]fs.DirEntry, error) {
	var list []fs.DirEntry
	for _, child := range f.n.children {
		if child.file != nil {
			list = append(list, tarNodeInfo{child})
		}
	}
	return list, io.EOF
}

// tarNodeInfo describes a node.
type tarNodeInfo struct{ n *tarNode }

func (i tarNodeInfo) Name() string { return i.n.name }
func (i tarNodeInfo) IsDir() bool  { return i.n.file.isDirectory() }
func (i tarNodeInfo) Sys() any     { return nil }

// Size is -1 for a content that was not kept.
func (i tarNodeInfo) Size() int64 {
	if i.n.file.kept == nil {
		return -1
	}
	return int64(i.n.file.kept.Len())
}

func (i tarNodeInfo) Mode() fs.FileMode {
	switch {
	case i.IsDir():
		return fs.ModeDir | 0o755
	case i.n.file.entry.Reparse != nil:
		return fs.ModeIrregular | 0o644
	}
	return 0o644
}

func (i tarNodeInfo) Type() fs.FileMode          { return i.Mode().Type() }
func (i tarNodeInfo) Info() (fs.FileInfo, error) { return i, nil }
func (i tarNodeInfo) ModTime() time.Time         { return i.n.file.entry.LastWriteTime.Time() }
