package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// FeatureState is the state of a feature.
type FeatureState string

// The states, as DISM has them.
const (
	FeatureUnknown        FeatureState = "" // only the .mum file tells of it
	FeatureEnabled        FeatureState = "enabled"
	FeatureDisabled       FeatureState = "disabled"
	FeatureRemoved        FeatureState = "removed" // disabled, and its files are not there
	FeatureEnablePending  FeatureState = "enable_pending"
	FeatureDisablePending FeatureState = "disable_pending"
)

// String returns the state in DISM's words, "Unknown" for FeatureUnknown.
func (s FeatureState) String() string {
	switch s {
	case FeatureEnabled:
		return "Enabled"
	case FeatureDisabled:
		return "Disabled"
	case FeatureRemoved:
		return "Disabled with Payload Removed"
	case FeatureEnablePending:
		return "Enable Pending"
	case FeatureDisablePending:
		return "Disable Pending"
	case FeatureUnknown:
		return "Unknown"
	}
	return string(s)
}

// Feature is an optional feature of Windows, which can be switched on and off.
type Feature struct {
	Name        string       `json:"name"`
	DisplayName string       `json:"display_name,omitempty"` // as the .mum file has it: text, or the number of one
	State       FeatureState `json:"state"`

	// What the hive says: Selection and Removed of the list of optional
	// features, and the number that the package has for the feature.
	RawSelection *uint32 `json:"raw_selection,omitempty"`
	RawRemoved   *uint32 `json:"raw_removed,omitempty"`
	RawUpdate    *uint32 `json:"raw_update,omitempty"`

	Package string   `json:"package,omitempty"` // that declares it
	Parent  string   `json:"parent,omitempty"`  // feature that it needs
	Default *bool    `json:"default,omitempty"` // whether it is on where nobody chose
	Sources []Source `json:"sources"`
}

const maxFeatures = 4096

// readFeatures reads the list of optional features of the SOFTWARE hive.
func (r *reader) readFeatures(h *hive) {
	path := cbsPath + `\Notifications\OptionalFeatures`
	h.with(path, func(k *key) {
		for sub := range k.subkeys {
			f := r.feature(sub.Name())
			if f == nil {
				return
			}
			f.RawSelection, f.RawRemoved = sub.number("selection"), sub.number("removed")
			f.State = selected(f.RawSelection, f.RawRemoved)
			f.Sources = append(f.Sources, h.source(path, sub.err))
		}
	})
}

func selected(selection, removed *uint32) FeatureState {
	switch {
	case selection == nil:
		return FeatureUnknown
	case *selection == 1:
		return FeatureEnabled
	case *selection != 0:
		return FeatureUnknown
	case removed != nil && *removed == 1:
		return FeatureRemoved
	}
	return FeatureDisabled
}

// feature returns the feature of a name, in whatever case; nil for one too
// many.
func (r *reader) feature(name string) *Feature {
	folded := strings.ToLower(name)
	f := r.features[folded]
	if f != nil {
		return f
	}
	if len(r.features) == maxFeatures {
		r.moreFeatures = true
		return nil
	}
	if r.features == nil {
		r.features = make(map[string]*Feature)
	}
	f = &Feature{Name: name}
	r.features[folded] = f
	return f
}

// declare adds the features of a package that is installed, or about to be, or
// about not to be.
func (r *reader) declare(p *Package, m *mum, source Source) {
	if !p.State.Installed() && !p.State.Pending() && p.State != StatePartiallyInstalled {
		return
	}
	for _, declared := range m.features {
		f := r.feature(declared.name)
		if f == nil {
			return
		}
		if known, ok := ParseIdentity(f.Package); ok && p.ID.compare(known) < 0 {
			continue // an older version of the package, or that of another architecture
		}
		f.DisplayName, f.Parent, f.Default, f.Package = declared.displayName, declared.parent, declared.byDefault, p.ID.String()
		f.Sources = append(f.Sources, source)
		if n, ok := p.updates[strings.ToLower(declared.name)]; ok {
			f.RawUpdate = &n
			if f.State == FeatureUnknown {
				f.State = updateState(n)
			}
		}
		switch {
		case p.State == StateInstallPending && f.State == FeatureEnabled:
			f.State = FeatureEnablePending
		case p.State == StateUninstallPending && f.State != FeatureRemoved:
			f.State = FeatureDisablePending
		}
	}
}

// updateState tells a feature's state by the number that its package has for
// it. The lowest byte is taken for a state like that of packages, which nobody
// has confirmed, so that all but the clear cases are unknown.
func updateState(n uint32) FeatureState {
	low := n & 0xFF
	switch stateOf(&low) {
	case StateInstalled, StatePermanent:
		return FeatureEnabled
	case StateStaged:
		return FeatureDisabled
	case StateResolved:
		return FeatureRemoved
	case StateInstallPending:
		return FeatureEnablePending
	case StateUninstallPending:
		return FeatureDisablePending
	}
	return FeatureUnknown
}

// sortFeatures makes the list of features.
func (r *reader) sortFeatures() {
	if r.moreFeatures {
		r.note("features", fmt.Sprintf("only %d are listed", maxFeatures))
	}
	for _, f := range r.features {
		r.inventory.Features = append(r.inventory.Features, *f)
	}
	slices.SortFunc(r.inventory.Features, func(a, b Feature) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
}

// Capability is a feature on demand, as DISM lists them. Only those are known
// that a package in the image declares; DISM lists others, which are not
// present, from a cabinet file.
type Capability struct {
	Name     string   `json:"name"` // in DISM's form: "OpenSSH.Client~~~~0.0.1.0"
	Language string   `json:"language,omitempty"`
	State    State    `json:"state"`    // the highest that one of its packages has
	Packages []string `json:"packages"` // that declare it
	Sources  []Source `json:"sources"`
}

const maxCapabilities = 65536

// provide adds the capabilities that a package declares.
func (r *reader) provide(p *Package, m *mum, source Source) {
	for _, name := range m.capabilities {
		folded := strings.ToLower(name)
		c := r.capabilities[folded]
		if c == nil {
			if len(r.capabilities) == maxCapabilities {
				r.moreCapabilities = true
				return
			}
			if r.capabilities == nil {
				r.capabilities = make(map[string]*Capability)
			}
			c = &Capability{Name: name, Language: strings.Split(name, "~")[3]}
			r.capabilities[folded] = c
		}
		if p.State.rank() > c.State.rank() {
			c.State = p.State
		}
		if id := p.ID.String(); !slices.Contains(c.Packages, id) && len(c.Packages) < maxOwners {
			c.Packages = append(c.Packages, id)
			c.Sources = append(c.Sources, source)
		}
	}
}

// sortCapabilities makes the list of capabilities.
func (r *reader) sortCapabilities() {
	if r.moreCapabilities {
		r.note("capabilities", fmt.Sprintf("only %d are listed", maxCapabilities))
	}
	for _, c := range r.capabilities {
		slices.Sort(c.Packages)
		r.inventory.Capabilities = append(r.inventory.Capabilities, *c)
	}
	slices.SortFunc(r.inventory.Capabilities, func(a, b Capability) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
}
