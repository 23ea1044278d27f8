package inventory

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

// mum is what is used of a .mum file, the manifest of a package:
//
//	assembly                        @supportInformation
//	  package                       @identifier @releaseType @restart @permanence
//	    declareCapability
//	      capability
//	        capabilityIdentity      @name @version @language
//	    update                      @name @displayName
//	      selectable                only features have it
//	        detectNone              @default
//	      applicable
//	        detectUpdate
//	          update                @name: the feature above
type mum struct {
	releaseType  string
	identifier   string // "KB5129195", or any other name
	support      string // an address of an article
	restart      string
	permanent    bool
	capabilities []string // in DISM's form
	features     []mumFeature
}

type mumFeature struct {
	name, displayName, parent string
	byDefault                 *bool
	selectable                bool
}

const (
	maxMUM      = 4 << 20
	maxMUMDepth = 32
	maxMUMName  = 512 // bytes of an attribute

	// maxDeclared is how many features or capabilities one file may declare.
	maxDeclared = 4096
)

// parseMUM reads a .mum file as a stream. The error wraps winver.ErrFormat, or
// winver.ErrLimit if the file is larger or deeper than those of packages.
func parseMUM(r io.Reader) (*mum, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	if len(head) == 4 && head[0] == 'D' && head[1] == 'C' && head[3] == 1 { // DCM, DCN, DCD, DCS ...
		return nil, wintree.OfKind(fmt.Errorf("compressed as %q, which cannot be read", head[:3]), winver.ErrFormat)
	}
	source := &failing{Reader: io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))), r)}
	limited := &io.LimitedReader{R: source, N: maxMUM + 1}
	d := xml.NewDecoder(limited)
	p := mumParser{mum: &mum{}}
	for {
		token, err := d.Token()
		switch {
		case limited.N <= 0:
			return nil, wintree.OfKind(fmt.Errorf("larger than %d bytes", maxMUM), winver.ErrLimit)
		case err == io.EOF && !p.any:
			return nil, wintree.OfKind(errors.New("empty"), winver.ErrFormat)
		case err == io.EOF:
			return p.mum, nil
		case source.err != nil:
			return nil, source.err
		case err != nil:
			return nil, wintree.OfKind(err, winver.ErrFormat)
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, wintree.OfKind(errors.New("has a DTD, as no package has"), winver.ErrFormat)
		case xml.StartElement:
			if len(p.path) == maxMUMDepth {
				return nil, wintree.OfKind(fmt.Errorf("elements are nested deeper than %d", maxMUMDepth), winver.ErrLimit)
			}
			if err := p.start(token); err != nil {
				return nil, err
			}
		case xml.EndElement:
			p.end()
		}
	}
}

// failing is a reader that keeps its error: those of the XML are told apart.
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

// mumParser is where in a file the parser is. Elements count by their local
// names, whatever their namespace.
type mumParser struct {
	*mum
	any     bool
	path    []string
	feature *mumFeature // the update that the parser is in
}

// in says whether the parser is in elements of these names, below assembly.
func (p *mumParser) in(names ...string) bool {
	if len(p.path) != 1+len(names) || p.path[0] != "assembly" {
		return false
	}
	for i, name := range names {
		if p.path[1+i] != name {
			return false
		}
	}
	return true
}

func (p *mumParser) start(e xml.StartElement) error {
	name := e.Name.Local
	if len(p.path) == 0 {
		if name != "assembly" || p.any {
			return wintree.OfKind(fmt.Errorf("has the element %.40q, not one assembly", name), winver.ErrFormat)
		}
		p.any = true
		p.support = attribute(e, "supportInformation")
	}
	switch {
	case name == "package" && p.in():
		p.identifier, p.releaseType = attribute(e, "identifier"), attribute(e, "releaseType")
		p.restart, p.permanent = attribute(e, "restart"), attribute(e, "permanence") == "permanent"
	case name == "capabilityIdentity" && p.in("package", "declareCapability", "capability"):
		if len(p.capabilities) == maxDeclared {
			return tooMany("capabilities")
		}
		if c := capabilityName(attribute(e, "name"), attribute(e, "language"), attribute(e, "version")); c != "" {
			p.capabilities = append(p.capabilities, c)
		}
	case name == "update" && p.in("package"):
		p.feature = &mumFeature{name: attribute(e, "name"), displayName: attribute(e, "displayName")}
	case name == "selectable" && p.in("package", "update"):
		p.feature.selectable = true
	case name == "detectNone" && p.in("package", "update", "selectable"):
		switch attribute(e, "default") {
		case "true":
			p.feature.byDefault = new(bool)
			*p.feature.byDefault = true
		case "false":
			p.feature.byDefault = new(bool)
		}
	case name == "update" && p.in("package", "update", "applicable", "detectUpdate"):
		if p.feature.parent == "" {
			p.feature.parent = attribute(e, "name")
		}
	}
	p.path = append(p.path, name)
	if p.feature != nil && len(p.features) == maxDeclared {
		return tooMany("features")
	}
	return nil
}

func (p *mumParser) end() {
	p.path = p.path[:len(p.path)-1]
	if f := p.feature; f != nil && p.in("package") {
		if f.selectable && f.name != "" {
			p.features = append(p.features, *f)
		}
		p.feature = nil
	}
}

func tooMany(what string) error {
	return wintree.OfKind(fmt.Errorf("declares more than %d %s", maxDeclared, what), winver.ErrLimit)
}

// attribute returns an attribute, whatever its namespace; "" if there is none, or
// one that is too long to be one.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && len(a.Value) <= maxMUMName {
			return a.Value
		}
	}
	return ""
}

// capabilityName puts a capability as DISM does: name~~~language~version, where a
// version 1.0 is 0.0.1.0. It is empty if these are not of a capability.
func capabilityName(name, language, version string) string {
	if name == "" || strings.Contains(name+language+version, "~") {
		return ""
	}
	if strings.EqualFold(language, "neutral") {
		language = ""
	}
	if version != "" && strings.Count(version, ".") == 1 {
		version = "0.0." + version
	}
	return name + "~~~" + language + "~" + version
}

// article is the article that a package names: the identifier, or else the
// address. Place holders are none.
func (m *mum) article() winver.KB {
	if len(m.identifier) > 2 && strings.EqualFold(m.identifier[:2], "KB") {
		if kb, err := winver.ParseKB(m.identifier); err == nil {
			return realKB(kb)
		}
	}
	for _, mark := range []string{"kbid=", "/help/", "/kb/"} {
		if _, rest, found := strings.Cut(strings.ToLower(m.support), mark); found {
			end := 0
			for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
				end++
			}
			if n, err := strconv.ParseUint(rest[:end], 10, 32); err == nil {
				return realKB(winver.KB(n))
			}
		}
	}
	return 0
}

// realKB is an article, or 0 for the two place holders that stand in packages of
// features on demand.
func realKB(kb winver.KB) winver.KB {
	if kb == 777777 || kb == 777778 {
		return 0
	}
	return kb
}
