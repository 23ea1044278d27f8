//go:build (linux && !386 && !arm && !mips && !mipsle) || darwin || freebsd

package mount

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/wimble-go/wimble/wim"
)

// images is the root when several images are mounted: a directory for each, by
// its index.
type images struct {
	fusefs.Inode
	trees map[int]*tree
}

// tree is one mounted image.
type tree struct {
	fs     *wim.FS
	report func(error) // what could not be read

	mu    sync.Mutex
	files map[uint64]uint64 // inode numbers of files with several names, by group
	next  *inodeNumbers
}

// inodeNumbers gives numbers to the files with several names, in all images. Other
// inodes have numbers from 2^63 on, which go-fuse counts.
type inodeNumbers struct {
	mu   sync.Mutex
	last uint64
}

func (n *inodeNumbers) take() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	return n.last + 1 // 1 is the root
}

// inode returns the number for all names of a hard link group; 0 lets go-fuse
// choose one.
func (t *tree) inode(e *wim.Entry) uint64 {
	if e.HardLinkGroup == 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.files == nil {
		t.files = make(map[uint64]uint64)
	}
	number := t.files[e.HardLinkGroup]
	if number == 0 {
		number = t.next.take()
		t.files[e.HardLinkGroup] = number
	}
	return number
}

// errno tells of an error that has no better number than EIO, and returns it.
func (t *tree) errno(err error) syscall.Errno {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, errTooLarge):
		return syscall.E2BIG
	}
	t.report(err)
	return syscall.EIO
}

// node is an entry of an image.
type node struct {
	fusefs.Inode
	tree *tree
	path string // in the image; "." is the root
}

var (
	_ fusefs.NodeLookuper    = (*node)(nil)
	_ fusefs.NodeReaddirer   = (*node)(nil)
	_ fusefs.NodeGetattrer   = (*node)(nil)
	_ fusefs.NodeReadlinker  = (*node)(nil)
	_ fusefs.NodeOpener      = (*node)(nil)
	_ fusefs.NodeGetxattrer  = (*node)(nil)
	_ fusefs.NodeListxattrer = (*node)(nil)
	_ fusefs.NodeStatfser    = (*node)(nil)
	_ fusefs.NodeReaddirer   = (*images)(nil)
	_ fusefs.NodeLookuper    = (*images)(nil)
	_ fusefs.NodeStatfser    = (*images)(nil)
	_ fusefs.FileReader      = (*file)(nil)
	_ fusefs.FileReleaser    = (*file)(nil)
)

// Lookup finds a name as Windows does.
func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	at := path.Join(n.path, name)
	info, err := n.tree.fs.Lstat(at)
	if err != nil {
		return nil, n.tree.errno(err)
	}
	entry := info.Sys().(*wim.Entry)
	// The path that is kept is the stored one: names may be asked for in any case.
	child := &node{tree: n.tree, path: path.Join(n.path, info.Name())}
	child.setAttr(&out.Attr, info, entry)
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: out.Mode & syscall.S_IFMT, Ino: n.tree.inode(entry)}), 0
}

// Readdir lists a directory.
func (n *node) Readdir(context.Context) (fusefs.DirStream, syscall.Errno) {
	entries, err := n.tree.fs.ReadDir(n.path)
	if err != nil {
		return nil, n.tree.errno(err)
	}
	list := make([]fuse.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = fuse.DirEntry{Name: e.Name(), Mode: unixType(e.Type())}
	}
	return fusefs.NewListDirStream(list), 0
}

// Getattr describes an entry.
func (n *node) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	info, err := n.tree.fs.Lstat(n.path)
	if err != nil {
		return n.tree.errno(err)
	}
	n.setAttr(&out.Attr, info, info.Sys().(*wim.Entry))
	return 0
}

// Readlink returns the target of a link, which is in the image.
func (n *node) Readlink(context.Context) ([]byte, syscall.Errno) {
	target, err := n.target()
	if err != nil {
		return nil, n.tree.errno(err)
	}
	return []byte(target), 0
}

func (n *node) target() (string, error) {
	target, err := n.tree.fs.ReadLink(n.path)
	if err != nil {
		return "", err
	}
	return relativeTarget(n.path, target), nil
}

// Open opens a file for reading. The kernel keeps what was read.
func (n *node) Open(_ context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&(syscall.O_WRONLY|syscall.O_RDWR) != 0 {
		return nil, 0, syscall.EROFS
	}
	opened, err := n.tree.fs.Open(n.path)
	if err != nil {
		return nil, 0, n.tree.errno(err)
	}
	content, ok := opened.(*wim.File)
	if !ok {
		opened.Close()
		return nil, 0, syscall.EISDIR
	}
	return &file{content: content, node: n}, fuse.FOPEN_KEEP_CACHE, 0
}

// maxWhole is the size of the largest file that is read as a whole, and so
// checked against its SHA-1, before any of it is given to the kernel.
const maxWhole = 4 << 20

// file is an open file. A small one is read into memory when it is first read.
type file struct {
	content *wim.File
	node    *node

	load  sync.Once
	whole []byte // of a small file
	err   error
}

// Read reads at an offset. Many reads may run at once.
func (f *file) Read(_ context.Context, p []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	f.load.Do(func() {
		info, err := f.content.Stat()
		if err == nil && info.Size() <= maxWhole {
			f.whole, err = io.ReadAll(f.content)
		}
		f.err = err
	})
	switch {
	case f.err != nil:
		return nil, f.node.tree.errno(f.err)
	case f.whole != nil:
		from := min(offset, int64(len(f.whole)))
		return fuse.ReadResultData(f.whole[from:min(from+int64(len(p)), int64(len(f.whole)))]), 0
	}
	n, err := f.content.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, f.node.tree.errno(err)
	}
	return fuse.ReadResultData(p[:n]), 0
}

// Release closes the file.
func (f *file) Release(context.Context) syscall.Errno {
	f.content.Close()
	return 0
}

func (n *node) xattrs() ([]xattr, error) {
	info, err := n.tree.fs.Lstat(n.path)
	if err != nil {
		return nil, err
	}
	return xattrsOf(info.Sys().(*wim.Entry), n.readStream), nil
}

func (n *node) readStream(stream string) ([]byte, error) {
	f, err := n.tree.fs.OpenStream(n.path, stream)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxXattr))
}

// Getxattr returns the value of an extended attribute, or its size if dest is
// too small.
func (n *node) Getxattr(_ context.Context, name string, dest []byte) (uint32, syscall.Errno) {
	list, err := n.xattrs()
	if err != nil {
		return 0, n.tree.errno(err)
	}
	for _, x := range list {
		if x.name != name {
			continue
		}
		value, err := x.value()
		if err != nil {
			return 0, n.tree.errno(err)
		}
		return put(dest, value)
	}
	return 0, fusefs.ENOATTR
}

// Listxattr lists the names, each with a NUL after it.
func (n *node) Listxattr(_ context.Context, dest []byte) (uint32, syscall.Errno) {
	list, err := n.xattrs()
	if err != nil {
		return 0, n.tree.errno(err)
	}
	var names []byte
	for _, x := range list {
		names = append(append(names, x.name...), 0)
	}
	return put(dest, names)
}

func put(dest, value []byte) (uint32, syscall.Errno) {
	if len(dest) < len(value) {
		return uint32(len(value)), syscall.ERANGE
	}
	return uint32(copy(dest, value)), 0
}

// Statfs says that the file system is full: it cannot be written to.
func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno { return statfs(out) }

func (r *images) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno { return statfs(out) }

func statfs(out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = blockSize, blockSize, 255
	return 0
}

// Lookup finds an image by its index.
func (r *images) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	index, err := strconv.Atoi(name)
	t := r.trees[index]
	if err != nil || t == nil || strconv.Itoa(index) != name {
		return nil, syscall.ENOENT
	}
	root := &node{tree: t, path: "."}
	info, err := t.fs.Lstat(".")
	if err != nil {
		return nil, t.errno(err)
	}
	root.setAttr(&out.Attr, info, info.Sys().(*wim.Entry))
	return r.NewInode(ctx, root, fusefs.StableAttr{Mode: syscall.S_IFDIR}), 0
}

// Readdir lists the images.
func (r *images) Readdir(context.Context) (fusefs.DirStream, syscall.Errno) {
	var list []fuse.DirEntry
	for index := range r.trees {
		list = append(list, fuse.DirEntry{Name: strconv.Itoa(index), Mode: syscall.S_IFDIR})
	}
	return fusefs.NewListDirStream(list), 0
}

const blockSize = 4096

// setAttr says of an entry what stat(2) tells.
func (n *node) setAttr(out *fuse.Attr, info fs.FileInfo, e *wim.Entry) {
	mode := info.Mode()
	out.Mode = unixType(mode) | uint32(mode.Perm())
	for _, special := range [...]struct {
		bit  fs.FileMode
		unix uint32
	}{{fs.ModeSetuid, syscall.S_ISUID}, {fs.ModeSetgid, syscall.S_ISGID}, {fs.ModeSticky, syscall.S_ISVTX}} {
		if mode&special.bit != 0 {
			out.Mode |= special.unix
		}
	}
	out.Size = uint64(max(info.Size(), 0))
	if mode&fs.ModeSymlink != 0 {
		target, _ := n.target() // Readlink has the error
		out.Size = uint64(len(target))
	}
	out.Blocks = (out.Size + 511) / 512
	out.Nlink = uint32(e.HardLinkCount)
	if mode.IsDir() {
		out.Nlink = 2
	}
	if e.Unix != nil {
		out.Uid, out.Gid, out.Rdev = e.Unix.UID, e.Unix.GID, e.Unix.Rdev
	}
	accessed, modified := unixTime(e.LastAccessTime), unixTime(e.LastWriteTime)
	out.SetTimes(&accessed, &modified, &modified)
}

// unixTime is 1970 for a time that is not known.
func unixTime(t wim.Filetime) time.Time {
	if t == 0 {
		return time.Unix(0, 0)
	}
	return t.Time()
}

// unixType returns the S_IF bits of a mode.
func unixType(mode fs.FileMode) uint32 {
	switch mode.Type() {
	case fs.ModeDir:
		return syscall.S_IFDIR
	case fs.ModeSymlink:
		return syscall.S_IFLNK
	case fs.ModeNamedPipe:
		return syscall.S_IFIFO
	case fs.ModeSocket:
		return syscall.S_IFSOCK
	case fs.ModeDevice:
		return syscall.S_IFBLK
	case fs.ModeDevice | fs.ModeCharDevice:
		return syscall.S_IFCHR
	}
	return syscall.S_IFREG
}
