package console

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// How much of a file one page shows.
const (
	textPart = 64 << 10
	hexPart  = 4 << 10
)

type viewData struct {
	Rows     []describe.Row
	Streams  []streamRow
	Folder   string // its URL, for a folder or a link to one
	Download string
	Tar      string

	Preview        *preview
	PreviewError   string
	Text, Hex      string // URLs of the other forms
	Previous, Next string
}

// preview is a part of a file as text that is shown and never run.
type preview struct {
	Mode     string // "text" or "hex"
	Encoding string
	From, To int64
	Size     int64
	Content  string
}

// viewPage shows what is known of an entry, and a part of its content: ?mode= is
// text or hex, ?at= the first byte, ?stream= a named stream.
func (s *Server) viewPage(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	defer o.Close()
	info, e, err := o.lookup()
	if err != nil {
		return err
	}
	crumbs, title, err := s.imageCrumbs(r)
	if err != nil {
		return err
	}
	base := imageURL(r)
	query := r.URL.Query()
	stream := query.Get("stream")
	data := viewData{Rows: entryRows(o.path, info, e), Streams: namedStreams(base, o.path, e)}
	target, err := o.tree.Stat(o.path)
	isFolder := err == nil && target.IsDir()
	if isFolder {
		data.Folder = pathURL(base, "browse", o.path)
	}
	if !isFolder || stream != "" {
		values := url.Values{}
		if stream != "" {
			values.Set("stream", stream)
		}
		here := pathURL(base, "view", o.path)
		data.Download = pathURL(base, "content", o.path) + withQuery(values)
		mode := query.Get("mode")
		at, err := strconv.ParseInt(query.Get("at"), 10, 64)
		if err != nil || at < 0 {
			at = 0
		}
		p, err := o.preview(r, stream, mode, at)
		if err != nil {
			data.PreviewError = err.Error()
		} else {
			data.Preview = p
			link := func(mode string, at int64) string {
				values.Set("mode", mode)
				values.Set("at", strconv.FormatInt(at, 10))
				return here + withQuery(values) + "#content"
			}
			data.Text, data.Hex = link("text", p.From), link("hex", p.From)
			part := int64(textPart)
			if p.Mode == "hex" {
				part = hexPart
			}
			if p.From > 0 {
				data.Previous = link(p.Mode, max(0, p.From-part))
			}
			if p.To < p.Size {
				data.Next = link(p.Mode, p.To)
			}
		}
	}
	name := title
	if o.path != "." {
		name = path.Base(o.path)
	}
	if stream != "" {
		name += ":" + stream
	}
	return s.show(w, http.StatusOK, "view", page{Title: name, Crumbs: o.pathCrumbs(crumbs, title, base), Data: data})
}

func withQuery(values url.Values) string {
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// preview reads a part of a stream. Without a mode it is text if it looks so.
func (o *opened) preview(r *http.Request, stream, mode string, at int64) (*preview, error) {
	file, err := o.tree.OpenStream(o.path, stream)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size < 0 {
		return nil, fmt.Errorf("the content is in none of the files of this package: %w", wim.ErrMissingBlob)
	}
	read := func(at, n int64) ([]byte, error) {
		body := newContentReader(r.Context(), file, size, wim.SHA1{}, o.slots)
		if _, err := body.Seek(at, io.SeekStart); err != nil {
			return nil, err
		}
		data := make([]byte, max(0, min(n, size-at)))
		_, err := io.ReadFull(body, data)
		return data, err
	}
	at = min(at, size)
	head, err := read(0, 512)
	if err != nil {
		return nil, err
	}
	encoding := encodingOf(head)
	if mode != "text" && mode != "hex" {
		mode = "text"
		if encoding == "" {
			mode = "hex"
		}
	}
	p := &preview{Mode: mode, From: at, Size: size}
	if mode == "hex" {
		p.From -= p.From % 16
		data, err := read(p.From, hexPart)
		p.To, p.Content = p.From+int64(len(data)), hexLines(data, p.From)
		return p, err
	}
	if encoding == "UTF-16" {
		p.From -= p.From % 2
	}
	data, err := read(p.From, textPart)
	if err != nil {
		return nil, err
	}
	if p.From+int64(len(data)) < size { // the next part begins with a whole character
		data = data[:len(data)-cut(data, encoding)]
	}
	p.To = p.From + int64(len(data))
	p.Encoding, p.Content = decode(data, encoding)
	return p, nil
}

// encodingOf guesses how text is encoded by how it begins: "" is no text.
func encodingOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return "UTF-16"
	case len(head) >= 4 && head[1] == 0 && head[3] == 0 && head[0] != 0 && head[2] != 0:
		return "UTF-16"
	case bytes.IndexByte(head, 0) >= 0:
		return ""
	}
	return "UTF-8"
}

// cut is how many bytes at the end are the start of a character.
func cut(data []byte, encoding string) int {
	if encoding == "UTF-16" {
		return len(data) % 2
	}
	for i := 1; i <= min(utf8.UTFMax, len(data)); i++ {
		if b := data[len(data)-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(data[len(data)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}

// decode makes text of bytes, with escapes for what is not for the eye. Bytes
// that are no UTF-8 are taken for Latin-1.
func decode(data []byte, encoding string) (name, text string) {
	switch {
	case encoding == "UTF-16":
		units := make([]uint16, len(data)/2)
		for i := range units {
			units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
		}
		text = strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF")
	case utf8.Valid(data):
		encoding = "UTF-8"
		text = strings.TrimPrefix(string(data), "\uFEFF")
	default:
		encoding = "Latin-1"
		runes := make([]rune, len(data))
		for i, b := range data {
			runes[i] = rune(b)
		}
		text = string(runes)
	}
	return encoding, describe.PrintableLines(text)
}

// hexLines shows bytes in lines of 16, with their offsets.
func hexLines(data []byte, at int64) string {
	var b strings.Builder
	for line := range slices.Chunk(data, 16) {
		text := hex.EncodeToString(line)
		fmt.Fprintf(&b, "%08x ", at)
		for i := 0; i < 32; i += 2 {
			if i == 16 {
				b.WriteByte(' ')
			}
			if i < len(text) {
				b.WriteString(" " + text[i:i+2])
			} else {
				b.WriteString("   ")
			}
		}
		b.WriteString("  ")
		for _, c := range line {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteByte('\n')
		at += int64(len(line))
	}
	return b.String()
}
