package wim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// The XML document of a new file has the elements of the images as they were,
// those that this package does not know and their order too.

// clone returns a copy that shares nothing with e, which may be nil.
func (e *Element) clone() *Element {
	if e == nil {
		return &Element{Name: "IMAGE"}
	}
	c := &Element{Name: e.Name, Text: e.Text, Tail: e.Tail, Attributes: slices.Clone(e.Attributes)}
	for _, child := range e.Children {
		c.Children = append(c.Children, child.clone())
	}
	return c
}

// setAttribute sets an attribute, a new one after the others.
func (e *Element) setAttribute(name, value string) {
	for i := range e.Attributes {
		if e.Attributes[i].Name == name {
			e.Attributes[i].Value = value
			return
		}
	}
	e.Attributes = append(e.Attributes, Attribute{name, value})
}

// set sets the text of the element that a path leads to, such as
// "WINDOWS/LANGUAGES/LANGUAGE[2]", and makes it if there is none. An element of
// which there are several has a number, from 1 on; the next number after the
// last makes one more.
func (e *Element) set(path, value string) error {
	if e == nil {
		return fmt.Errorf("no element: %w", ErrOption)
	}
	if err := checkText(value); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	target, err := e.at(path)
	if err != nil {
		return err
	}
	if len(target.Children) > 0 {
		return fmt.Errorf("%s has elements in it, and cannot be a text: %w", path, ErrOption)
	}
	target.Text = value
	return nil
}

// at returns the element that a path with numbers leads to, and makes what is
// missing.
func (e *Element) at(path string) (*Element, error) {
	for step := range strings.SplitSeq(path, "/") {
		name, number, err := parseStep(step)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		var next *Element
		count := 0
		for _, child := range e.Children {
			if child.Name == name {
				if count++; count == number {
					next = child
					break
				}
			}
		}
		if next == nil {
			if number != count+1 {
				return nil, fmt.Errorf("%q: there are %d of %s, the next one is number %d: %w", path, count, name, count+1, ErrOption)
			}
			next = &Element{Name: name}
			e.insert(next)
		}
		e = next
	}
	return e, nil
}

// insert adds a child after the last one of its name, or at the end.
func (e *Element) insert(child *Element) {
	at := len(e.Children)
	for i, c := range e.Children {
		if c.Name == child.Name {
			at = i + 1
		}
	}
	e.Children = slices.Insert(e.Children, at, child)
}

// parseStep parses an element of a path, a name with or without a number.
func parseStep(step string) (name string, number int, err error) {
	name, rest, numbered := strings.Cut(step, "[")
	number = 1
	if numbered {
		digits, ok := strings.CutSuffix(rest, "]")
		if number, err = strconv.Atoi(digits); err != nil || !ok || number < 1 {
			return "", 0, fmt.Errorf("%q is not a name or a name with a number, such as LANGUAGE[2]: %w", step, ErrOption)
		}
	}
	if !isXMLName(name) {
		return "", 0, fmt.Errorf("%q cannot be the name of an element: %w", name, ErrOption)
	}
	return name, number, nil
}

// setTime sets a time, which is stored as two hexadecimal halves.
func (e *Element) setTime(name string, at time.Time) {
	t := uint64(FiletimeOf(at))
	// The names are good, and so is the text.
	e.set(name+"/HIGHPART", fmt.Sprintf("0x%08X", t>>32))
	e.set(name+"/LOWPART", fmt.Sprintf("0x%08X", t&0xFFFFFFFF))
}

// isXMLName says whether an element may have the name. Only names of ASCII
// letters, digits and a few signs are made.
func isXMLName(name string) bool {
	for i, r := range name {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r >= 0x80
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.')) {
			return false
		}
	}
	return name != ""
}

// checkText refuses what XML has no way to write.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%q is not UTF-8: %w", text, ErrOption)
	}
	for _, r := range text {
		if !wimfile.IsXMLRune(r) {
			return fmt.Errorf("XML cannot have the character %U: %w", r, ErrOption)
		}
	}
	return nil
}

// appendXML appends the document whose root e is, as it is stored.
func (e *Element) appendXML(dst []byte) []byte {
	return append(dst, wimfile.EncodeXML(string(e.stored().Append(nil)))...)
}
