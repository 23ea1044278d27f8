package wim

import (
	"cmp"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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

// nearest returns the directory to look a path up from, and what of the path is
// to be looked up there: the last directory that this path and the one of the
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

func (f *FS) linkTarget(i int32) (string, error) { return f.reparsePoint(i).target() }

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

func (f *FS) open(op, name, stream string) (fs.File, error) {
	i, broken, err := resolveOrLink(f, name)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if broken != nil {
		return &File{fs: f, node: i, path: name, stream: stream, err: broken}, nil
	}
	n := &f.meta.nodes[i]
	if stream == "" && n.isDirectory() {
		return &directory{info: f.info(i), path: name, count: int(n.childCount), entries: func(from, count int) []fs.DirEntry {
			return f.entries(n.firstChild+int32(from), count)
		}}, nil
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
func (f *FS) Stat(name string) (fs.FileInfo, error) { return stat(f, name) }

// Lstat describes a file, a directory, or a link itself.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return lstat(f, name) }

// ReadLink returns the target of a symbolic link or junction, with slashes.
// See [Link.Target]; [ReparsePoint.Link] has the exact text.
func (f *FS) ReadLink(name string) (string, error) { return readLink(f, name) }

// ReadDir lists a directory, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) { return readDir(f, name) }

func (f *FS) list(dir int32) []fs.DirEntry {
	n := &f.meta.nodes[dir]
	return f.entries(n.firstChild, int(n.childCount))
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
		f.eachContent(func(i int32, name contentName, hash SHA1) {
			if name.reparse {
				return
			}
			if b, err := f.reader.lookup(hash); err == nil && b != nil {
				items = append(items, item{i, name.stream, b.position()})
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

// contentName names a content of an entry: a data stream, whose name is "" for
// the unnamed one, or the reparse data.
type contentName struct {
	stream  string
	reparse bool
}

// eachContent calls yield for each content of each node that is not empty.
func (f *FS) eachContent(yield func(i int32, name contentName, hash SHA1)) {
	for i := range f.meta.nodes {
		n := &f.meta.nodes[i]
		if n.dentry < 0 {
			continue
		}
		hashes := f.meta.streamsOf(n)
		if !hashes.reparse.IsZero() {
			yield(int32(i), contentName{reparse: true}, hashes.reparse)
		}
		if hashes.hasData && !hashes.data.IsZero() {
			yield(int32(i), contentName{}, hashes.data)
		}
		for _, s := range hashes.named {
			if !s.hash.IsZero() {
				yield(int32(i), contentName{stream: utf16le.Decode(s.name)}, s.hash)
			}
		}
	}
}
