package wimfile

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// Element is an element of the XML document (WIM format sheet, section 12). It
// keeps all text, in the place where it stands: before the first child in Text,
// after a child in that child's Tail. Comments are dropped.
type Element struct {
	Name       string
	Attributes []Attribute
	Text       string // before the first child, with the space around it
	Children   []*Element
	Tail       string // between the end of this element and what comes next
	Short      bool   // written as <NAME/>; only where there is nothing in it
}

// Attribute is an attribute of an element.
type Attribute struct {
	Name, Value string
}

// XMLLimits bound what a document may hold: each element and each attribute
// takes many times its size in memory.
type XMLLimits struct {
	Depth    int // of elements in elements
	Elements int // and attributes, together
}

// DecodeXML converts a stored document, UTF-16LE with or without a byte order
// mark, to UTF-8. It is cut at the first NUL (WIM format sheet, section 12.1).
func DecodeXML(raw []byte) string {
	text := strings.TrimPrefix(utf16le.Decode(raw), "\ufeff")
	text, _, _ = strings.Cut(text, "\x00")
	return text
}

// EncodeXML converts a document to what is stored: UTF-16LE with a byte order
// mark.
func EncodeXML(document string) []byte { return utf16le.Append(nil, "\ufeff"+document) }

// ParseXML parses a document and returns its root. Where the document is
// broken it returns an error too; it then goes on with the next IMAGE element,
// so that one broken name does not take the other images with it.
func ParseXML(document string, limits XMLLimits) (*Element, error) {
	p := xmlParser{document: document, limits: limits}
	p.open = []*Element{&p.top}
	err := p.parse()
	switch {
	case len(p.top.Children) == 0:
		if err == nil {
			err = formatErrorf("XML: the document has no WIM element")
		}
		return nil, err
	case err == nil && p.top.Children[0].Name != "WIM":
		err = formatErrorf("XML: the document has no WIM element")
	}
	return p.top.Children[0], err
}

type xmlParser struct {
	document string
	limits   XMLLimits
	elements int
	top      Element    // holds the root
	open     []*Element // from the top to the element that is being read
}

// parse parses the document, and returns the first error.
func (p *xmlParser) parse() error {
	var first error
	for start := 0; ; {
		n, err := p.parseFrom(start)
		if first == nil {
			first = err
		}
		if err == nil || errors.Is(err, ErrLimit) || len(p.open) < 2 {
			return first
		}
		next := strings.Index(p.document[n:], "<IMAGE")
		if next < 0 {
			return first
		}
		// Each new start costs about as much as an element.
		if p.elements++; p.elements > p.limits.Elements {
			return first
		}
		start = n + next
		p.open = p.open[:2]
	}
}

// parseFrom parses from an offset on, and returns the offset where it ended.
func (p *xmlParser) parseFrom(start int) (int, error) {
	d := xml.NewDecoder(strings.NewReader(p.document[start:]))
	// The text is UTF-8 by now, whatever a declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var opened int64 // where the last start tag ended
	for {
		token, err := d.RawToken()
		at := start + int(d.InputOffset())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return at, formatErrorf("XML: %s", Brief(err.Error()))
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := p.start(t); err != nil {
				return at, err
			}
			opened = d.InputOffset()
		case xml.EndElement:
			current := p.open[len(p.open)-1]
			if name := xmlName(t.Name); len(p.open) == 1 || current.Name != name {
				return at, formatErrorf("XML: </%s> at offset %d ends no open element", Brief(name), at)
			}
			// The end of <NAME/> takes no bytes of its own.
			current.Short = d.InputOffset() == opened
			p.open = p.open[:len(p.open)-1]
		case xml.CharData:
			if current := p.open[len(p.open)-1]; len(current.Children) == 0 {
				current.Text += string(t)
			} else {
				current.Children[len(current.Children)-1].Tail += string(t)
			}
		}
	}
	if len(p.open) > 1 {
		return len(p.document), formatErrorf("XML: the document ends inside of <%s>", Brief(p.open[len(p.open)-1].Name))
	}
	return len(p.document), nil
}

// start opens an element.
func (p *xmlParser) start(t xml.StartElement) error {
	if len(p.open) > p.limits.Depth {
		return formatErrorf("XML: elements nested more than %d deep", p.limits.Depth)
	}
	if p.elements += 1 + len(t.Attr); p.elements > p.limits.Elements {
		return fmt.Errorf("XML: more than %d elements and attributes: %w", p.limits.Elements, ErrLimit)
	}
	e := &Element{Name: xmlName(t.Name)}
	for _, a := range t.Attr {
		e.Attributes = append(e.Attributes, Attribute{xmlName(a.Name), a.Value})
	}
	current := p.open[len(p.open)-1]
	current.Children = append(current.Children, e)
	p.open = append(p.open, e)
	return nil
}

// xmlName is a name as it is written.
func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// Brief makes text that has pieces of a document in it fit for an error: short,
// and on one line.
func Brief(text string) string {
	const most = 100 // runes
	runes := []rune(text)
	if len(runes) > most {
		runes = append(runes[:most:most], '…')
	}
	quoted := strconv.Quote(string(runes))
	return quoted[1 : len(quoted)-1]
}

// IsXMLRune says whether a document can have the character.
func IsXMLRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

var (
	textEscapes      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
		"\t", "&#9;", "\n", "&#10;", "\r", "&#13;")
)

// appendXMLText appends text with escapes. Characters that no document can
// have, which only damaged ones hold, are replaced.
func appendXMLText(b []byte, text string, escapes *strings.Replacer) []byte {
	text = strings.Map(func(r rune) rune {
		if IsXMLRune(r) {
			return r
		}
		return utf8.RuneError
	}, text)
	return append(b, escapes.Replace(text)...)
}

// Append appends the element to b, in UTF-8.
func (e *Element) Append(b []byte) []byte {
	b = append(append(b, '<'), e.Name...)
	for _, a := range e.Attributes {
		b = append(append(append(b, ' '), a.Name...), `="`...)
		b = append(appendXMLText(b, a.Value, attributeEscapes), '"')
	}
	if e.Short && e.Text == "" && len(e.Children) == 0 {
		b = append(b, "/>"...)
	} else {
		b = appendXMLText(append(b, '>'), e.Text, textEscapes)
		for _, child := range e.Children {
			b = child.Append(b)
		}
		b = append(append(append(b, "</"...), e.Name...), '>')
	}
	return appendXMLText(b, e.Tail, textEscapes)
}
