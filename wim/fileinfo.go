package wim

import (
	"io/fs"
	"time"
)

// info describes a node, both as fs.FileInfo and as fs.DirEntry.
func (f *FS) info(i int32) entryInfo { return &fileInfo{fs: f, node: i} }

type fileInfo struct {
	fs   *FS
	node int32
}

func (i *fileInfo) n() *node { return &i.fs.meta.nodes[i.node] }

func (i *fileInfo) Name() string {
	if i.node == 0 {
		return "."
	}
	return i.n().name
}

// Size is the size of the unnamed stream, 0 for directories and links, and -1
// when the content is in none of the given files.
func (i *fileInfo) Size() int64 {
	n := i.n()
	if n.isDirectory() || n.dentry < 0 {
		return 0
	}
	hashes := i.fs.meta.streamsOf(n)
	return i.fs.sizeOf(hashes.data)
}

func (i *fileInfo) ModTime() time.Time {
	if i.n().dentry < 0 {
		return time.Time{}
	}
	return Filetime(i.fs.meta.dentry(i.n()).LastWriteTime).Time()
}

func (i *fileInfo) IsDir() bool                { return i.n().isDirectory() }
func (i *fileInfo) Type() fs.FileMode          { return i.Mode().Type() }
func (i *fileInfo) Info() (fs.FileInfo, error) { return i, nil }
func (i *fileInfo) Sys() any                   { return i.fs.entry(i.node) }
func (i *fileInfo) String() string             { return fs.FormatFileInfo(i) }

// Mode is [entryMode].
func (i *fileInfo) Mode() fs.FileMode {
	n := i.n()
	return entryMode(n.attributes, i.fs.isLink(i.node), i.fs.meta.unixData(n))
}

// streamInfo describes a named stream.
type streamInfo struct {
	entryInfo
	size int64
}

func (i *streamInfo) Size() int64 { return i.size }
