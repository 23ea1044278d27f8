//go:build darwin || freebsd || linux

package wim

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// open opens a file or directory. A pipe, which a file may have become, does not
// wait for its other end.
func (d *Dir) open(dir *os.Root, name string) (*os.File, error) {
	return dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// entry describes a file. It is nil for one that Windows does not have.
func (d *Dir) entry(dir *openDirectory[string], name string, info fs.FileInfo) (*Entry, error) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("no struct stat: %w", fs.ErrInvalid)
	}
	e := &Entry{Name: info.Name(), HardLinkCount: 1, LastWriteTime: FiletimeOf(info.ModTime()), LastAccessTime: accessTime(st)}
	e.CreationTime = birthTime(dir, name, st)
	if e.CreationTime == 0 {
		e.CreationTime = e.LastWriteTime
	}
	switch info.Mode().Type() {
	case 0:
		e.Streams = []Stream{{Size: info.Size()}}
		if e.Attributes = AttributeNormal; int64(st.Blocks)*512 < info.Size() {
			e.Attributes = AttributeSparseFile
		}
	case fs.ModeDir:
		e.Attributes = AttributeDirectory
	case fs.ModeSymlink:
		if err := d.link(e, dir, name); err != nil {
			return nil, err
		}
	default:
		if !d.unixData {
			return nil, nil
		}
		e.Streams = []Stream{{}}
	}
	if st.Nlink > 1 && e.Attributes&(AttributeDirectory|AttributeReparsePoint) == 0 {
		e.HardLinkCount = int(st.Nlink)
		e.HardLinkGroup = d.hardLinkGroup(fileNumber{uint64(st.Dev), uint64(st.Ino)})
	}
	if d.unixData {
		e.Unix = &UnixData{UID: st.Uid, GID: st.Gid, Mode: uint32(st.Mode), Rdev: uint32(st.Rdev)}
		d.readXattrs(e, dir, name)
	}
	return e, nil
}

// link makes the reparse point of a symbolic link.
func (d *Dir) link(e *Entry, dir *openDirectory[string], name string) error {
	target, err := dir.root.Readlink(name)
	if err != nil {
		return err
	}
	rest, inFolder := d.inFolder(target)
	if inFolder {
		target = "/" + strings.TrimPrefix(rest, "/")
	}
	if e.Reparse, err = NewSymlink(target); err != nil {
		return err
	}
	if inFolder {
		e.Reparse.Flags &^= reparseNotFixed
	}
	e.Attributes = AttributeReparsePoint
	// Windows distinguishes links to directories. Nothing else depends on what is
	// there, be it outside of the folder.
	self, err := dir.file()
	if err != nil {
		return err
	}
	var to unix.Stat_t
	if unix.Fstatat(int(self.Fd()), name, &to, 0) == nil && to.Mode&unix.S_IFMT == unix.S_IFDIR {
		e.Attributes |= AttributeDirectory
	}
	return nil
}

// inFolder returns what of an absolute target is below the folder: "" or a path
// that begins with a slash.
func (d *Dir) inFolder(target string) (rest string, ok bool) {
	for _, name := range d.names {
		rest, ok = strings.CutPrefix(target, strings.TrimSuffix(name, "/"))
		if ok && (rest == "" || rest[0] == '/') {
			return rest, true
		}
	}
	return "", false
}
