package describe

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// NewJSON returns an encoder that leaves <, > and & as they are.
func NewJSON(w io.Writer) *json.Encoder {
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
