package wim

import (
	"bytes"
	"encoding/binary"
)

// The inheritance flags of an ACL's entry ([MS-DTYP], section 2.4.4.1).
const (
	aceObjectInherit    = 0x01 // files inherit it
	aceContainerInherit = 0x02 // directories do
	aceNoPropagate      = 0x04 // and pass it on no further
	aceInheritOnly      = 0x08 // it is not for the directory itself
	aceInheritance      = aceObjectInherit | aceContainerInherit | aceNoPropagate | aceInheritOnly
	aceInherited        = 0x10
)

// inheritDescriptor returns the security descriptor that a new file or
// directory has in a directory with a descriptor: owner and group of the
// directory, and the entries of the discretionary ACL that are to be inherited
// ([MS-DTYP], section 2.5.3.4). If there are none, the system and the
// administrators have all rights. It returns nil where the directory's
// descriptor is damaged.
func inheritDescriptor(parent []byte, directory bool) []byte {
	le := binary.LittleEndian
	if _, err := parseSecurityDescriptor(parent); err != nil {
		return nil
	}
	sid := func(field int) []byte {
		offset := le.Uint32(parent[field:])
		if offset == 0 {
			return nil
		}
		return parent[offset:][:sidSize(parent[offset:])]
	}
	owner, group := sid(4), sid(8)
	acl := inheritedACL{owner: owner, group: group, directory: directory, revision: 2}
	if offset := le.Uint32(parent[16:]); offset != 0 && le.Uint16(parent[2:])&securityDACLPresent != 0 {
		acl.inherit(parent[offset:])
	}
	control := uint16(securitySelfRelative | securityDACLPresent | securityDACLAutoInherited)
	if acl.count == 0 {
		control &^= securityDACLAutoInherited
		system := []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}                        // S-1-5-18
		administrators := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0} // S-1-5-32-544
		acl.add(0, 0, le.AppendUint32(nil, fileAllAccess), system)
		acl.add(0, 0, le.AppendUint32(nil, fileAllAccess), administrators)
	}
	b := make([]byte, 20)
	b[0] = 1
	le.PutUint16(b[2:], control)
	for _, part := range []struct {
		field int
		bytes []byte
	}{{4, owner}, {8, group}, {16, acl.bytes()}} {
		if part.bytes != nil {
			le.PutUint32(b[part.field:], uint32(len(b)))
			b = append(b, part.bytes...)
		}
	}
	return b
}

// inheritedACL is an ACL that is being made of that of a directory.
type inheritedACL struct {
	owner, group []byte // SIDs
	directory    bool
	revision     byte
	entries      []byte
	count        int
}

// bytes is the ACL with its header.
func (a *inheritedACL) bytes() []byte {
	le := binary.LittleEndian
	b := le.AppendUint16([]byte{a.revision, 0}, uint16(8+len(a.entries)))
	b = le.AppendUint16(le.AppendUint16(b, uint16(a.count)), 0)
	return append(b, a.entries...)
}

// add adds an entry, of which the rest is in two pieces.
func (a *inheritedACL) add(kind, flags byte, mask, rest []byte) {
	a.entries = binary.LittleEndian.AppendUint16(append(a.entries, kind, flags), uint16(4+len(mask)+len(rest)))
	a.entries = append(append(a.entries, mask...), rest...)
	a.count++
}

// inherit takes what is to be inherited of an ACL that was checked.
func (a *inheritedACL) inherit(acl []byte) {
	le := binary.LittleEndian
	a.revision = acl[0]
	entries := acl[8:le.Uint16(acl[2:])]
	for range le.Uint16(acl[4:]) {
		entry := entries[:le.Uint16(entries[2:])]
		entries = entries[len(entry):]
		const most = 0xFFFF - 8 - 2*8 - 2*maxSID // an entry may become two, for the owner
		if len(a.entries)+2*len(entry) > most {
			return // an ACL has no room for more
		}
		if len(entry) >= 8 { // entries of kinds that nobody knows may be shorter
			a.inheritEntry(entry)
		}
	}
}

func (a *inheritedACL) inheritEntry(entry []byte) {
	kind, flags := entry[0], entry[1]
	own := flags&^aceInheritance | aceInherited
	passed := flags&^(aceNoPropagate|aceInheritOnly) | aceInherited
	onward := flags&aceNoPropagate == 0
	switch {
	case !a.directory && flags&aceObjectInherit != 0:
		a.addEffective(kind, own, entry)
	case !a.directory || flags&(aceObjectInherit|aceContainerInherit) == 0:
	case flags&aceContainerInherit == 0: // for the files in it
		if onward {
			a.add(kind, passed|aceInheritOnly, entry[4:8], entry[8:])
		}
	case !onward:
		a.addEffective(kind, own, entry)
	case a.concrete(kind, entry) == nil:
		a.add(kind, passed, entry[4:8], entry[8:])
	default: // what is for the directory is not what is passed on
		a.addEffective(kind, own, entry)
		a.add(kind, passed|aceInheritOnly, entry[4:8], entry[8:])
	}
}

// addEffective adds an entry that is for the new file or directory itself.
func (a *inheritedACL) addEffective(kind, flags byte, entry []byte) {
	rest := a.concrete(kind, entry)
	if rest == nil {
		rest = entry[4:]
	}
	a.add(kind, flags, rest[:4], rest[4:])
}

// maxSID is the size of the longest SID.
const maxSID = 8 + 4*15

const fileAllAccess = 0x1F01FF

// genericRights are what generic rights are for files ([MS-DTYP], section
// 2.4.3).
var genericRights = [...]struct{ generic, file uint32 }{
	{0x10000000, fileAllAccess}, {0x80000000, 0x120089}, {0x40000000, 0x120116}, {0x20000000, 0x1200A0},
}

// concrete returns mask and SID of an entry that is for the creator of files or
// has generic rights, as they are for a file of the owner and group. It returns
// nil for others.
func (a *inheritedACL) concrete(kind byte, entry []byte) []byte {
	if kind > 3 { // kinds with more than a mask and a SID stay as they are
		return nil
	}
	mask, sid := binary.LittleEndian.Uint32(entry[4:]), entry[8:]
	for _, r := range genericRights {
		if mask&r.generic != 0 {
			mask = mask&^r.generic | r.file
		}
	}
	creator := []byte{1, 1, 0, 0, 0, 0, 0, 3}
	switch {
	case bytes.Equal(sid, append(creator, 0, 0, 0, 0)) && a.owner != nil:
		sid = a.owner
	case bytes.Equal(sid, append(creator, 1, 0, 0, 0)) && a.group != nil:
		sid = a.group
	}
	if mask == binary.LittleEndian.Uint32(entry[4:]) && bytes.Equal(sid, entry[8:]) {
		return nil
	}
	return append(binary.LittleEndian.AppendUint32(nil, mask), sid...)
}
