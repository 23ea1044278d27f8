package wim

import (
	"strings"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/utf16le"
)

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
			return utf16le.Escape(utf16le.Units(raw), needsEscape)
		}
		ascii = append(ascii, raw[i])
	}
	if name := string(ascii); name != "." && name != ".." {
		return name
	}
	return strings.Repeat("%u002E", len(ascii))
}

func needsEscape(r rune) bool { return r == 0 || r == '/' || r == '\\' }
