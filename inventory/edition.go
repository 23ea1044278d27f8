package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Editions is which edition a Windows is and can become.
type Editions struct {
	// Current is the edition whose package is installed: what DISM
	// /Get-CurrentEdition prints. It may differ from Machine.EditionID, which
	// tools change.
	Current string `json:"current"`

	// Staged are the editions whose packages are staged: what DISM
	// /Get-TargetEditions prints for Windows before 1903. Later ones have one
	// content for many editions; those that can be set are the ones that have a
	// file in servicing\Editions, which Settable has.
	Staged   []string `json:"staged,omitempty"`
	Settable []string `json:"settable,omitempty"`
}

const maxEditions = 256

// findEditions tells editions by packages such as
// Microsoft-Windows-ProfessionalEdition.
func (r *reader) findEditions() {
	e := &r.inventory.Editions
	for _, p := range r.inventory.Packages {
		name, found := cutFold(p.ID.Name, "Microsoft-Windows-")
		if !found || len(name) <= len("Edition") || !strings.EqualFold(name[len(name)-len("Edition"):], "Edition") {
			continue
		}
		name = name[:len(name)-len("Edition")]
		switch {
		case p.State.Installed():
			e.Current = name
		case p.State == StateStaged && !slices.Contains(e.Staged, name) && len(e.Staged) < maxEditions:
			e.Staged = append(e.Staged, name)
		}
	}
	if id := r.inventory.Machine.EditionID; e.Current != "" && id != "" && !strings.EqualFold(e.Current, id) {
		r.note("editions", fmt.Sprintf("the package of %s is installed, but the registry says %s", e.Current, id))
	}
	directory, err := r.Find(r.systemFile("servicing/Editions"))
	if err != nil {
		return
	}
	entries, err := r.List(directory)
	if err != nil {
		r.note(directory, err.Error())
		return
	}
	const suffix = "Edition.xml"
	for _, entry := range entries {
		name := entry.Name()
		if len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) && len(e.Settable) < maxEditions {
			e.Settable = append(e.Settable, name[:len(name)-len(suffix)])
		}
	}
}

// cutFold cuts off a prefix in whatever case.
func cutFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}
