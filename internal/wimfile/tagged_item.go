package wimfile

import "encoding/binary"

// The tags of items (WIM format sheet, section 8.6).
const (
	TagObjectID    = 0x00000001 // 16 bytes of object id, 48 of birth ids
	TagXattrs      = 0x00000002 // list of [Xattr]
	TagUnixData    = 0x337DD873 // [UnixData]
	TagLinuxXattrs = 0x337DD874 // list of [Xattr] as wimlib 1.11 and 1.12 wrote it
)

// TaggedItem is an item of metadata at the end of a dentry.
type TaggedItem struct {
	Tag     uint32
	Data    []byte
	Padding []byte // to 8, as stored; nil for zeros
}

// ParseTaggedItems takes apart items up to the end of raw, which has a multiple
// of 8 bytes. A malformed one ends the list; rest is then what is left.
func ParseTaggedItems(raw []byte) (items []TaggedItem, rest []byte) {
	le := binary.LittleEndian
	for len(raw) >= 8 {
		n := uint64(le.Uint32(raw[4:]))
		end := 8 + Align8(n)
		if end > uint64(len(raw)) {
			break
		}
		items = append(items, TaggedItem{le.Uint32(raw), raw[8 : 8+n : 8+n], raw[8+n : end : end]})
		raw = raw[end:]
	}
	return items, raw
}

// Append appends the item's bytes to b.
func (t TaggedItem) Append(b []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, t.Tag)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Data)))
	b = append(b, t.Data...)
	return pad8(append(b, t.Padding...), start)
}

// UnixDataSize is the size of a [UnixData].
const UnixDataSize = 16

// UnixData is what wimlib stores of a file's Unix metadata.
type UnixData struct {
	UID, GID, Mode, Rdev uint32
}

// ParseUnixData takes apart the first UnixDataSize bytes of raw.
func ParseUnixData(raw []byte) UnixData {
	le := binary.LittleEndian
	return UnixData{le.Uint32(raw), le.Uint32(raw[4:]), le.Uint32(raw[8:]), le.Uint32(raw[12:])}
}

// Append appends the bytes of the Unix data to b.
func (u UnixData) Append(b []byte) []byte {
	for _, v := range []uint32{u.UID, u.GID, u.Mode, u.Rdev} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// Xattr is an extended attribute, of Linux or of Windows.
type Xattr struct {
	Name  string
	Flags uint8 // 0x80: who does not know the attribute shall not use the file
	Value []byte
}

// MaxXattrName and MaxXattrValue bound what an [Xattr] can hold.
const (
	MaxXattrName  = 0xFF
	MaxXattrValue = 0xFFFF
)

// ParseXattrs takes apart entries of u16 value bytes, u8 name bytes, u8 flags,
// name, NUL, value. A malformed entry ends the list; rest is then what is left.
func ParseXattrs(raw []byte) (list []Xattr, rest []byte) {
	for len(raw) >= 4 {
		value, name := int(binary.LittleEndian.Uint16(raw)), int(raw[2])
		size := 4 + name + 1 + value
		if name == 0 || size > len(raw) || raw[4+name] != 0 {
			break
		}
		list = append(list, Xattr{string(raw[4 : 4+name]), raw[3], raw[size-value : size : size]})
		raw = raw[size:]
	}
	return list, raw
}

// AppendXattrs appends the entries of a list to b, as [ParseXattrs] reads them.
func AppendXattrs(b []byte, list []Xattr) []byte {
	for _, x := range list {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(x.Value)))
		b = append(b, uint8(len(x.Name)), x.Flags)
		b = append(b, x.Name...)
		b = append(append(b, 0), x.Value...)
	}
	return b
}

// ParseLinuxXattrs takes apart entries of u16 name bytes, u16 reserved, u32
// value bytes, name, value, each padded to 4. A malformed entry ends the list;
// rest is then what is left.
func ParseLinuxXattrs(raw []byte) (list []Xattr, rest []byte) {
	for len(raw) >= 8 {
		name := uint64(binary.LittleEndian.Uint16(raw))
		value := uint64(binary.LittleEndian.Uint32(raw[4:]))
		size := 8 + name + value
		if name == 0 || size > uint64(len(raw)) {
			break
		}
		list = append(list, Xattr{Name: string(raw[8 : 8+name]), Value: raw[8+name : size : size]})
		raw = raw[min((size+3)&^3, uint64(len(raw))):]
	}
	return list, raw
}

// AppendLinuxXattrs appends the entries of a list to b, as [ParseLinuxXattrs]
// reads them.
func AppendLinuxXattrs(b []byte, list []Xattr) []byte {
	for _, x := range list {
		start := len(b)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Value)))
		b = append(append(b, x.Name...), x.Value...)
		b = append(b, make([]byte, -(len(b)-start)&3)...)
	}
	return b
}
