package wim

import (
	"io/fs"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// UnixData is what wimlib stores of a file's Unix metadata.
type UnixData struct {
	UID, GID, Mode, Rdev uint32
}

// unixData returns the Unix metadata of a node, or nil.
func (m *metadata) unixData(n *node) *UnixData {
	if n.dentry < 0 {
		return nil
	}
	d := m.dentry(n)
	return unixDataOf(&d)
}

// unixDataOf returns the Unix metadata of a dentry, or nil.
func unixDataOf(d *wimfile.Dentry) *UnixData {
	items, _ := d.Items()
	for _, item := range items {
		if item.Tag == wimfile.TagUnixData {
			if unix := parseUnixData(item.Data); unix != nil {
				return unix
			}
		}
	}
	return nil
}

func parseUnixData(data []byte) *UnixData {
	if len(data) < wimfile.UnixDataSize {
		return nil
	}
	unix := UnixData(wimfile.ParseUnixData(data))
	return &unix
}

func (f *FS) hasUnixData(i int32) bool { return f.meta.unixData(&f.meta.nodes[i]) != nil }

// entryMode maps the attributes to a mode as package os does on Windows: links
// and junctions are symbolic links, reparse points of other kinds are
// irregular. Where the image has Unix data, permissions, devices, pipes and
// sockets are those.
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
