// Package utf16le reads and writes text as Windows stores it, in UTF-16 with
// the low byte first, and compares names as Windows does.
//
// A name on disk is a list of 16-bit units. Nothing keeps a surrogate from
// standing alone in it, so that units are the exact form of a name, and a Go
// string is one for showing: [Decode] turns unpaired surrogates into U+FFFD.
package utf16le

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Units splits stored bytes into units. An odd last byte is dropped.
func Units(raw []byte) []uint16 {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return units
}

// Decode converts stored bytes to text. Unpaired surrogates become U+FFFD, and
// an odd last byte is dropped.
func Decode(raw []byte) string { return string(utf16.Decode(Units(raw))) }

// Append appends text as it is stored, without a terminator. Bytes that are
// not UTF-8 become U+FFFD.
func Append(dst []byte, text string) []byte {
	return AppendUnits(dst, utf16.Encode([]rune(text)))
}

// AppendUnits appends units as they are stored.
func AppendUnits(dst []byte, units []uint16) []byte {
	for _, u := range units {
		dst = binary.LittleEndian.AppendUint16(dst, u)
	}
	return dst
}

// FoldUnit maps a unit to what Windows compares: its upper case, as in the
// $UpCase table of NTFS. Each unit is mapped by itself, so that characters
// beyond the BMP have no case, and no letter turns into an ASCII one or into
// several. The micro sign stays, though its upper case is a Greek letter.
func FoldUnit(u uint16) uint16 {
	switch {
	case 'a' <= u && u <= 'z':
		return u - ('a' - 'A')
	case u < 0x80 || u == 0xB5:
		return u
	}
	if upper := unicode.ToUpper(rune(u)); 0x80 <= upper && upper <= 0xFFFF {
		return uint16(upper)
	}
	return u
}

// Fold maps the units of a name with [FoldUnit]. Two names are one for Windows
// if they are equal after that.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return r
		}
		return rune(FoldUnit(uint16(r)))
	}, name)
}

// Escape converts units to text. Unpaired surrogates, and the characters for
// which bad is true, are written as %uXXXX.
func Escape(units []uint16, bad func(rune) bool) string {
	var name strings.Builder
	for i := 0; i < len(units); i++ {
		u := rune(units[i])
		if utf16.IsSurrogate(u) && i+1 < len(units) {
			if pair := utf16.DecodeRune(u, rune(units[i+1])); pair != unicode.ReplacementChar {
				name.WriteRune(pair)
				i++
				continue
			}
		}
		if utf16.IsSurrogate(u) || bad(u) {
			fmt.Fprintf(&name, "%%u%04X", u)
		} else {
			name.WriteRune(u)
		}
	}
	return name.String()
}

// AppendWTF8 appends text as it is stored, which may have surrogates encoded
// like other characters, in three bytes each. It fails for other bytes that are
// not UTF-8.
func AppendWTF8(dst []byte, text string) (_ []byte, ok bool) {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			// Surrogates are U+D800 to U+DFFF: ED A0 80 to ED BF BF.
			if len(text) < 3 || text[0] != 0xED || text[1] < 0xA0 || text[1] > 0xBF || text[2] < 0x80 || text[2] > 0xBF {
				return dst, false
			}
			r, size = 0xD000|rune(text[1]&0x3F)<<6|rune(text[2]&0x3F), 3
		}
		text = text[size:]
		if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(high))
			r = low
		}
		dst = binary.LittleEndian.AppendUint16(dst, uint16(r))
	}
	return dst, true
}
