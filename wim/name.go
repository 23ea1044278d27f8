package wim

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// unitsOf splits stored UTF-16LE bytes into units. An odd last byte is dropped.
func unitsOf(raw []byte) []uint16 {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return units
}

// decodeUTF16 converts stored UTF-16LE to text. Unpaired surrogates become
// U+FFFD.
func decodeUTF16(raw []byte) string { return string(utf16.Decode(unitsOf(raw))) }

// pathElement turns a stored name into an element of an [io/fs] path. Almost
// every name stands for itself. What such a path cannot hold is written as
// %uXXXX, one for each UTF-16 unit: unpaired surrogates, "/", "\", NUL, and the
// names "." and ".."; an entry without a name is called "%u". (io/fs itself
// allows a backslash, but [testing/fstest.TestFS] and Windows do not.)
func pathElement(raw []byte) string {
	if len(raw) == 0 {
		return "%u"
	}
	ascii := make([]byte, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		if raw[i+1] != 0 || raw[i] >= utf8.RuneSelf || needsEscape(rune(raw[i])) {
			return escapedElement(unitsOf(raw))
		}
		ascii = append(ascii, raw[i])
	}
	if name := string(ascii); name != "." && name != ".." {
		return name
	}
	return strings.Repeat("%u002E", len(ascii))
}

func needsEscape(r rune) bool { return r == 0 || r == '/' || r == '\\' }

// escapedElement is the slow path of pathElement.
func escapedElement(units []uint16) string {
	var name strings.Builder
	for i := 0; i < len(units); i++ {
		unit := rune(units[i])
		if utf16.IsSurrogate(unit) && i+1 < len(units) {
			if pair := utf16.DecodeRune(unit, rune(units[i+1])); pair != utf8.RuneError {
				name.WriteRune(pair)
				i++
				continue
			}
		}
		if utf16.IsSurrogate(unit) || needsEscape(unit) {
			fmt.Fprintf(&name, "%%u%04X", unit)
		} else {
			name.WriteRune(unit)
		}
	}
	return name.String()
}

// foldName maps a name to what Windows compares: every UTF-16 unit in upper
// case by itself, as in the $UpCase table of NTFS. So characters beyond the
// BMP have no case, and no letter turns into an ASCII one or into several.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			if 'a' <= r && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		case r > 0xFFFF || r == 0xB5:
			return r
		}
		if upper := unicode.ToUpper(r); upper >= utf8.RuneSelf {
			return upper
		}
		return r
	}, name)
}
