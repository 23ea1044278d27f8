package mount

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/wim"
)

// maxXattr is the size of the largest value that Linux takes, and so of the
// largest named stream that can be read as an extended attribute.
const maxXattr = 64 << 10

// errTooLarge is about a value that has more than maxXattr bytes.
var errTooLarge = errors.New("value of an extended attribute is too large")

// An xattr is an extended attribute of an entry. Its value is made when it is
// asked for.
type xattr struct {
	name  string
	value func() ([]byte, error)
}

func constant(value []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return value, nil }
}

// xattrsOf returns what an entry has. read gives the content of a named stream.
// Of two with one name the first counts.
func xattrsOf(e *wim.Entry, read func(stream string) ([]byte, error)) []xattr {
	var list []xattr
	add := func(name string, value func() ([]byte, error)) {
		known := slices.ContainsFunc(list, func(x xattr) bool { return x.name == name })
		if !known && !strings.ContainsRune(name, 0) {
			list = append(list, xattr{name, value})
		}
	}
	for _, x := range e.Xattrs {
		add(x.Name, constant(x.Value))
	}
	for _, s := range e.Streams {
		if s.Name == "" {
			continue
		}
		add("user."+s.Name, func() ([]byte, error) {
			if s.Size > maxXattr {
				return nil, errTooLarge
			}
			return read(s.Name)
		})
	}
	if e.SecurityDescriptor != nil {
		add("system.ntfs_acl", constant(e.SecurityDescriptor))
	}
	little := binary.LittleEndian
	add("system.ntfs_attrib", constant(little.AppendUint32(nil, uint32(e.Attributes))))
	times := little.AppendUint64(nil, uint64(e.CreationTime))
	times = little.AppendUint64(times, uint64(e.LastWriteTime))
	times = little.AppendUint64(times, uint64(e.LastAccessTime))
	add("system.ntfs_times", constant(little.AppendUint64(times, 0)))
	if e.ShortName != "" {
		add("system.ntfs_dos_name", constant([]byte(e.ShortName)))
	}
	if e.Reparse != nil {
		add("system.ntfs_reparse_data", func() ([]byte, error) { return reparseBuffer(e.Reparse) })
	}
	if e.ObjectID != nil {
		add("system.ntfs_object_id", constant(e.ObjectID))
	}
	return list
}

// reparseBuffer is the whole buffer, as Windows has it.
func reparseBuffer(p *wim.ReparsePoint) ([]byte, error) {
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	return wimfile.ReparseBuffer{Tag: uint32(p.Tag), Reserved: p.Reserved, Data: data}.Append(nil)
}
