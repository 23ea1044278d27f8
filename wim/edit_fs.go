package wim

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/wimble-go/wimble/internal/utf16le"
)

var (
	_ fs.StatFS     = (*Edit)(nil)
	_ fs.ReadDirFS  = (*Edit)(nil)
	_ fs.ReadLinkFS = (*Edit)(nil)
	_ linkTree      = (*Edit)(nil)
)

// isLink says whether a node is a symbolic link or a junction.
func (e *Edit) isLink(i int32) bool {
	if e.attributes(i)&AttributeReparsePoint == 0 {
		return false
	}
	d := e.dentry(i)
	return ReparseTag(d.Reparse().Tag).isLink()
}

func (e *Edit) linkTarget(i int32) (string, error) { return e.entry(i).Reparse.target() }

// resolve finds the node of a path, through links.
func (e *Edit) resolve(name string, followLast bool) (int32, error) {
	if !fs.ValidPath(name) {
		return 0, fs.ErrInvalid
	}
	if name == "." {
		return 0, nil
	}
	i, _, err := walkPath(e, 0, name, followLast)
	return i, err
}

// Open opens a file or directory. Content that is not in a WIM file yet is read
// from where it comes from.
func (e *Edit) Open(name string) (fs.File, error) {
	i, broken, err := resolveOrLink(e, name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if broken == nil && e.isDirectory(i) {
		list := e.list(i)
		return &directory{info: e.info(i), path: name, count: len(list), entries: func(from, count int) []fs.DirEntry {
			return list[from : from+count : from+count]
		}}, nil
	}
	info := e.info(i)
	return &editFile{edit: e, info: info, path: name, content: e.streamsOf(i).data, err: broken}, nil
}

// OpenStream opens a named data stream of a file or directory. The stream "" is
// the content that Open reads.
func (e *Edit) OpenStream(name, stream string) (fs.File, error) {
	if stream == "" {
		file, err := e.Open(name)
		if _, isDirectory := file.(*directory); isDirectory {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errIsDirectory}
		}
		return file, err
	}
	path := name + ":" + stream
	i, broken, err := resolveOrLink(e, name)
	var c editContent
	if err == nil && broken == nil {
		streams := e.streamsOf(i)
		k := streams.find(stream)
		if k < 0 {
			err = fs.ErrNotExist
		} else {
			c = streams.named[k].editContent
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &editFile{edit: e, info: &streamInfo{e.info(i), e.sizeOf(c)}, path: path, content: c, err: broken}, nil
}

// Stat describes a file or directory. It follows links.
func (e *Edit) Stat(name string) (fs.FileInfo, error) { return stat(e, name) }

// Lstat describes a file, a directory, or a link itself.
func (e *Edit) Lstat(name string) (fs.FileInfo, error) { return lstat(e, name) }

// ReadLink returns the target of a symbolic link or junction; see
// [FS.ReadLink].
func (e *Edit) ReadLink(name string) (string, error) { return readLink(e, name) }

// ReadDir lists a directory, sorted by name.
func (e *Edit) ReadDir(name string) ([]fs.DirEntry, error) { return readDir(e, name) }

func (e *Edit) list(dir int32) []fs.DirEntry {
	children := e.sortedByName(dir)
	list := make([]fs.DirEntry, len(children))
	for k, child := range children {
		list[k] = e.info(child)
	}
	return list
}

// entry says all that is known about a node.
func (e *Edit) entry(i int32) *Entry {
	group := e.hardLinks().group[i]
	var entry *Entry
	if e.stored(i) {
		entry = e.base.entry(i)
	} else {
		draft := e.nodes[i].draft
		entry = newEntry(e.nodes[i].name, &draft.Dentry, e.draft.security.Descriptors())
		s := e.streamsOf(i)
		if s.hasData {
			entry.Streams = append(entry.Streams, Stream{Size: e.sizeOf(s.data), SHA1: s.data.sha1()})
		}
		for _, n := range s.named {
			entry.Streams = append(entry.Streams, Stream{Name: utf16le.Decode(n.name), Size: e.sizeOf(n.editContent), SHA1: n.sha1()})
		}
		if p := entry.Reparse; p != nil {
			p.Size, p.SHA1, p.fs = e.sizeOf(s.reparse), s.reparse.sha1(), e.base
			if s.reparse.blob != nil {
				p.data = e.reparseData(s.reparse)
			}
		}
	}
	if i == 0 {
		entry.Name = "."
	}
	entry.HardLinkGroup, entry.HardLinkCount = group, max(1, len(e.hardLinks().names[group]))
	return entry
}

// reparseData reads reparse data that is new. It returns nil if it cannot be
// read.
func (e *Edit) reparseData(c editContent) []byte {
	file, err := e.open(c)
	if err != nil {
		return nil
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReparseData))
	if err != nil {
		return nil
	}
	return data
}

// info describes a node, both as fs.FileInfo and as fs.DirEntry.
func (e *Edit) info(i int32) entryInfo { return &editInfo{edit: e, node: i, name: e.nodes[i].name} }

type editInfo struct {
	edit *Edit
	node int32
	name string
}

func (i *editInfo) Name() string {
	if i.node == 0 {
		return "."
	}
	return i.name
}

func (i *editInfo) Size() int64 {
	if i.edit.isDirectory(i.node) {
		return 0
	}
	return i.edit.sizeOf(i.edit.streamsOf(i.node).data)
}

func (i *editInfo) ModTime() time.Time {
	d := i.edit.dentry(i.node)
	return Filetime(d.LastWriteTime).Time()
}

func (i *editInfo) Mode() fs.FileMode {
	d := i.edit.dentry(i.node)
	return entryMode(Attributes(d.Attributes), i.edit.isLink(i.node), unixDataOf(&d))
}

func (i *editInfo) IsDir() bool                { return i.edit.isDirectory(i.node) }
func (i *editInfo) Type() fs.FileMode          { return i.Mode().Type() }
func (i *editInfo) Info() (fs.FileInfo, error) { return i, nil }
func (i *editInfo) Sys() any                   { return i.edit.entry(i.node) }
func (i *editInfo) String() string             { return fs.FormatFileInfo(i) }

// editFile is an open stream. Its content is opened when it is first read.
type editFile struct {
	edit    *Edit
	info    fs.FileInfo
	path    string
	content editContent

	reader io.ReadCloser
	err    error // why it cannot be read
}

func (f *editFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *editFile) Read(p []byte) (int, error) {
	if f.reader == nil && f.err == nil {
		f.reader, f.err = f.edit.open(f.content)
	}
	n, err := 0, f.err
	if err == nil {
		n, err = f.reader.Read(p)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &fs.PathError{Op: "read", Path: f.path, Err: unwrapPath(err)}
	}
	return n, err
}

func (f *editFile) Close() error {
	reader := f.reader
	f.reader, f.err = nil, fs.ErrClosed
	if reader == nil {
		return nil
	}
	return reader.Close()
}
