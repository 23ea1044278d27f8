package inventory

import (
	"encoding/xml"
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

// maxDeclared is how many features or capabilities one file may declare.
const maxDeclared = 4096

// parseMUM reads a .mum file. For errors see readXML.
func parseMUM(r io.Reader) (*mum, error) {
	p := mumParser{mum: &mum{}}
	if err := readXML(r, p.visitor()); err != nil {
		return nil, err
	}
	return p.mum, nil
}

// mumParser fills in a mum.
type mumParser struct {
	*mum
	feature *mumFeature // the update that the parser is in
}

func (p *mumParser) visitor() xmlVisitor {
	return xmlVisitor{root: "assembly", start: p.start, end: p.end}
}

func (p *mumParser) start(path xmlPath, e xml.StartElement) error {
	switch name := e.Name.Local; {
	case len(path) == 0:
		p.support = attribute(e, "supportInformation")
	case name == "package" && path.is():
		p.identifier, p.releaseType = attribute(e, "identifier"), attribute(e, "releaseType")
		p.restart, p.permanent = attribute(e, "restart"), attribute(e, "permanence") == "permanent"
	case name == "capabilityIdentity" && path.is("package", "declareCapability", "capability"):
		if len(p.capabilities) == maxDeclared {
			return tooMany("capabilities")
		}
		if c := capabilityName(attribute(e, "name"), attribute(e, "language"), attribute(e, "version")); c != "" {
			p.capabilities = append(p.capabilities, c)
		}
	case name == "update" && path.is("package"):
		p.feature = &mumFeature{name: attribute(e, "name"), displayName: attribute(e, "displayName")}
	case name == "selectable" && path.is("package", "update"):
		if len(p.features) == maxDeclared {
			return tooMany("features")
		}
		p.feature.selectable = true
	case name == "detectNone" && path.is("package", "update", "selectable"):
		switch attribute(e, "default") {
		case "true":
			p.feature.byDefault = new(bool)
			*p.feature.byDefault = true
		case "false":
			p.feature.byDefault = new(bool)
		}
	case name == "update" && path.is("package", "update", "applicable", "detectUpdate"):
		if p.feature.parent == "" {
			p.feature.parent = attribute(e, "name")
		}
	}
	return nil
}

func (p *mumParser) end(path xmlPath) {
	if f := p.feature; f != nil && path.is("package") {
		if f.selectable && f.name != "" {
			p.features = append(p.features, *f)
		}
		p.feature = nil
	}
}

func tooMany(what string) error {
	return wintree.OfKind(fmt.Errorf("declares more than %d %s", maxDeclared, what), winver.ErrLimit)
}

// capabilityName puts a capability as DISM does: name~~~language~version, where
// a version 1.0 is 0.0.1.0. It is empty if these are not of a capability.
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

// realKB is an article, or 0 for the two place holders that stand in packages
// of features on demand.
func realKB(kb winver.KB) winver.KB {
	if kb == 777777 || kb == 777778 {
		return 0
	}
	return kb
}
