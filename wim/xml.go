package wim

import (
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// Element is an element of the XML document. It keeps what this package gives
// no type to: programs may add elements of their own.
type Element struct {
	Name       string
	Attributes []Attribute
	Text       string // the text before the first child, without the space around it
	Children   []*Element
	Tail       string // the text between this element and what comes next, likewise
}

// Attribute is an attribute of an element.
type Attribute struct{ Name, Value string }

// Attribute returns the value of an attribute, "" if the element has none of
// the name.
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
	n, _ := e.Find(path).parseNumber(bits)
	return n
}

// parseNumber returns the decimal or 0x number that the element holds, and
// whether it holds one. e may be nil.
func (e *Element) parseNumber(bits int) (n uint64, ok bool) {
	text, base := strings.ToLower(e.Value("")), 10
	if hex, cut := strings.CutPrefix(text, "0x"); cut {
		text, base = hex, 16
	}
	n, err := parseUint(text, base, bits)
	return n, err == nil
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
// many times its size in memory. Windows' own documents have about 60 per image.
const maxXMLElements = 200_000

func decodeXML(raw []byte) string { return wimfile.DecodeXML(raw) }

// parseXML parses a document into elements. It returns what it has where the
// document is broken.
func parseXML(document string) (*Element, error) {
	root, err := wimfile.ParseXML(document, wimfile.XMLLimits{Depth: maxXMLDepth, Elements: maxXMLElements})
	if root == nil {
		return nil, err
	}
	return newElement(root), err
}

// newElement leaves the space around texts out, which is for the eye.
func newElement(stored *wimfile.Element) *Element {
	e := &Element{Name: stored.Name, Text: strings.TrimSpace(stored.Text), Tail: strings.TrimSpace(stored.Tail)}
	for _, a := range stored.Attributes {
		e.Attributes = append(e.Attributes, Attribute(a))
	}
	for _, child := range stored.Children {
		e.Children = append(e.Children, newElement(child))
	}
	return e
}

// stored returns the element as wimfile has it.
func (e *Element) stored() *wimfile.Element {
	stored := &wimfile.Element{Name: e.Name, Text: e.Text, Tail: e.Tail}
	for _, a := range e.Attributes {
		stored.Attributes = append(stored.Attributes, wimfile.Attribute(a))
	}
	for _, child := range e.Children {
		stored.Children = append(stored.Children, child.stored())
	}
	return stored
}
