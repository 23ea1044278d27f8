package sddl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxText bounds the text of a descriptor: two ACLs have 64 KiB each, and no
// entry of 16 bytes takes more than a hundred characters.
const maxText = 1 << 20

// Parse makes a self-relative security descriptor of text, such as
// "O:BAG:BAD:P(A;OICI;FA;;;SY)". Its parts are laid out as Windows lays them
// out: system ACL, discretionary ACL, owner, group. Entries with conditions or
// attributes, and SIDs that only one machine or domain has, such as "DA", are
// errors.
func Parse(text string) ([]byte, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%d characters: %w", len(text), ErrInvalid)
	}
	var owner, group, dacl, sacl []byte
	control := uint16(selfRelative)
	seen := make(map[byte]bool)
	for rest := text; rest != ""; {
		if len(rest) < 2 || rest[1] != ':' || !strings.Contains("OGDS", rest[:1]) || seen[rest[0]] {
			return nil, fmt.Errorf("%.20q: an O:, G:, D: or S: should be here, each once: %w", rest, ErrInvalid)
		}
		kind := rest[0]
		seen[kind] = true
		part := rest[2:]
		rest = ""
		if end := nextPart(part); end >= 0 {
			part, rest = part[:end], part[end:]
		}
		var err error
		switch kind {
		case 'O':
			owner, err = parseSID(part)
		case 'G':
			group, err = parseSID(part)
		case 'D':
			var bits uint16
			dacl, bits, err = parseACL(part, daclProtected, daclInheritRequired, daclAutoInherited)
			control |= daclPresent | bits
		case 'S':
			var bits uint16
			sacl, bits, err = parseACL(part, saclProtected, saclInheritRequired, saclAutoInherited)
			control |= saclPresent | bits
		}
		if err != nil {
			return nil, fmt.Errorf("%c: %w", kind, err)
		}
	}
	le := binary.LittleEndian
	d := make([]byte, 20)
	d[0] = 1
	le.PutUint16(d[2:], control)
	for _, p := range []struct {
		field int
		data  []byte
	}{{12, sacl}, {16, dacl}, {4, owner}, {8, group}} {
		if p.data != nil {
			le.PutUint32(d[p.field:], uint32(len(d)))
			d = append(d, p.data...)
		}
	}
	return d, nil
}

// nextPart is where the next part begins: a letter with a colon, outside of
// parentheses. It is -1 if there is none.
func nextPart(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ':':
			if depth == 0 && i > 0 {
				return i - 1
			}
		}
	}
	return -1
}

// parseACL parses the flags and the entries of an ACL ([MS-DTYP], section
// 2.4.5). The result is nil for NO_ACCESS_CONTROL.
func parseACL(text string, protected, required, inherited uint16) (acl []byte, control uint16, err error) {
	flags, _, _ := strings.Cut(text, "(")
	text = text[len(flags):]
	none := false
	for flags != "" {
		switch {
		case strings.HasPrefix(flags, "NO_ACCESS_CONTROL"):
			none, flags = true, flags[len("NO_ACCESS_CONTROL"):]
		case strings.HasPrefix(flags, "AR"):
			control, flags = control|required, flags[2:]
		case strings.HasPrefix(flags, "AI"):
			control, flags = control|inherited, flags[2:]
		case flags[0] == 'P':
			control, flags = control|protected, flags[1:]
		default:
			return nil, 0, fmt.Errorf("%.20q: P, AR, AI or an entry in parentheses should be here: %w", flags, ErrInvalid)
		}
	}
	if none {
		if text != "" {
			return nil, 0, fmt.Errorf("NO_ACCESS_CONTROL with entries: %w", ErrInvalid)
		}
		return nil, control, nil
	}
	acl = []byte{2, 0, 0, 0, 0, 0, 0, 0}
	count := 0
	for ; text != ""; count++ {
		end := strings.IndexByte(text, ')')
		if text[0] != '(' || end < 0 {
			return nil, 0, fmt.Errorf("%.20q: an entry in parentheses should be here: %w", text, ErrInvalid)
		}
		entry, object, err := parseACE(text[1:end])
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", text[:end+1], err)
		}
		if object {
			acl[0] = 4 // the revision that entries for objects need
		}
		if acl = append(acl, entry...); len(acl) > math.MaxUint16 {
			return nil, 0, fmt.Errorf("an ACL of more than %d bytes: %w", math.MaxUint16, ErrInvalid)
		}
		text = text[end+1:]
	}
	binary.LittleEndian.PutUint16(acl[2:], uint16(len(acl)))
	binary.LittleEndian.PutUint16(acl[4:], uint16(count))
	return acl, control, nil
}

// parseACE parses an entry: type;flags;rights;object;inherited object;SID.
func parseACE(text string) (entry []byte, object bool, err error) {
	fields := strings.Split(text, ";")
	if len(fields) != 6 {
		return nil, false, fmt.Errorf("%d fields, not 6: %w", len(fields), ErrInvalid)
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	kind, known := byte(0), false
	for k, letters := range aceTypes {
		if letters == fields[0] {
			kind, known = k, true
		}
	}
	object = kind >= 0x05 && kind <= 0x08
	if !known || !object && kind > 0x03 && kind != 0x11 {
		return nil, false, fmt.Errorf("entries of type %q cannot be made: %w", fields[0], ErrInvalid)
	}
	entry = []byte{kind, 0, 0, 0}
	for flags := fields[1]; flags != ""; flags = flags[2:] {
		bit := byte(0)
		for _, f := range aceFlags {
			if strings.HasPrefix(flags, f.letters) {
				bit = f.bit
			}
		}
		if bit == 0 {
			return nil, false, fmt.Errorf("flags %q: %w", flags, ErrInvalid)
		}
		entry[1] |= bit
	}
	mask, err := parseMask(kind, fields[2])
	if err != nil {
		return nil, false, err
	}
	le := binary.LittleEndian
	entry = le.AppendUint32(entry, mask)
	if object {
		present := len(entry)
		entry = le.AppendUint32(entry, 0)
		for i, text := range fields[3:5] {
			if text == "" {
				continue
			}
			guid, err := parseGUID(text)
			if err != nil {
				return nil, false, err
			}
			entry[present] |= 1 << i
			entry = append(entry, guid...)
		}
	} else if fields[3] != "" || fields[4] != "" {
		return nil, false, fmt.Errorf("an entry of type %q has no object: %w", fields[0], ErrInvalid)
	}
	sid, err := parseSID(fields[5])
	if err != nil {
		return nil, false, err
	}
	entry = append(entry, sid...)
	le.PutUint16(entry[2:], uint16(len(entry)))
	return entry, object, nil
}

// parseMask parses rights: a number, or letters.
func parseMask(kind byte, text string) (mask uint32, err error) {
	if text != "" && text[0] >= '0' && text[0] <= '9' {
		n, err := strconv.ParseUint(text, 0, 32)
		if err != nil {
			return 0, fmt.Errorf("rights %q: %w", text, ErrInvalid)
		}
		return uint32(n), nil
	}
	letters := rightLetters
	if kind == 0x11 {
		letters = labelLetters
	}
	for rest := text; rest != ""; rest = rest[2:] {
		bits := uint32(0)
		for _, r := range letters {
			if strings.HasPrefix(rest, r.letters) {
				bits = r.bit
			}
		}
		for whole, letters := range wholeMasks {
			if kind != 0x11 && strings.HasPrefix(rest, letters) {
				bits = whole
			}
		}
		if bits == 0 {
			return 0, fmt.Errorf("rights %q: %w", rest, ErrInvalid)
		}
		mask |= bits
	}
	return mask, nil
}

// parseGUID parses a GUID without braces.
func parseGUID(text string) ([]byte, error) {
	parts := strings.Split(text, "-")
	raw, err := hex.DecodeString(strings.Join(parts, ""))
	if err != nil || len(parts) != 5 || len(raw) != 16 || len(parts[0]) != 8 || len(parts[1]) != 4 || len(parts[2]) != 4 || len(parts[3]) != 4 {
		return nil, fmt.Errorf("GUID %q: %w", text, ErrInvalid)
	}
	be, le := binary.BigEndian, binary.LittleEndian
	guid := le.AppendUint32(nil, be.Uint32(raw))
	guid = le.AppendUint16(guid, be.Uint16(raw[4:]))
	guid = le.AppendUint16(guid, be.Uint16(raw[6:]))
	return append(guid, raw[8:]...), nil
}

// parseSID parses letters, or S-1-authority-sub-authorities.
func parseSID(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	for sid, letters := range wellKnown {
		if letters == text {
			text = sid
		}
	}
	invalid := fmt.Errorf("%q is no SID, such as S-1-5-18 or SY: %w", text, ErrInvalid)
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(parts) > 3+15 || parts[0] != "S" || parts[1] != "1" {
		return nil, invalid
	}
	authority, err := strconv.ParseUint(parts[2], 0, 48)
	if err != nil {
		return nil, invalid
	}
	sid := binary.BigEndian.AppendUint64(nil, authority)
	sid[0], sid[1] = 1, byte(len(parts)-3)
	for _, part := range parts[3:] {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, invalid
		}
		sid = binary.LittleEndian.AppendUint32(sid, uint32(n))
	}
	return sid, nil
}
