package inventory

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

const (
	maxXML          = 4 << 20
	maxXMLDepth     = 32
	maxXMLAttribute = 512 // bytes of an attribute that counts
)

// xmlVisitor is told of the elements of an XML file. Elements count by their
// local names, whatever their namespace.
type xmlVisitor struct {
	root  string
	start func(path xmlPath, e xml.StartElement) error // path is that of the element above
	text  func(path xmlPath, text []byte)              // may be nil
	end   func(path xmlPath)                           // path is that of the element above; may be nil
}

// xmlPath is the names of elements from the root on.
type xmlPath []string

// is says whether these are the elements below the root.
func (p xmlPath) is(names ...string) bool { return len(p) > 0 && slices.Equal(p[1:], names) }

// readXML reads an XML file as a stream, so that what it takes does not depend
// on what is in it. The error wraps winver.ErrFormat, or winver.ErrLimit if the
// file is larger or deeper than those of Windows.
func readXML(r io.Reader, visit xmlVisitor) error {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return err
	}
	head = head[:n]
	if n == 4 && head[0] == 'D' && head[1] == 'C' && head[3] == 1 { // DCM, DCN, DCD, DCS ...
		return wintree.OfKind(fmt.Errorf("compressed as %q, which cannot be read", head[:3]), winver.ErrFormat)
	}
	source := &failing{Reader: io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))), r)}
	limited := &io.LimitedReader{R: source, N: maxXML + 1}
	d := xml.NewDecoder(limited)
	var path xmlPath
	found := false
	for {
		token, err := d.RawToken()
		switch {
		case limited.N <= 0:
			return wintree.OfKind(fmt.Errorf("larger than %d bytes", maxXML), winver.ErrLimit)
		case err == io.EOF && len(path) > 0:
			return wintree.OfKind(fmt.Errorf("ends in the element %.40q", path[len(path)-1]), winver.ErrFormat)
		case err == io.EOF && !found:
			return wintree.OfKind(errors.New("empty"), winver.ErrFormat)
		case err == io.EOF:
			return nil
		case source.err != nil:
			return source.err
		case err != nil:
			return wintree.OfKind(err, winver.ErrFormat)
		}
		switch token := token.(type) {
		case xml.Directive:
			return wintree.OfKind(errors.New("has a DTD, as no file of Windows has"), winver.ErrFormat)
		case xml.StartElement:
			name := token.Name.Local
			switch {
			case len(path) == 0 && (found || name != visit.root):
				return wintree.OfKind(fmt.Errorf("has the element %.40q, where one %q is", name, visit.root), winver.ErrFormat)
			case len(path) == maxXMLDepth:
				return wintree.OfKind(fmt.Errorf("elements are nested deeper than %d", maxXMLDepth), winver.ErrLimit)
			}
			found = true
			if err := visit.start(path, token); err != nil {
				return err
			}
			path = append(path, name)
		case xml.EndElement:
			if len(path) == 0 || path[len(path)-1] != token.Name.Local {
				return wintree.OfKind(fmt.Errorf("the end of an element %.40q is not that of the last one begun", token.Name.Local), winver.ErrFormat)
			}
			path = path[:len(path)-1]
			if visit.end != nil {
				visit.end(path)
			}
		case xml.CharData:
			if visit.text != nil {
				visit.text(path, token)
			}
		}
	}
}

// failing is a reader that keeps its error, which is not one of the XML.
type failing struct {
	io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// attribute returns an attribute, whatever its namespace; "" if there is none,
// or one that is too long to be one.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && len(a.Value) <= maxXMLAttribute {
			return a.Value
		}
	}
	return ""
}

// maxXMLBytes is how much is read of all XML files together.
const maxXMLBytes = 256 << 20

// readXMLFile reads an XML file of the tree.
func (r *reader) readXMLFile(path string, visit xmlVisitor) error {
	path, err := r.Find(path) // which may be a link
	if err != nil {
		return err
	}
	file, err := r.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	switch {
	case file.Size > maxXML:
		err = fmt.Errorf("has %d bytes, more than %d", file.Size, maxXML)
	case file.Size > maxXMLBytes-r.xmlBytes:
		err = fmt.Errorf("has %d bytes, more than are left of %d for all such files", file.Size, maxXMLBytes)
	}
	if err != nil {
		return wintree.OfKind(err, winver.ErrLimit)
	}
	r.xmlBytes += file.Size
	return wintree.WithoutPath(readXML(io.NewSectionReader(file, 0, file.Size), visit))
}
