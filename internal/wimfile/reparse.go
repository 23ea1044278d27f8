package wimfile

import (
	"encoding/binary"
	"unicode/utf8"
)

// The reparse tags of links.
const (
	ReparseMountPoint = 0xA0000003 // a junction
	ReparseSymlink    = 0xA000000C
	ReparseWSLSymlink = 0xA000001D
)

// MaxReparseData is the greatest size of reparse data: Windows' limit for a
// buffer, less its 8-byte header.
const MaxReparseData = 16384 - 8

// ReparseBuffer is Windows' REPARSE_DATA_BUFFER (WIM format sheet, section
// 9.1). Only its data is in a blob; a dentry holds the tag.
type ReparseBuffer struct {
	Tag      uint32
	Reserved uint16
	Data     []byte // of a tag that is not Microsoft's, its first 16 bytes are a GUID
}

const reparseGUIDSize = 16

// uncounted is how many bytes of the data its length field leaves out: the
// GUID that names the owner of a tag without Microsoft's bit.
func uncounted(tag uint32) int {
	if tag&(1<<31) != 0 {
		return 0
	}
	return reparseGUIDSize
}

// ParseReparseBuffer takes apart a whole buffer.
func ParseReparseBuffer(raw []byte) (ReparseBuffer, error) {
	le := binary.LittleEndian
	if len(raw) < 8 {
		return ReparseBuffer{}, formatErrorf("reparse buffer of %d bytes", len(raw))
	}
	p := ReparseBuffer{le.Uint32(raw), le.Uint16(raw[6:]), raw[8:]}
	if n := int(le.Uint16(raw[4:])) + uncounted(p.Tag); n != len(p.Data) {
		return ReparseBuffer{}, formatErrorf("reparse buffer: %d bytes of data, it says %d", len(p.Data), n)
	}
	return p, nil
}

// Append appends the buffer's bytes to b. It fails for data that Windows does
// not take.
func (p ReparseBuffer) Append(b []byte) ([]byte, error) {
	n := len(p.Data) - uncounted(p.Tag)
	if n < 0 || len(p.Data) > MaxReparseData {
		return b, formatErrorf("reparse data of %d bytes, which Windows does not take", len(p.Data))
	}
	le := binary.LittleEndian
	b = le.AppendUint32(b, p.Tag)
	b = le.AppendUint16(b, uint16(n))
	b = le.AppendUint16(b, p.Reserved)
	return append(b, p.Data...), nil
}

// Link is the reparse data of a symbolic link or a junction (WIM format sheet,
// section 9.2): two ranges of bytes in a buffer of names.
type Link struct {
	SubstituteOffset, SubstituteSize uint16
	PrintOffset, PrintSize           uint16
	Flags                            uint32 // 1: relative. A junction has none
	Names                            []byte // UTF-16LE
}

// LinkRelative in [Link.Flags] says that the target is relative to the
// directory of the link.
const LinkRelative = 1

// NewLink returns the data of a link to two names in UTF-16LE: the path that
// Windows follows, and the one that it shows. Each is terminated, which Windows
// wants of junctions. Names that are too long make data that is, which
// [ReparseBuffer.Append] refuses.
func NewLink(substitute, print []byte, relative bool) Link {
	l := Link{
		SubstituteSize: uint16(len(substitute)),
		PrintOffset:    uint16(len(substitute) + 2),
		PrintSize:      uint16(len(print)),
	}
	if relative {
		l.Flags = LinkRelative
	}
	l.Names = append(l.Names, substitute...)
	l.Names = append(l.Names, 0, 0)
	l.Names = append(l.Names, print...)
	l.Names = append(l.Names, 0, 0)
	return l
}

// ParseLink takes apart the reparse data of a symbolic link or a junction.
func ParseLink(tag uint32, raw []byte) (Link, error) {
	le := binary.LittleEndian
	names := 8
	if tag == ReparseSymlink {
		names = 12
	}
	if len(raw) < names {
		return Link{}, formatErrorf("reparse data of %d bytes is too short for a link", len(raw))
	}
	l := Link{le.Uint16(raw[0:]), le.Uint16(raw[2:]), le.Uint16(raw[4:]), le.Uint16(raw[6:]), 0, raw[names:]}
	if tag == ReparseSymlink {
		l.Flags = le.Uint32(raw[8:])
	}
	for _, n := range [2][2]uint16{{l.SubstituteOffset, l.SubstituteSize}, {l.PrintOffset, l.PrintSize}} {
		if offset, size := int(n[0]), int(n[1]); offset+size > len(l.Names) || size%2 != 0 {
			return Link{}, formatErrorf("reparse data: a name of %d bytes at offset %d of %d", size, offset, len(l.Names))
		}
	}
	return l, nil
}

// Append appends the link's bytes to b.
func (l *Link) Append(b []byte, tag uint32) []byte {
	le := binary.LittleEndian
	for _, v := range []uint16{l.SubstituteOffset, l.SubstituteSize, l.PrintOffset, l.PrintSize} {
		b = le.AppendUint16(b, v)
	}
	if tag == ReparseSymlink {
		b = le.AppendUint32(b, l.Flags)
	}
	return append(b, l.Names...)
}

// Substitute is the path that Windows follows, in UTF-16LE.
func (l *Link) Substitute() []byte { return l.Names[l.SubstituteOffset:][:l.SubstituteSize] }

// Print is the path that Windows shows, in UTF-16LE.
func (l *Link) Print() []byte { return l.Names[l.PrintOffset:][:l.PrintSize] }

// WSLLink is the reparse data of a symbolic link of the Windows Subsystem for
// Linux (WIM format sheet, section 9.4).
type WSLLink struct {
	Version uint32 // 2
	Target  string // UTF-8
}

// ParseWSLLink takes apart the reparse data of such a link.
func ParseWSLLink(raw []byte) (WSLLink, error) {
	if len(raw) < 4 || !utf8.Valid(raw[4:]) {
		return WSLLink{}, formatErrorf("WSL symlink data of %d bytes", len(raw))
	}
	return WSLLink{binary.LittleEndian.Uint32(raw), string(raw[4:])}, nil
}

// Append appends the link's bytes to b.
func (l WSLLink) Append(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, l.Version), l.Target...)
}
