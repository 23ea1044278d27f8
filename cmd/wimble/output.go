package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// say prints one line to standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.stderr, describe.Printable(fmt.Sprintf(format, args...)))
}

// sayError prints what went wrong.
func (a *app) sayError(err error) {
	text := err.Error()
	// Other errors of the kind have limits that are fixed.
	if errors.Is(err, wim.ErrLimit) && strings.Contains(text, "the limit is ") {
		text += "; --limit SIZE raises it"
	}
	for _, hint := range []struct {
		err        error
		text, more string
	}{
		{wim.ErrUnsupported, "; write the file anew as LZX", ", with wimble optimize --compress lzx"},
		{wim.ErrUnsupported, "; write the file anew", ", with wimble optimize"},
		{wim.ErrMissingBlob, "; a delta file needs the file that it was made against", ": --ref FILE names it"},
	} {
		if errors.Is(err, hint.err) && strings.HasSuffix(text, hint.text) {
			text += hint.more
			break
		}
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
		cells[i] = describe.Printable(cell)
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

// isTerminal says whether people see what is written, not programs.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
