package wim

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Dir is a folder of the system as a file system, with all the metadata that an
// image can hold: the Sys method of its [fs.FileInfo] values returns an
// *[Entry]. [Writer.Capture] takes it as it is.
//
//   - Hard links are found by device and file number.
//   - Symbolic links are reparse points as Windows has them; see [NewSymlink].
//     An absolute target in the folder itself is made relative to the root of the
//     image, as DISM does. Windows has junctions too, and its reparse data is
//     taken as it is.
//   - Times have 100 ns, or what the file system has. Where the system does not
//     say when a file was made, that is when it was last changed.
//   - A file that takes up less room than its size is marked as sparse.
//   - Devices, pipes and sockets have no Entry, and so are left out of images,
//     unless [WithUnixData] is given: then owners, modes, device numbers and, on
//     Linux, extended attributes are taken.
//
// Nothing outside of the folder is opened, whatever links are made in it in the
// meantime. Names may be of any bytes; those that are not UTF-8 are refused by
// Capture. A Dir may be used by many goroutines at once.
type Dir struct {
	directories openDirectories[string]
	names       []string // absolute paths of the folder
	unixData    bool
	copied      bool
	host        dirHost

	mu     sync.Mutex
	links  map[fileNumber]uint64
	unread map[string]int // by what it is
}

// fileNumber is what all names of a file have.
type fileNumber struct{ device, file uint64 }

var (
	_ fs.StatFS     = (*Dir)(nil)
	_ fs.ReadDirFS  = (*Dir)(nil)
	_ fs.ReadLinkFS = (*Dir)(nil)
)

// A DirOption changes what [OpenDir] reads.
type DirOption interface{ applyDir(*Dir) }

func (unixDataOption) applyDir(d *Dir) { d.unixData = true }

type dirOption func(*Dir)

func (set dirOption) applyDir(d *Dir) { set(d) }

// AsCopy reads a folder for what is copied from it into a tree that exists,
// with [Edit.Add], and is no tree of its own there: absolute targets of links
// are left as they are, and files have no security descriptors, which they
// inherit from where they get to, and no short names and object ids, which
// others may have there.
func AsCopy() DirOption {
	return dirOption(func(d *Dir) { d.copied, d.names = true, nil })
}

// OpenDir opens a folder. It is to be closed when what was captured from it is
// written.
func OpenDir(name string, opts ...DirOption) (*Dir, error) {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	d := &Dir{
		directories: openDirectories[string]{top: root, most: maxOpenDirectories, above: directoryAbove},
		names:       []string{absolute},
		links:       make(map[fileNumber]uint64),
		unread:      make(map[string]int),
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil && real != absolute {
		d.names = append(d.names, real)
	}
	for _, opt := range opts {
		opt.applyDir(d)
	}
	return d, nil
}

func directoryAbove(name string) (above, element string, first bool) {
	if name == "." {
		return "", "", true
	}
	return path.Dir(name), path.Base(name), false
}

// Close closes the folder.
func (d *Dir) Close() error {
	d.directories.closeAll()
	d.host.close()
	return nil
}

// Unread counts the metadata that could not be read so far, for lack of rights,
// or that is more than an image can hold.
func (d *Dir) Unread() []NotRestored {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sortedCounts(d.unread)
}

func (d *Dir) countUnread(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unread[what]++
}

// in calls work with the directory that a path is in, and its name there.
func (d *Dir) in(op, name string, work func(dir *openDirectory[string], name string) error) error {
	parent, element := ".", "."
	if name != "." {
		parent, element = path.Split(name)
		parent = path.Clean(parent)
	}
	err := error(fs.ErrInvalid)
	if validHostPath(name) {
		var dir *openDirectory[string]
		if dir, err = d.directories.acquire(parent); err == nil {
			err = work(dir, element)
			d.directories.release(dir)
		}
	}
	if err == nil {
		return nil
	}
	// What the error names is an element of the path only.
	var has *fs.PathError
	if errors.As(err, &has) {
		err = has.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// validHostPath is [fs.ValidPath] for names of any bytes.
func validHostPath(name string) bool {
	if name == "." {
		return true
	}
	for element := range strings.SplitSeq(name, "/") {
		if element == "" || element == "." || element == ".." || filepath.Separator != '/' && strings.ContainsRune(element, filepath.Separator) {
			return false
		}
	}
	return true
}

// Open opens a file or directory. It follows links, but not out of the folder.
func (d *Dir) Open(name string) (fs.File, error) {
	var file *os.File
	err := d.in("open", name, func(dir *openDirectory[string], element string) (err error) {
		file, err = d.open(dir.root, element)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			// A link may lead out of this directory, and yet be in the folder.
			if viaTop, err := d.open(d.directories.top, filepath.FromSlash(name)); err == nil {
				file = viaTop
				return nil
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return &hostDirectory{File: file, dir: d, path: name}, nil
	}
	return file, nil
}

// OpenStream opens a named stream of a file or directory itself. It implements
// [StreamFS]; only on Windows there are any.
func (d *Dir) OpenStream(name, stream string) (file fs.File, err error) {
	err = d.in("open", name, func(dir *openDirectory[string], element string) (err error) {
		file, err = d.openStream(dir, element, stream)
		return err
	})
	return file, err
}

// hostDirectory is an open directory of a Dir.
type hostDirectory struct {
	*os.File
	dir  *Dir
	path string
}

// ReadDir implements fs.ReadDirFile.
func (h *hostDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := h.File.ReadDir(n)
	return h.dir.entries(h.path, entries), err
}

// hostInfo is what a Dir says about a file.
type hostInfo struct {
	fs.FileInfo
	entry *Entry
}

// Sys returns an *Entry, or nil for a device, a pipe or a socket.
func (i *hostInfo) Sys() any {
	if i.entry == nil {
		return nil
	}
	return i.entry
}

// Lstat describes a file, a directory, or a link itself.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) { return d.lstat("lstat", name) }

func (d *Dir) lstat(op, name string) (info *hostInfo, err error) {
	err = d.in(op, name, func(dir *openDirectory[string], element string) error {
		described, err := dir.root.Lstat(element)
		if err != nil {
			return err
		}
		entry, err := d.entry(dir, element, described)
		info = &hostInfo{described, entry}
		return err
	})
	return info, err
}

// Stat describes a file or directory. What a link leads to in the folder has no
// Entry.
func (d *Dir) Stat(name string) (fs.FileInfo, error) {
	info, err := d.lstat("stat", name)
	if err != nil {
		return nil, err
	}
	if info.Mode().Type() != fs.ModeSymlink {
		return info, nil
	}
	to, err := d.directories.top.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	return &hostInfo{FileInfo: to}, nil
}

// ReadLink returns the target of a symbolic link as the system has it.
func (d *Dir) ReadLink(name string) (target string, err error) {
	err = d.in("readlink", name, func(dir *openDirectory[string], element string) (err error) {
		target, err = dir.root.Readlink(element)
		return err
	})
	return target, err
}

// ReadDir lists a directory, sorted by name.
func (d *Dir) ReadDir(name string) ([]fs.DirEntry, error) {
	file, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	dir, ok := file.(*hostDirectory)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDirectory}
	}
	list, err := dir.ReadDir(-1)
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, err
}

// hostDirEntry is an entry of a directory of a Dir.
type hostDirEntry struct {
	fs.DirEntry
	dir  *Dir
	path string
}

func (e *hostDirEntry) Info() (fs.FileInfo, error) { return e.dir.Lstat(e.path) }

func (d *Dir) entries(dir string, entries []fs.DirEntry) []fs.DirEntry {
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = &hostDirEntry{e, d, path.Join(dir, e.Name())}
	}
	return list
}

// hardLinkGroup returns a number that all names of a file have.
func (d *Dir) hardLinkGroup(number fileNumber) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	group := d.links[number]
	if group == 0 {
		group = uint64(len(d.links) + 1)
		d.links[number] = group
	}
	return group
}
