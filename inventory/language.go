package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/wintree"
)

const maxLanguages = 256

// Language is a language of the user interface.
type Language struct {
	Tag  string  `json:"tag"`            // BCP 47, such as "de-DE"
	LCID *uint32 `json:"lcid,omitempty"` // Windows' number of it
	Type *uint32 `json:"type,omitempty"` // as the registry has it

	// Kind is "full", "partial" or "lip" (a language interface pack, which
	// covers a part and falls back for the rest), and "" where the type does
	// not tell.
	Kind     string `json:"kind,omitempty"`
	Fallback string `json:"fallback,omitempty"`

	Default  bool     `json:"default"`            // the default system UI language
	Packages []string `json:"packages,omitempty"` // language packs of it that are installed
	Sources  []Source `json:"sources"`
}

func (r *reader) readLanguages(h *hive, path string, k *key) {
	for sub := range k.subkeys {
		tag := sub.Name()
		if strings.EqualFold(tag, "PendingDelete") {
			continue // holds what is to be deleted, and is no language
		}
		l := Language{Tag: tag, LCID: sub.number("lcid"), Type: sub.number("type"), Fallback: sub.text("defaultfallback")}
		l.Kind = languageKind(l.Type)
		l.Sources = []Source{h.source(path, sub.err)}
		if r.inventory.Languages = append(r.inventory.Languages, l); len(r.inventory.Languages) == maxLanguages {
			r.note("languages", fmt.Sprintf("only the first %d are listed", maxLanguages))
			break
		}
	}
	slices.SortFunc(r.inventory.Languages, func(a, b Language) int { return strings.Compare(a.Tag, b.Tag) })
}

// languageKind tells the kind by the lowest bits of a type: 0x91 and 0x111 are
// full languages, 0x94 is that of an interface pack.
func languageKind(n *uint32) string {
	switch {
	case n == nil:
		return ""
	case *n&1 != 0:
		return "full"
	case *n&2 != 0:
		return "partial"
	case *n&4 != 0:
		return "lip"
	}
	return ""
}

// languageTag is the tag of an identifier such as "0409": that of an installed
// language with this identifier, or of a language that Windows is sold in, or
// the identifier itself.
func (r *reader) languageTag(identifier string) string {
	id, err := strconv.ParseUint(identifier, 16, 32)
	if err != nil {
		return identifier
	}
	for _, l := range r.inventory.Languages {
		if l.LCID != nil && uint64(*l.LCID) == id {
			return l.Tag
		}
	}
	if tag := wintree.LanguageTag(identifier); tag != "" {
		return tag
	}
	return identifier
}

// addLanguagePacks gives languages the packages that they were installed with.
func (r *reader) addLanguagePacks() {
	for i := range r.inventory.Languages {
		l := &r.inventory.Languages[i]
		for _, p := range r.inventory.Packages {
			if p.State.Installed() && strings.EqualFold(p.ID.Language, l.Tag) && strings.HasSuffix(strings.ToLower(p.ID.Name), "-languagepack-package") {
				l.Packages = append(l.Packages, p.ID.String())
			}
		}
		slices.Sort(l.Packages)
	}
}
