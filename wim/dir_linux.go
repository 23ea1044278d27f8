package wim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func accessTime(st *syscall.Stat_t) Filetime { return FiletimeOf(time.Unix(st.Atim.Unix())) }

// birthTime returns when a file was made, 0 if that is not known.
func birthTime(dir *openDirectory[string], name string, _ *syscall.Stat_t) Filetime {
	self, err := dir.file()
	if err != nil {
		return 0
	}
	var st unix.Statx_t
	err = unix.Statx(int(self.Fd()), name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return FiletimeOf(time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)))
}

// maxXattrList is how long a list of names is at most on Linux.
const maxXattrList = 64 << 10

const xattrsUnread = "extended attributes"

// readXattrs reads the extended attributes of a file. Only paths lead to those of
// links and devices, and /proc has one to what is in an open directory.
func (d *Dir) readXattrs(e *Entry, dir *openDirectory[string], name string) {
	self, err := dir.file()
	if err != nil {
		d.countUnread(xattrsUnread)
		return
	}
	path := fmt.Sprintf("/proc/self/fd/%d/%s", self.Fd(), name)
	buffer := make([]byte, 256)
	n, err := unix.Llistxattr(path, buffer)
	if err == unix.ERANGE {
		buffer = make([]byte, maxXattrList)
		n, err = unix.Llistxattr(path, buffer)
	}
	if err != nil {
		if err != unix.ENOTSUP {
			d.countUnread(xattrsUnread)
		}
		return
	}
	for name := range strings.SplitSeq(string(buffer[:n]), "\x00") {
		if name == "" {
			continue
		}
		value, err := readXattr(path, name)
		switch {
		case err == unix.ENODATA: // it is gone
		case err != nil || len(value) > math.MaxUint16 || len(name) > math.MaxUint8: // what a dentry can have
			d.countUnread(xattrsUnread)
		default:
			e.Xattrs = append(e.Xattrs, Xattr{Name: name, Value: value})
		}
	}
	slices.SortFunc(e.Xattrs, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
}

func readXattr(path, name string) ([]byte, error) {
	n, err := unix.Lgetxattr(path, name, nil)
	if n <= 0 || err != nil {
		return nil, err
	}
	value := make([]byte, n)
	n, err = unix.Lgetxattr(path, name, value)
	return value[:max(n, 0)], err
}
