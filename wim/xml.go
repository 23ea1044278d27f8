package wim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Element is an element of the XML document. It keeps what this package gives
// no type to: programs may add elements of their own.
type Element struct {
	Name       string
	Attributes []Attribute
	Text       string // the element's own text, without the space around it
	Children   []*Element
}

// Attribute is an attribute of an element.
type Attribute struct{ Name, Value string }

// Attribute returns the value of an attribute, "" if the element has none of the
// name.
func (e *Element) Attribute(name string) string {
	if e != nil {
		for _, a := range e.Attributes {
			if a.Name == name {
				return a.Value
			}
		}
	}
	return ""
}

// Find returns the first element that a path of names leads to, such as
// "WINDOWS/VERSION/BUILD", or nil. Find of a nil Element is nil.
func (e *Element) Find(path string) *Element {
	for path != "" && e != nil {
		var name string
		name, path, _ = strings.Cut(path, "/")
		parent := e
		e = nil
		for _, child := range parent.Children {
			if child.Name == name {
				e = child
				break
			}
		}
	}
	return e
}

// Value returns the text of the element that Find finds, "" without one.
func (e *Element) Value(path string) string {
	if e = e.Find(path); e == nil {
		return ""
	}
	return e.Text
}

// number returns a decimal or 0x number, 0 where there is none.
func (e *Element) number(path string, bits int) uint64 {
	text := e.Value(path)
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		n, _ := parseUint(hex, 16, bits)
		return n
	}
	n, _ := parseUint(text, 10, bits)
	return n
}

// parseUint is strconv.ParseUint, but 0 for a number that is out of range:
// such a number counts as absent.
func parseUint(text string, base, bits int) (uint64, error) {
	n, err := strconv.ParseUint(text, base, bits)
	if err != nil {
		return 0, err
	}
	return n, nil
}

// maxXMLDepth bounds the nesting of elements, as wimlib does.
const maxXMLDepth = 50

// maxXMLElements bounds the elements and attributes of a document: each takes
// many times its size in memory. Windows' own documents have about 60 an image.
const maxXMLElements = 200_000

// decodeXML converts the stored document, UTF-16LE with or without a byte
// order mark, to UTF-8. It is cut at the first NUL (WIM format sheet, section
// 12.1).
func decodeXML(raw []byte) string {
	text := strings.TrimPrefix(decodeUTF16(raw), "\ufeff")
	text, _, _ = strings.Cut(text, "\x00")
	return text
}

// parseXML parses a document into elements. It returns what it has where the
// document is broken.
func parseXML(document string) (*Element, error) {
	d := xml.NewDecoder(strings.NewReader(document))
	// The text is UTF-8 by now, whatever a declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	top := &Element{}
	open := []*Element{top}
	elements := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return top.root(), formatErrorf("XML: %s", brief(err.Error()))
		}
		current := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) > maxXMLDepth {
				return top.root(), formatErrorf("XML: elements nested more than %d deep", maxXMLDepth)
			}
			if elements += 1 + len(t.Attr); elements > maxXMLElements {
				return top.root(), fmt.Errorf("XML: more than %d elements and attributes: %w", maxXMLElements, ErrLimit)
			}
			e := &Element{Name: t.Name.Local}
			for _, a := range t.Attr {
				e.Attributes = append(e.Attributes, Attribute{a.Name.Local, a.Value})
			}
			current.Children = append(current.Children, e)
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 1 || current.Name != t.Name.Local {
				return top.root(), formatErrorf("XML: </%s> at offset %d ends no open element", brief(t.Name.Local), d.InputOffset())
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if current.Text == "" {
				current.Text = strings.TrimSpace(string(t))
			}
		}
	}
	if len(open) > 1 {
		return top.root(), formatErrorf("XML: the document ends inside of <%s>", brief(open[len(open)-1].Name))
	}
	root := top.root()
	if root == nil || root.Name != "WIM" {
		return root, formatErrorf("XML: the document has no WIM element")
	}
	return root, nil
}

// brief makes text that has pieces of a document in it fit for an error: short,
// and on one line.
func brief(text string) string {
	const most = 100 // runes
	runes := []rune(text)
	if len(runes) > most {
		runes = append(runes[:most:most], '…')
	}
	quoted := strconv.Quote(string(runes))
	return quoted[1 : len(quoted)-1]
}

// root returns the first element of the document.
func (e *Element) root() *Element {
	if len(e.Children) == 0 {
		return nil
	}
	return e.Children[0]
}
