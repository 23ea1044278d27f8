package wim

import (
	"cmp"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// FS is the directory tree of one image. It implements [fs.FS], [fs.StatFS],
// [fs.ReadDirFS], [fs.ReadFileFS] and [fs.ReadLinkFS], and may be used by many
// goroutines at once.
//
// Names are found as Windows finds them: an exact match first, else one that
// differs only in case.
//
// Open, Stat, ReadFile and ReadDir follow symbolic links and junctions, but
// never out of the image. A link that leads nowhere can still be opened and
// described, as the link that it is; reading it fails.
type FS struct {
	reader *Reader
	meta   *metadata
	links  func() *hardLinks
	folded sync.Map // int32 → []int32: children of a directory by folded name, made when first needed
	recent atomic.Pointer[resolvedDirectory]

	linkReader linkReader
}

// resolvedDirectory is a directory that was looked up, by a path in which there
// are no links.
type resolvedDirectory struct {
	path string
	node int32
}

var (
	_ fs.StatFS     = (*FS)(nil)
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.ReadLinkFS = (*FS)(nil)
)

func newFS(r *Reader, m *metadata) *FS {
	return &FS{reader: r, meta: m, links: sync.OnceValue(m.findHardLinks)}
}

func (f *FS) hardLinks() *hardLinks { return f.links() }

// Warnings are the oddities of the image's metadata that were read around.
func (f *FS) Warnings() []error { return f.meta.warnings.all() }

// child finds a name in a directory: exactly, or else without regard to case.
func (f *FS) child(dir int32, name string) (int32, bool) {
	children := f.meta.children(dir)
	first := f.meta.nodes[dir].firstChild
	i, found := slices.BinarySearchFunc(children, name, func(n node, name string) int { return cmp.Compare(n.name, name) })
	if found {
		return first + int32(i), true
	}
	for i := range f.sameFolded(dir, name) {
		return i, true
	}
	return 0, false
}

type foldedChild struct {
	name string
	node int32
}

// foldedChildren returns the children of a directory by folded name. Of two
// with the same folded name the first in the exact order comes first.
func (f *FS) foldedChildren(dir int32) []foldedChild {
	if list, ok := f.folded.Load(dir); ok {
		return list.([]foldedChild)
	}
	first := f.meta.nodes[dir].firstChild
	list := make([]foldedChild, f.meta.nodes[dir].childCount)
	for i, n := range f.meta.children(dir) {
		list[i] = foldedChild{utf16le.Fold(n.name), first + int32(i)}
	}
	slices.SortFunc(list, func(a, b foldedChild) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.node, b.node))
	})
	f.folded.Store(dir, list)
	return list
}

// resolve finds the node of a path. Links inside the path are followed; the
// last element is followed if followLast is set.
func (f *FS) resolve(path string, followLast bool) (int32, error) {
	if !fs.ValidPath(path) {
		return 0, fs.ErrInvalid
	}
	if path == "." {
		return 0, nil
	}
	at, rest := f.nearest(path)
	at, links, err := walkPath(f, at, rest, followLast)
	if err != nil {
		return 0, err
	}
	if links == 0 && f.isDirectory(at) {
		f.recent.Store(&resolvedDirectory{path, at})
	}
	return at, nil
}

// nearest returns the directory to look a path up from, and what of the path
// is to be looked up there: the last directory that this path and the one of the
// recent lookup have in common. (A walk of a tree with two branches on each of
// 16,000 levels takes 4 s of processor time with it, 16 s without, and half of
// the 4 s is path.Join: TestHostileDeepWalk with as many levels.)
func (f *FS) nearest(path string) (at int32, rest string) {
	recent := f.recent.Load()
	if recent == nil {
		return 0, path
	}
	common := 0 // bytes of the elements that both begin with
	for i := 0; ; i++ {
		endRecent, endPath := i == len(recent.path), i == len(path)
		if (endRecent || recent.path[i] == '/') && (endPath || path[i] == '/') {
			common = i
		}
		if endRecent || endPath || recent.path[i] != path[i] {
			break
		}
	}
	if common == 0 {
		return 0, path
	}
	at = recent.node
	for range strings.Count(recent.path[common:], "/") {
		at = f.meta.nodes[at].parent
	}
	return at, strings.TrimPrefix(path[common:], "/")
}

func (f *FS) isDirectory(i int32) bool { return f.meta.nodes[i].isDirectory() }
func (f *FS) parent(i int32) int32     { return f.meta.nodes[i].parent }

func (f *FS) isLink(i int32) bool {
	return f.meta.nodes[i].attributes&AttributeReparsePoint != 0 && f.reparseTag(i).isLink()
}

func (f *FS) reparseTag(i int32) ReparseTag {
	return f.meta.reparseTag(&f.meta.nodes[i])
}

func (f *FS) linkTarget(i int32) (string, error) {
	link, err := f.reparsePoint(i).Link()
	if err != nil {
		return "", err
	}
	return link.Target(), nil
}

// Open opens a file or directory. Files are [*File]s.
func (f *FS) Open(name string) (fs.File, error) { return f.open("open", name, "") }

// OpenStream opens a named data stream of a file or directory, such as
// "Zone.Identifier". The stream "" is the content that Open reads.
func (f *FS) OpenStream(name, stream string) (*File, error) {
	file, err := f.open("open", name, stream)
	if err != nil {
		return nil, err
	}
	if file, ok := file.(*File); ok {
		return file, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: errIsDirectory}
}

// resolveOrLink resolves a path and follows links. For a dangling link it
// returns the link itself, and in broken why it dangles.
func (f *FS) resolveOrLink(path string) (i int32, broken, err error) {
	i, err = f.resolve(path, true)
	if err == nil {
		return i, nil, nil
	}
	link, linkErr := f.resolve(path, false)
	if linkErr != nil || !f.isLink(link) {
		return 0, nil, err
	}
	return link, err, nil
}

func (f *FS) open(op, name, stream string) (fs.File, error) {
	i, broken, err := f.resolveOrLink(name)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if broken != nil {
		return &File{fs: f, node: i, path: name, stream: stream, err: broken}, nil
	}
	n := &f.meta.nodes[i]
	if stream == "" && n.isDirectory() {
		return &directory{fs: f, node: i, path: name}, nil
	}
	hashes := f.meta.streamsOf(n)
	hash, found := hashes.data, true
	if stream != "" {
		hash, found = hashes.find(stream)
	}
	if !found {
		return nil, &fs.PathError{Op: op, Path: name + ":" + stream, Err: fs.ErrNotExist}
	}
	return &File{fs: f, node: i, path: name, stream: stream, hash: hash}, nil
}

// find returns the hash of a named stream, without regard to case where no
// name matches exactly.
func (s *streamHashes) find(name string) (hash SHA1, found bool) {
	for _, n := range s.named {
		if decoded := utf16le.Decode(n.name); decoded == name {
			return n.hash, true
		} else if !found && utf16le.Fold(decoded) == utf16le.Fold(name) {
			hash, found = n.hash, true
		}
	}
	return hash, found
}

// Stat describes a file or directory. It follows links.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	i, _, err := f.resolveOrLink(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f.info(i), nil
}

// Lstat describes a file, a directory, or a link itself.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	i, err := f.resolve(name, false)
	if err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return f.info(i), nil
}

// ReadLink returns the target of a symbolic link or junction, with slashes.
// See [Link.Target]; [ReparsePoint.Link] has the exact text.
func (f *FS) ReadLink(name string) (string, error) {
	i, err := f.resolve(name, false)
	if err == nil && !f.isLink(i) {
		err = fs.ErrInvalid
	}
	var target string
	if err == nil {
		target, err = f.linkTarget(i)
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

// ReadDir lists a directory, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	i, err := f.resolve(name, true)
	if err == nil && !f.meta.nodes[i].isDirectory() {
		err = errNotDirectory
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return f.entries(f.meta.nodes[i].firstChild, int(f.meta.nodes[i].childCount)), nil
}

func (f *FS) entries(first int32, count int) []fs.DirEntry {
	list := make([]fs.DirEntry, count)
	for k := range list {
		list[k] = f.info(first + int32(k))
	}
	return list
}

// ReadFile reads a whole file and checks its SHA-1.
func (f *FS) ReadFile(name string) ([]byte, error) {
	file, err := f.open("open", name, "")
	if err != nil {
		return nil, err
	}
	regular, ok := file.(*File)
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errIsDirectory}
	}
	return regular.readAll()
}

// StorageOrder yields the path and the stream name of every stream that has
// content, in the order in which the content is stored. Reading in this order
// decodes each chunk of a solid resource once, without need of a large cache.
// Paths lead to the entries themselves, not through links; reparse data is not
// among the streams.
func (f *FS) StorageOrder() iter.Seq2[string, string] {
	return func(yield func(path, stream string) bool) {
		type item struct {
			node   int32
			stream string
			at     storagePosition
		}
		var items []item
		f.eachContent(func(i int32, stream string, hash SHA1) {
			if stream == reparseStream {
				return
			}
			if b, err := f.reader.lookup(hash); err == nil && b != nil {
				items = append(items, item{i, stream, b.position()})
			}
		})
		slices.SortStableFunc(items, func(a, b item) int { return a.at.compare(b.at) })
		for _, it := range items {
			if !yield(f.meta.pathOf(it.node), it.stream) {
				return
			}
		}
	}
}

// reparseStream stands for the reparse data where streams are enumerated. No
// stream has such a name.
const reparseStream = "\x00reparse data"

// eachContent calls yield for each content of each node that is not empty.
func (f *FS) eachContent(yield func(i int32, stream string, hash SHA1)) {
	for i := range f.meta.nodes {
		n := &f.meta.nodes[i]
		if n.dentry < 0 {
			continue
		}
		hashes := f.meta.streamsOf(n)
		if !hashes.reparse.IsZero() {
			yield(int32(i), reparseStream, hashes.reparse)
		}
		if hashes.hasData && !hashes.data.IsZero() {
			yield(int32(i), "", hashes.data)
		}
		for _, s := range hashes.named {
			if !s.hash.IsZero() {
				yield(int32(i), utf16le.Decode(s.name), s.hash)
			}
		}
	}
}

// info describes a node, both as fs.FileInfo and as fs.DirEntry.
func (f *FS) info(i int32) *fileInfo { return &fileInfo{fs: f, node: i} }

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

// entryMode maps the attributes to a mode as package os does on Windows: links and
// junctions are symbolic links, reparse points of other kinds are irregular.
// Where the image has Unix data, permissions, devices, pipes and sockets are
// those.
func entryMode(attributes Attributes, link bool, unix *UnixData) fs.FileMode {
	mode := fs.FileMode(0o644)
	if attributes&AttributeReadOnly != 0 {
		mode = 0o444
	}
	switch {
	case attributes&(AttributeDirectory|AttributeReparsePoint) == AttributeDirectory:
		mode = fs.ModeDir | 0o755
	case attributes&AttributeReparsePoint == 0:
	case link:
		mode = fs.ModeSymlink | 0o777
	default:
		mode |= fs.ModeIrregular
	}
	if unix != nil {
		mode = mode.Type() | unix.permissions()
		if mode.IsRegular() {
			mode |= unix.fileType()
		}
	}
	return mode
}

func (i *fileInfo) hasUnixData() bool { return i.fs.meta.unixData(i.n()) != nil }

// permissions converts the permission bits of a Unix st_mode.
func (u *UnixData) permissions() fs.FileMode {
	mode := fs.FileMode(u.Mode & 0o777)
	if u.Mode&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if u.Mode&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if u.Mode&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// fileType converts the file type bits of a Unix st_mode, for those types
// that Windows does not have.
func (u *UnixData) fileType() fs.FileMode {
	switch u.Mode & 0o170000 {
	case 0o010000:
		return fs.ModeNamedPipe
	case 0o020000:
		return fs.ModeDevice | fs.ModeCharDevice
	case 0o060000:
		return fs.ModeDevice
	case 0o140000:
		return fs.ModeSocket
	}
	return 0
}

// directory is an open directory.
type directory struct {
	fs   *FS
	node int32
	path string

	mu   sync.Mutex
	done int32 // entries already returned
}

func (d *directory) Stat() (fs.FileInfo, error) { return d.fs.info(d.node), nil }
func (d *directory) Close() error               { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errIsDirectory}
}

// ReadDir implements fs.ReadDirFile.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	self := &d.fs.meta.nodes[d.node]
	count := int(self.childCount - d.done)
	if n > 0 {
		if count == 0 {
			return nil, io.EOF
		}
		count = min(count, n)
	}
	list := d.fs.entries(self.firstChild+d.done, count)
	d.done += int32(count)
	return list, nil
}
