package wimtest

import "encoding/binary"

// Metadata is the metadata resource of an image: security descriptors and a
// tree (WIM format sheet, section 8).
type Metadata struct {
	Security [][]byte
	// SecurityTotal, SecurityCount and SecuritySizes replace the right values
	// if they are not nil.
	SecurityTotal *uint32
	SecurityCount *uint32
	SecuritySizes []uint64

	Root    *Dentry // nil for an image without anything
	Trailer []byte  // after everything else
}

// Dentry is one name in the tree. A nil pointer among its fields stands for
// the right value.
type Dentry struct {
	Name       string
	RawName    []byte // replaces Name: UTF-16LE, good or bad
	ShortName  string
	Attributes uint32
	SecurityID int32 // -1 for none
	Times      [3]uint64
	Hash       [20]byte
	HardLink   uint64
	Reparse    *Reparse // takes the place of HardLink
	Streams    []StreamEntry
	Tagged     []TaggedItem
	Extra      []byte // after the tagged items
	Children   []*Dentry

	Length      *uint64
	NameSize    *uint16
	ShortSize   *uint16
	Names       []byte // replaces both names and their terminators
	StreamCount *uint16
	Subdir      *uint64
	SharesList  *Dentry // has this directory's list of children instead of its own
	ListEnd     *uint64 // the length field that ends the list of children
	NoListEnd   bool    // nothing ends the list of children

	// Offset and List are where the dentry and its list of children are in the
	// metadata. Metadata.Bytes sets them.
	Offset, List uint64
}

// Reparse is what the dentry of a reparse point has in place of a hard link
// group.
type Reparse struct {
	Tag             uint32
	Reserved, Flags uint16
}

// StreamEntry is an extra stream of a dentry (WIM format sheet, section 8.4).
type StreamEntry struct {
	Name     string
	Hash     [20]byte
	Length   *uint64
	NameSize *uint16
	Reserved uint64
}

// TaggedItem is a tagged metadata item of a dentry (WIM format sheet, section
// 8.6).
type TaggedItem struct {
	Tag  uint32
	Data []byte
	Size *uint32
}

// Some file attributes.
const (
	AttributeReadOnly     = 0x1
	AttributeDirectory    = 0x10
	AttributeArchive      = 0x20
	AttributeReparsePoint = 0x400
	AttributeEncrypted    = 0x4000
)

// Of returns a pointer to a value, for the fields that override something.
func Of[T any](v T) *T { return &v }

// Directory returns a directory. The root's name is empty.
func Directory(name string, children ...*Dentry) *Dentry {
	return &Dentry{Name: name, Attributes: AttributeDirectory, SecurityID: -1, Children: children}
}

// RegularFile returns a file with the content of a hash, zero for an empty one.
func RegularFile(name string, hash [20]byte) *Dentry {
	return &Dentry{Name: name, Attributes: AttributeArchive, SecurityID: -1, Hash: hash}
}

// Symlink returns a symbolic link whose reparse data has a hash; see
// [SymlinkData].
func Symlink(name string, data [20]byte) *Dentry {
	return &Dentry{Name: name, Attributes: AttributeReparsePoint, SecurityID: -1, Hash: data, Reparse: &Reparse{Tag: 0xA000000C}}
}

// SymlinkData is the reparse data of a symbolic link (WIM format sheet, section
// 9.2).
func SymlinkData(target string, relative bool) []byte {
	name := UTF16(target)
	n := uint16(len(name))
	b := Units(0, n, n, n, 0, 0)
	if relative {
		b[8] = 1
	}
	return append(append(b, name...), name...)
}

// Bytes writes the resource: the security data, the root, and the lists of
// children breadth first.
func (m *Metadata) Bytes() []byte {
	b := align(m.securityData())
	if m.Root == nil {
		return append(append(b, make([]byte, 8)...), m.Trailer...)
	}
	// The first pass finds out where everything is, the second writes it.
	m.place(uint64(len(b)))
	b = m.Root.append(b)
	b = append(b, make([]byte, 8)...)
	for _, d := range m.directories() {
		for _, child := range d.Children {
			b = child.append(b)
		}
		if !d.NoListEnd {
			end := uint64(0)
			if d.ListEnd != nil {
				end = *d.ListEnd
			}
			b = binary.LittleEndian.AppendUint64(b, end)
		}
	}
	return append(b, m.Trailer...)
}

func (m *Metadata) securityData() []byte {
	le := binary.LittleEndian
	total := uint32(8)
	sizes := m.SecuritySizes
	var descriptors []byte
	for _, d := range m.Security {
		total += 8 + uint32(len(d))
		descriptors = append(descriptors, d...)
		if m.SecuritySizes == nil {
			sizes = append(sizes, uint64(len(d)))
		}
	}
	count := uint32(len(m.Security))
	if m.SecurityTotal != nil {
		total = *m.SecurityTotal
	}
	if m.SecurityCount != nil {
		count = *m.SecurityCount
	}
	b := le.AppendUint32(nil, total)
	b = le.AppendUint32(b, count)
	for _, size := range sizes {
		b = le.AppendUint64(b, size)
	}
	return append(b, descriptors...)
}

// directories returns the dentries that have children, breadth first.
func (m *Metadata) directories() (list []*Dentry) {
	queue := []*Dentry{m.Root}
	for len(queue) > 0 {
		d := queue[0]
		queue = queue[1:]
		if len(d.Children) > 0 {
			list = append(list, d)
			queue = append(queue, d.Children...)
		}
	}
	return list
}

func (m *Metadata) place(at uint64) {
	m.Root.Offset = at
	at += uint64(len(m.Root.append(nil))) + 8
	for _, d := range m.directories() {
		d.List = at
		for _, child := range d.Children {
			child.Offset = at
			at += uint64(len(child.append(nil)))
		}
		if !d.NoListEnd {
			at += 8
		}
	}
}

// append writes the dentry and its stream entries.
func (d *Dentry) append(b []byte) []byte {
	le := binary.LittleEndian
	name, short := d.RawName, UTF16(d.ShortName)
	if name == nil {
		name = UTF16(d.Name)
	}
	names := d.Names
	if names == nil {
		for _, n := range [][]byte{name, short} {
			if len(n) > 0 {
				names = append(append(names, n...), 0, 0)
			}
		}
	}
	end := align(append(make([]byte, 102), names...))[102:]
	for _, item := range d.Tagged {
		end = item.append(end)
	}
	end = align(append(append(make([]byte, 102), end...), d.Extra...))[102:]

	b = le.AppendUint64(b, orElse(d.Length, uint64(102+len(end))))
	b = le.AppendUint32(b, d.Attributes)
	b = le.AppendUint32(b, uint32(d.SecurityID))
	list := d.List
	if d.SharesList != nil {
		list = d.SharesList.List
	}
	b = le.AppendUint64(b, orElse(d.Subdir, list))
	b = append(b, make([]byte, 16)...)
	for _, t := range d.Times {
		b = le.AppendUint64(b, t)
	}
	b = append(b, d.Hash[:]...)
	b = le.AppendUint32(b, 0)
	if r := d.Reparse; r != nil {
		b = le.AppendUint32(b, r.Tag)
		b = le.AppendUint16(b, r.Reserved)
		b = le.AppendUint16(b, r.Flags)
	} else {
		b = le.AppendUint64(b, d.HardLink)
	}
	b = le.AppendUint16(b, orElse(d.StreamCount, uint16(len(d.Streams))))
	b = le.AppendUint16(b, orElse(d.ShortSize, uint16(len(short))))
	b = le.AppendUint16(b, orElse(d.NameSize, uint16(len(name))))
	b = append(b, end...)
	for _, s := range d.Streams {
		b = s.append(b)
	}
	return b
}

func (s StreamEntry) append(b []byte) []byte {
	le := binary.LittleEndian
	name := UTF16(s.Name)
	rest := name
	if len(name) > 0 {
		rest = append(rest, 0, 0)
	}
	rest = align(append(make([]byte, 38), rest...))[38:]
	b = le.AppendUint64(b, orElse(s.Length, uint64(38+len(rest))))
	b = le.AppendUint64(b, s.Reserved)
	b = append(b, s.Hash[:]...)
	b = le.AppendUint16(b, orElse(s.NameSize, uint16(len(name))))
	return append(b, rest...)
}

func (t TaggedItem) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, t.Tag)
	b = le.AppendUint32(b, orElse(t.Size, uint32(len(t.Data))))
	return append(b, align(append([]byte(nil), t.Data...))...)
}

// align pads with zeros to a multiple of 8.
func align(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func orElse[T any](override *T, right T) T {
	if override != nil {
		return *override
	}
	return right
}
