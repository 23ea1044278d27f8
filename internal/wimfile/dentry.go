package wimfile

import "encoding/binary"

// DentrySize is the fixed part of a [Dentry], before the names.
const DentrySize = 102

// The attributes that decide what the fields of a dentry mean.
const (
	AttributeDirectory    = 0x10
	AttributeReparsePoint = 0x400
	AttributeEncrypted    = 0x4000
)

// Dentry is a name in an image's tree (WIM format sheet, section 8.2):
//
//	fixed part | name, NUL | short name, NUL | padding to 8 | tagged items
//
// An empty name has no NUL. As many stream entries as StreamCount says follow
// the dentry.
type Dentry struct {
	Length         uint64 // without the stream entries; rounded up to 8 on disk
	Attributes     uint32
	SecurityID     int32  // index of the security descriptor; -1 for none
	Subdir         uint64 // offset in the metadata of the list of children; 0 for none
	Unused         [2]uint64
	CreationTime   uint64 // FILETIME
	LastAccessTime uint64 // FILETIME
	LastWriteTime  uint64 // FILETIME
	Hash           [20]byte
	Unknown        uint32
	Link           uint64 // hard link group; of a reparse point, see [ReparseFields]
	StreamCount    uint16
	Name           []byte // UTF-16LE
	ShortName      []byte // UTF-16LE
	NameEnd        uint16 // the terminator of Name: 0
	ShortNameEnd   uint16 // the terminator of ShortName: 0
	Tail           []byte // all after the names: padding and tagged items
}

// ReparseFields are the three values that the field Link of a reparse point
// consists of.
type ReparseFields struct {
	Tag      uint32
	Reserved uint16
	Flags    uint16 // 1: an absolute target was not adjusted at capture
}

// Reparse returns Link as the dentry of a reparse point has it.
func (d *Dentry) Reparse() ReparseFields {
	return ReparseFields{uint32(d.Link), uint16(d.Link >> 32), uint16(d.Link >> 48)}
}

// Link returns the value for the field Link of a reparse point's dentry.
func (f ReparseFields) Link() uint64 {
	return uint64(f.Tag) | uint64(f.Reserved)<<32 | uint64(f.Flags)<<48
}

// IsDirectory says whether the dentry can have children. A junction or a
// symbolic link to a directory has the directory attribute too, but none.
func (d *Dentry) IsDirectory() bool {
	return d.Attributes&(AttributeDirectory|AttributeReparsePoint) == AttributeDirectory
}

// ParseDentry takes apart the dentry that raw begins with. Other bytes may
// follow it.
func ParseDentry(raw []byte) (Dentry, error) {
	le := binary.LittleEndian
	if len(raw) < DentrySize {
		return Dentry{}, formatErrorf("runs beyond the metadata")
	}
	d := Dentry{
		Length:         le.Uint64(raw[0x00:]),
		Attributes:     le.Uint32(raw[0x08:]),
		SecurityID:     int32(le.Uint32(raw[0x0C:])),
		Subdir:         le.Uint64(raw[0x10:]),
		Unused:         [2]uint64{le.Uint64(raw[0x18:]), le.Uint64(raw[0x20:])},
		CreationTime:   le.Uint64(raw[0x28:]),
		LastAccessTime: le.Uint64(raw[0x30:]),
		LastWriteTime:  le.Uint64(raw[0x38:]),
		Hash:           [20]byte(raw[0x40:]),
		Unknown:        le.Uint32(raw[0x54:]),
		Link:           le.Uint64(raw[0x58:]),
		StreamCount:    le.Uint16(raw[0x60:]),
	}
	// The short name's length comes first, the long name itself does.
	short, long := int(le.Uint16(raw[0x62:])), int(le.Uint16(raw[0x64:]))
	size := d.Size()
	switch {
	case size < DentrySize || size > uint64(len(raw)):
		return Dentry{}, formatErrorf("length %d, %d bytes are left", d.Length, len(raw))
	case long%2 != 0 || short%2 != 0:
		return Dentry{}, formatErrorf("names of %d and %d bytes, not whole UTF-16 units", long, short)
	case DentrySize+nameSize(long)+nameSize(short) > size:
		return Dentry{}, formatErrorf("names of %d and %d bytes in a dentry of %d", long, short, size)
	}
	rest := raw[DentrySize:size:size]
	d.Name, d.NameEnd, rest = cutName(rest, long)
	d.ShortName, d.ShortNameEnd, d.Tail = cutName(rest, short)
	return d, nil
}

// nameSize is the room of a name with its terminator.
func nameSize(n int) uint64 {
	if n == 0 {
		return 0
	}
	return uint64(n) + 2
}

func cutName(raw []byte, n int) (name []byte, end uint16, rest []byte) {
	if n == 0 {
		return nil, 0, raw
	}
	return raw[:n:n], binary.LittleEndian.Uint16(raw[n:]), raw[n+2:]
}

// Size is the number of bytes that the dentry takes: Length, rounded up.
func (d *Dentry) Size() uint64 { return Align8(d.Length) }

// Append appends the dentry's bytes to b. Length has to fit the names and Tail,
// as [Dentry.SetItems] sees to.
func (d *Dentry) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, d.Length)
	b = le.AppendUint32(b, d.Attributes)
	b = le.AppendUint32(b, uint32(d.SecurityID))
	b = le.AppendUint64(b, d.Subdir)
	b = le.AppendUint64(b, d.Unused[0])
	b = le.AppendUint64(b, d.Unused[1])
	b = le.AppendUint64(b, d.CreationTime)
	b = le.AppendUint64(b, d.LastAccessTime)
	b = le.AppendUint64(b, d.LastWriteTime)
	b = append(b, d.Hash[:]...)
	b = le.AppendUint32(b, d.Unknown)
	b = le.AppendUint64(b, d.Link)
	b = le.AppendUint16(b, d.StreamCount)
	b = le.AppendUint16(b, uint16(len(d.ShortName)))
	b = le.AppendUint16(b, uint16(len(d.Name)))
	b = appendName(b, d.Name, d.NameEnd)
	b = appendName(b, d.ShortName, d.ShortNameEnd)
	return append(b, d.Tail...)
}

func appendName(b, name []byte, end uint16) []byte {
	if len(name) == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint16(append(b, name...), end)
}

// namesEnd is the offset of Tail in the dentry.
func (d *Dentry) namesEnd() int {
	return DentrySize + int(nameSize(len(d.Name))+nameSize(len(d.ShortName)))
}

// Items returns the tagged items of the dentry in their order. A malformed one
// ends the list; rest is then what is left.
func (d *Dentry) Items() (items []TaggedItem, rest []byte) {
	padding := -d.namesEnd() & 7
	if len(d.Tail) < padding {
		return nil, nil
	}
	return ParseTaggedItems(d.Tail[padding:])
}

// SetItems replaces Tail with the tagged items, and sets Length to what the
// names and the items need.
func (d *Dentry) SetItems(items []TaggedItem) {
	start := d.namesEnd()
	tail := make([]byte, -start&7, 8)
	for _, item := range items {
		tail = item.Append(tail)
	}
	d.Tail = tail
	d.Length = uint64(start + len(tail))
}

// SetNames replaces the names. What follows them stays: the tagged items, good
// or not.
func (d *Dentry) SetNames(name, shortName []byte) {
	rest := d.Tail[min(-d.namesEnd()&7, len(d.Tail)):]
	d.Name, d.ShortName = name, shortName
	start := d.namesEnd()
	d.Tail = append(make([]byte, -start&7, 8+len(rest)), rest...)
	d.Length = uint64(start + len(d.Tail))
}
