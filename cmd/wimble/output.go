package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/wimble-go/wimble/wim"
)

// printable makes text from a file safe to print: control characters could
// move the cursor, or worse, and would break lines.
func printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			fmt.Fprintf(&b, `\u%04X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unprintable finds control characters, and the format characters that turn
// the direction of what follows.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// table prints rows in aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) *table { return &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = printable(cell)
	}
	fmt.Fprintln(t.w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

func (t *table) flush() error { return t.w.Flush() }

// newJSON returns an encoder that leaves <, > and & as they are.
func newJSON(w io.Writer) *json.Encoder {
	e := json.NewEncoder(jsonWriter{w})
	e.SetEscapeHTML(false)
	return e
}

// jsonWriter escapes the control characters that JSON allows in strings, from
// U+007F on, and those that turn the direction of text. An encoder writes a
// whole value at once, and has such characters in strings only.
type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(value []byte) (int, error) {
	text, newline := strings.CutSuffix(string(value), "\n")
	text = printable(text)
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
