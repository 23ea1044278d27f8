package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"github.com/wimble-go/wimble/wim"
)

// printable makes text from a file or a command line safe to show to people.
// Everything that is written for a terminal passes through it. Control and
// format characters could move the cursor, turn the direction of text or hide
// some of it, and line separators and bytes that are no UTF-8 are anything to a
// terminal: they are written as escapes.
func printable(text string) string {
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

// say prints one line to standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.stderr, printable(fmt.Sprintf(format, args...)))
}

// sayError prints what went wrong.
func (a *app) sayError(err error) {
	text := err.Error()
	// Other errors of the kind have limits that are fixed.
	if errors.Is(err, wim.ErrLimit) && strings.Contains(text, "the limit is ") {
		text += "; --limit SIZE raises it"
	}
	a.say("wimble: %s", text)
}

// warn prints what is odd but was read around.
func (a *app) warn(where string, warnings []error) {
	for _, w := range warnings {
		a.say("wimble: warning: %s: %v", where, w)
	}
}

// table prints rows in aligned columns, as a terminal shows them: East Asian
// characters and emoji are two columns wide.
type table struct {
	w    io.Writer
	rows [][]string
}

func newTable(w io.Writer) *table { return &table{w: w} }

func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = printable(cell)
	}
	t.rows = append(t.rows, cells)
}

// widest is the width that a column has at most. A wider cell shifts its own row:
// a name of a megabyte does not make each row that long.
const widest = 64

// flush prints the rows.
func (t *table) flush() error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row[:max(0, len(row)-1)] { // nothing stands after the last
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(widest, uniseg.StringWidth(cell)))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := ""
		for i, cell := range row {
			line += cell
			if i < len(row)-1 {
				line += strings.Repeat(" ", 2+max(0, widths[i]-uniseg.StringWidth(cell)))
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	t.rows = nil
	_, err := io.WriteString(t.w, b.String())
	return err
}

// newJSON returns an encoder that leaves <, > and & as they are.
func newJSON(w io.Writer) *json.Encoder {
	e := json.NewEncoder(jsonWriter{w})
	e.SetEscapeHTML(false)
	return e
}

// jsonWriter escapes what is not for the eye, as JSON escapes characters: the
// text stays exact. An encoder writes a whole value at once, in UTF-8, and has
// such characters in strings only.
type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(value []byte) (int, error) {
	text, newline := strings.CutSuffix(string(value), "\n")
	text = escape(text, func(r rune) string {
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			return fmt.Sprintf(`\u%04x\u%04x`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
	if newline {
		text += "\n"
	}
	if _, err := io.WriteString(j.w, text); err != nil {
		return 0, err
	}
	return len(value), nil
}

// isTerminal says whether people see what is written, not programs.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printableLines makes text of several lines safe to print.
func printableLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(printable(line), `\u0009`, "\t")
	}
	return strings.Join(lines, "\n")
}

// thousands formats a count with separators.
func thousands[N int | int64 | uint64](n N) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// byteSize formats a size for people, in binary units.
func byteSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, unit := float64(n), 0
	for value >= 1024 && unit < 4 {
		value /= 1024
		unit++
	}
	return strings.Replace(fmt.Sprintf("%.1f %ciB", value, "?KMGT"[unit]), ".0 ", " ", 1)
}

// jsonTime is RFC 3339 in UTC, empty for an unknown time and for years that
// the format cannot hold.
func jsonTime(t wim.Filetime) string {
	if at := t.Time(); t != 0 && at.Year() <= 9999 {
		return at.Format(time.RFC3339Nano)
	}
	return ""
}

// minute shows a time for people.
func minute(t wim.Filetime) string {
	if t == 0 {
		return "-"
	}
	return t.Time().Format("2006-01-02 15:04")
}
