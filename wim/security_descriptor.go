package wim

import (
	"encoding/binary"
	"slices"
)

// The control bits of a security descriptor ([MS-DTYP], section 2.4.6).
const (
	securityDACLPresent            = 0x0004
	securitySACLPresent            = 0x0010
	securityDACLAutoInheritRequest = 0x0100
	securitySACLAutoInheritRequest = 0x0200
	securityDACLAutoInherited      = 0x0400
	securitySACLAutoInherited      = 0x0800
	securitySelfRelative           = 0x8000
)

// A securityDescriptor is a self-relative SECURITY_DESCRIPTOR that was checked:
// nothing in it leads out of it.
type securityDescriptor struct {
	data                     []byte // aligned as the system wants it
	owner, group, dacl, sacl bool   // which parts it has
}

// parseSecurityDescriptor checks a descriptor ([MS-DTYP], section 2.4.6) before
// a system sees it that follows its offsets. They are relative to its start:
//
//	0  u8   revision, 1
//	1  u8   of no meaning here
//	2  u16  control bits
//	4  u32  offset of the owner's SID, 0 for none
//	8  u32  offset of the group's SID, 0 for none
//	12 u32  offset of the system ACL; 0 with the bit for it set means an empty one
//	16 u32  offset of the discretionary ACL; 0 with the bit for it set allows everything
//
// The result is a copy with a change: without the bits that request inheritance
// Windows drops those that tell of it.
func parseSecurityDescriptor(data []byte) (*securityDescriptor, error) {
	le := binary.LittleEndian
	if len(data) < 20 {
		return nil, formatErrorf("security descriptor of %d bytes", len(data))
	}
	control := le.Uint16(data[2:])
	if data[0] != 1 || control&securitySelfRelative == 0 {
		return nil, formatErrorf("security descriptor of revision %d with control bits %#x", data[0], control)
	}
	d := &securityDescriptor{
		dacl: control&securityDACLPresent != 0,
		sacl: control&securitySACLPresent != 0,
	}
	// part returns what is at an offset, nil for nothing.
	part := func(name string, field int) ([]byte, error) {
		offset := le.Uint32(data[field:])
		switch {
		case offset == 0:
			return nil, nil
		case offset < 20 || offset%4 != 0 || uint64(offset) >= uint64(len(data)):
			return nil, formatErrorf("security descriptor of %d bytes: the %s is at offset %d", len(data), name, offset)
		}
		return data[offset:], nil
	}
	for _, p := range []struct {
		name  string
		field int
		has   *bool
	}{{"owner", 4, &d.owner}, {"group", 8, &d.group}} {
		sid, err := part(p.name, p.field)
		if err != nil {
			return nil, err
		}
		if sid == nil {
			continue
		}
		if sidSize(sid) == 0 {
			return nil, formatErrorf("security descriptor: the %s is no SID", p.name)
		}
		*p.has = true
	}
	for _, p := range []struct {
		name  string
		field int
		has   bool
	}{{"system ACL", 12, d.sacl}, {"discretionary ACL", 16, d.dacl}} {
		acl, err := part(p.name, p.field)
		if err == nil && acl != nil && p.has {
			err = checkACL(p.name, acl)
		}
		if err != nil {
			return nil, err
		}
	}
	d.data = slices.Clone(data)
	if control&securityDACLAutoInherited != 0 {
		control |= securityDACLAutoInheritRequest
	}
	if control&securitySACLAutoInherited != 0 {
		control |= securitySACLAutoInheritRequest
	}
	le.PutUint16(d.data[2:], control)
	return d, nil
}

// sidSize returns the size of the SID that data begins with, 0 if there is none
// ([MS-DTYP], section 2.4.2.2): u8 revision, u8 number of subauthorities, up to
// 15, 6 bytes of authority, u32 for each subauthority.
func sidSize(data []byte) int {
	if len(data) < 8 || data[0] != 1 || data[1] > 15 {
		return 0
	}
	size := 8 + 4*int(data[1])
	if size > len(data) {
		return 0
	}
	return size
}

// checkACL checks the ACL that data begins with ([MS-DTYP], section 2.4.5): u8
// revision, u8, u16 size, u16 number of entries, u16, the entries.
func checkACL(name string, data []byte) error {
	le := binary.LittleEndian
	if len(data) < 8 || data[0] < 2 || data[0] > 4 {
		return formatErrorf("security descriptor: the %s is no ACL", name)
	}
	size, count := int(le.Uint16(data[2:])), int(le.Uint16(data[4:]))
	if size < 8 || size > len(data) {
		return formatErrorf("security descriptor: the %s has %d bytes, %d are left", name, size, len(data))
	}
	entries := data[8:size]
	for i := range count {
		if len(entries) < 4 {
			return formatErrorf("security descriptor: the %s has no room for entry %d of %d", name, i, count)
		}
		entry := int(le.Uint16(entries[2:]))
		if entry < 4 || entry%4 != 0 || entry > len(entries) || !validACE(entries[:entry]) {
			return formatErrorf("security descriptor: entry %d of the %s, of type %#x and %d bytes", i, name, entries[0], entry)
		}
		entries = entries[entry:]
	}
	return nil
}

// validACE checks the SID of an ACL's entry ([MS-DTYP], section 2.4.4): u8
// type, u8 flags, u16 size, u32 mask, then the SID, or for types that concern
// objects u32 flags and up to two GUIDs of 16 bytes before that. What other
// types hold is not known.
func validACE(entry []byte) bool {
	sid := 8
	switch entry[0] {
	case 0x00, 0x01, 0x02, 0x03, 0x09, 0x0A, 0x0D, 0x0E, 0x11, 0x12, 0x13:
	case 0x05, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x0F, 0x10:
		sid = 12
		if len(entry) < sid {
			return false
		}
		for flags := binary.LittleEndian.Uint32(entry[8:]) & 3; flags != 0; flags &= flags - 1 {
			sid += 16
		}
	default:
		return true
	}
	return len(entry) > sid && sidSize(entry[sid:]) != 0
}
