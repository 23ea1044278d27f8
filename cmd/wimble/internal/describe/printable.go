package describe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes text from a file or a command line safe to show to people.
// Everything that is written for a terminal passes through it. Control and
// format characters could move the cursor, turn the direction of text or hide
// some of it, and line separators and bytes that are no UTF-8 are anything to a
// terminal: they are written as escapes.
func Printable(text string) string {
	return escape(text, func(r rune) string {
		if r > 0xFFFF {
			return fmt.Sprintf(`\U%08X`, r)
		}
		return fmt.Sprintf(`\u%04X`, r)
	})
}

// escape writes an escape for each character that is not for the eye, and for
// each byte that is no UTF-8.
func escape(text string, escaped func(rune) string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02X`, text[0])
		case unprintable(r):
			b.WriteString(escaped(r))
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// unprintable finds control characters, format characters such as those that
// turn the direction of text, have no width or are tags, and the separators of
// lines and paragraphs.
func unprintable(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

// PrintableLines makes text of several lines safe to print.
func PrintableLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(Printable(line), `\u0009`, "\t")
	}
	return strings.Join(lines, "\n")
}
