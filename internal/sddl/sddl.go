// Package sddl writes security descriptors as text and parses it, in the
// language in which icacls, Get-Acl and sc show them: "O:BAG:SYD:(A;;FA;;;WD)"
// has the administrators as owner, the system as group, and one entry that
// allows everyone everything ([MS-DTYP], section 2.5.1).
package sddl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrInvalid is what [Format] and [Parse] return, wrapped, for what is no
// security descriptor.
var ErrInvalid = errors.New("invalid security descriptor")

// The control bits that have letters ([MS-DTYP], section 2.4.6).
const (
	daclPresent         = 0x0004
	saclPresent         = 0x0010
	daclInheritRequired = 0x0100
	saclInheritRequired = 0x0200
	daclAutoInherited   = 0x0400
	saclAutoInherited   = 0x0800
	daclProtected       = 0x1000
	saclProtected       = 0x2000
	selfRelative        = 0x8000
)

// Format writes a self-relative security descriptor as text. Types of entries
// that the language has no letters for are written as hexadecimal numbers, and
// what their entries hold beyond mask and SID is left out.
func Format(data []byte) (string, error) {
	le := binary.LittleEndian
	if len(data) < 20 || data[0] != 1 || le.Uint16(data[2:])&selfRelative == 0 {
		return "", fmt.Errorf("no self-relative descriptor of revision 1: %w", ErrInvalid)
	}
	control := le.Uint16(data[2:])
	var b strings.Builder
	for _, part := range []struct {
		letter string
		field  int
	}{{"O:", 4}, {"G:", 8}} {
		offset := le.Uint32(data[part.field:])
		if offset == 0 {
			continue
		}
		rest, err := from(data, offset)
		if err != nil {
			return "", err
		}
		sid, err := formatSID(rest)
		if err != nil {
			return "", err
		}
		b.WriteString(part.letter + sid)
	}
	for _, part := range []struct {
		letter                                  string
		field                                   int
		present, protected, required, inherited uint16
	}{
		{"D:", 16, daclPresent, daclProtected, daclInheritRequired, daclAutoInherited},
		{"S:", 12, saclPresent, saclProtected, saclInheritRequired, saclAutoInherited},
	} {
		if control&part.present == 0 {
			continue
		}
		b.WriteString(part.letter)
		for _, flag := range []struct {
			bit     uint16
			letters string
		}{{part.protected, "P"}, {part.required, "AR"}, {part.inherited, "AI"}} {
			if control&flag.bit != 0 {
				b.WriteString(flag.letters)
			}
		}
		offset := le.Uint32(data[part.field:])
		if offset == 0 {
			b.WriteString("NO_ACCESS_CONTROL")
			continue
		}
		acl, err := from(data, offset)
		if err != nil {
			return "", err
		}
		if err := formatACL(&b, acl); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// from returns what is at an offset.
func from(data []byte, offset uint32) ([]byte, error) {
	if uint64(offset) >= uint64(len(data)) {
		return nil, fmt.Errorf("offset %d, in %d bytes: %w", offset, len(data), ErrInvalid)
	}
	return data[offset:], nil
}

// formatACL writes the entries of an ACL ([MS-DTYP], section 2.4.5).
func formatACL(b *strings.Builder, acl []byte) error {
	le := binary.LittleEndian
	if len(acl) < 8 || int(le.Uint16(acl[2:])) < 8 || int(le.Uint16(acl[2:])) > len(acl) {
		return fmt.Errorf("an ACL that is cut off: %w", ErrInvalid)
	}
	entries := acl[8:le.Uint16(acl[2:])]
	for i := range le.Uint16(acl[4:]) {
		if len(entries) < 4 || int(le.Uint16(entries[2:])) < 8 || int(le.Uint16(entries[2:])) > len(entries) {
			return fmt.Errorf("entry %d of an ACL is cut off: %w", i, ErrInvalid)
		}
		size := le.Uint16(entries[2:])
		if err := formatACE(b, entries[:size]); err != nil {
			return fmt.Errorf("entry %d of an ACL: %w", i, err)
		}
		entries = entries[size:]
	}
	return nil
}

// aceTypes are the letters of the types of entries ([MS-DTYP], sections 2.4.4.1
// and 2.5.1.1).
var aceTypes = map[byte]string{
	0x00: "A", 0x01: "D", 0x02: "AU", 0x03: "AL", 0x05: "OA", 0x06: "OD", 0x07: "OU", 0x08: "OL",
	0x09: "XA", 0x0A: "XD", 0x0B: "ZA", 0x0D: "XU", 0x11: "ML", 0x12: "RA", 0x13: "SP", 0x14: "TL",
}

var aceFlags = []struct {
	bit     byte
	letters string
}{{0x01, "OI"}, {0x02, "CI"}, {0x04, "NP"}, {0x08, "IO"}, {0x10, "ID"}, {0x40, "SA"}, {0x80, "FA"}}

// formatACE writes an entry: (type;flags;rights;object;inherited object;SID).
func formatACE(b *strings.Builder, entry []byte) error {
	kind, mask, rest := entry[0], binary.LittleEndian.Uint32(entry[4:]), entry[8:]
	letters, known := aceTypes[kind]
	if !known {
		letters = fmt.Sprintf("0x%x", kind)
	}
	b.WriteString("(" + letters + ";")
	for _, f := range aceFlags {
		if entry[1]&f.bit != 0 {
			b.WriteString(f.letters)
		}
	}
	b.WriteString(";" + formatMask(kind, mask) + ";")
	var objects [2]string
	if kind >= 0x05 && kind <= 0x08 || kind == 0x0B {
		if len(rest) < 4 {
			return fmt.Errorf("cut off: %w", ErrInvalid)
		}
		flags := binary.LittleEndian.Uint32(rest)
		rest = rest[4:]
		for i := range objects {
			if flags&(1<<i) == 0 {
				continue
			}
			if len(rest) < 16 {
				return fmt.Errorf("cut off: %w", ErrInvalid)
			}
			objects[i] = formatGUID(rest)
			rest = rest[16:]
		}
	}
	sid, err := formatSID(rest)
	if err != nil {
		return err
	}
	b.WriteString(objects[0] + ";" + objects[1] + ";" + sid + ")")
	return nil
}

func formatGUID(g []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(g), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:16])
}

// rightLetters are the rights that have letters ([MS-DTYP], section 2.5.1.1),
// in the order in which Windows writes them.
var rightLetters = []struct {
	bit     uint32
	letters string
}{
	{0x10000000, "GA"}, {0x80000000, "GR"}, {0x40000000, "GW"}, {0x20000000, "GX"},
	{0x0001, "CC"}, {0x0002, "DC"}, {0x0004, "LC"}, {0x0008, "SW"}, {0x0010, "RP"}, {0x0020, "WP"},
	{0x0040, "DT"}, {0x0080, "LO"}, {0x0100, "CR"},
	{0x00010000, "SD"}, {0x00020000, "RC"}, {0x00040000, "WD"}, {0x00080000, "WO"},
}

// wholeMasks are combinations of rights to a file that have letters.
var wholeMasks = map[uint32]string{0x001F01FF: "FA", 0x00120089: "FR", 0x00120116: "FW", 0x001200A0: "FX"}

// formatMask writes the rights: with letters if those say all, as a number if
// they do not. Mandatory labels have rights of their own.
func formatMask(kind byte, mask uint32) string {
	letters := rightLetters
	if kind == 0x11 {
		letters = labelLetters
	} else if whole, ok := wholeMasks[mask]; ok {
		return whole
	}
	var b strings.Builder
	left := mask
	for _, r := range letters {
		if mask&r.bit != 0 {
			b.WriteString(r.letters)
			left &^= r.bit
		}
	}
	if left != 0 {
		return "0x" + strconv.FormatUint(uint64(mask), 16)
	}
	return b.String()
}

var labelLetters = []struct {
	bit     uint32
	letters string
}{{1, "NW"}, {2, "NR"}, {4, "NX"}}

// wellKnown are the SIDs that have letters and are the same everywhere
// ([MS-DTYP], section 2.5.1.1).
var wellKnown = map[string]string{
	"S-1-1-0": "WD", "S-1-3-0": "CO", "S-1-3-1": "CG", "S-1-3-4": "OW",
	"S-1-5-2": "NU", "S-1-5-4": "IU", "S-1-5-6": "SU", "S-1-5-7": "AN", "S-1-5-9": "ED", "S-1-5-10": "PS",
	"S-1-5-11": "AU", "S-1-5-12": "RC", "S-1-5-18": "SY", "S-1-5-19": "LS", "S-1-5-20": "NS", "S-1-5-33": "WR",
	"S-1-5-32-544": "BA", "S-1-5-32-545": "BU", "S-1-5-32-546": "BG", "S-1-5-32-547": "PU", "S-1-5-32-548": "AO",
	"S-1-5-32-549": "SO", "S-1-5-32-550": "PO", "S-1-5-32-551": "BO", "S-1-5-32-552": "RE", "S-1-5-32-554": "RU",
	"S-1-5-32-555": "RD", "S-1-5-32-556": "NO", "S-1-15-2-1": "AC",
	"S-1-16-4096": "LW", "S-1-16-8192": "ME", "S-1-16-8448": "MP", "S-1-16-12288": "HI", "S-1-16-16384": "SI",
}

// formatSID writes the SID that data begins with ([MS-DTYP], sections 2.4.2.1
// and 2.4.2.2).
func formatSID(data []byte) (string, error) {
	if len(data) < 8 || data[0] != 1 || data[1] > 15 || len(data) < 8+4*int(data[1]) {
		return "", fmt.Errorf("no SID: %w", ErrInvalid)
	}
	authority := uint64(binary.BigEndian.Uint16(data[2:]))<<32 | uint64(binary.BigEndian.Uint32(data[4:]))
	text := "S-1-" + strconv.FormatUint(authority, 10)
	if authority >= 1<<32 {
		text = fmt.Sprintf("S-1-0x%012X", authority)
	}
	for sub := data[8 : 8+4*int(data[1])]; len(sub) > 0; sub = sub[4:] {
		text += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(sub)), 10)
	}
	if letters, ok := wellKnown[text]; ok {
		text = letters
	}
	return text, nil
}
