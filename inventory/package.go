package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/winver"
)

// Identity names a package of component based servicing. As text it is
// name~token~architecture~language~version.
type Identity struct {
	Name         string `json:"name"`
	Token        string `json:"token"` // of the publisher's key: 31bf3856ad364e35 is Microsoft's
	Architecture string `json:"architecture"`
	Language     string `json:"language,omitempty"` // "" is neutral
	Version      string `json:"version"`
}

// ParseIdentity reads an identity, which always has four tildes. It returns
// false for other text.
func ParseIdentity(text string) (Identity, bool) {
	f := strings.Split(text, "~")
	if len(f) != 5 || f[0] == "" || f[4] == "" {
		return Identity{}, false
	}
	return Identity{f[0], f[1], f[2], f[3], f[4]}, true
}

// String returns the identity as text.
func (id Identity) String() string {
	return strings.Join([]string{id.Name, id.Token, id.Architecture, id.Language, id.Version}, "~")
}

// compare orders identities by name, language, architecture and version. The
// numbers of versions are compared as such.
func (id Identity) compare(other Identity) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(id.Name), strings.ToLower(other.Name)),
		strings.Compare(strings.ToLower(id.Language), strings.ToLower(other.Language)),
		strings.Compare(id.Architecture, other.Architecture),
		compareVersions(id.Version, other.Version),
		strings.Compare(id.String(), other.String()))
}

// compareVersions compares numbers with dots between them.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// State is the state of a package, of what an update consists of, or of a
// capability.
type State string

// The states, in the order of the numbers that the registry has for them, which
// are 0, 5, then 16 to 128.
const (
	StateUnknown            State = ""                    // there is no number, or it means nothing known
	StateAbsent             State = "absent"              // 0x00
	StateUninstallPending   State = "uninstall_pending"   // 0x05
	StateResolving          State = "resolving"           // 0x10: in flight
	StateResolved           State = "resolved"            // 0x20: known, but its files are not there
	StateStaging            State = "staging"             // 0x30: in flight
	StateStaged             State = "staged"              // 0x40: its files are in the component store, not active
	StateSuperseded         State = "superseded"          // 0x50: a newer version is installed
	StateInstallPending     State = "install_pending"     // 0x60
	StatePartiallyInstalled State = "partially_installed" // 0x65
	StateInstalled          State = "installed"           // 0x70
	StatePermanent          State = "permanent"           // 0x80: installed, and cannot be removed
	StateBroken             State = "broken"              // a negative number
)

// stateOf gives the number of a registry a name.
func stateOf(n *uint32) State {
	if n == nil {
		return StateUnknown
	}
	switch *n {
	case 0x00:
		return StateAbsent
	case 0x05:
		return StateUninstallPending
	case 0x10:
		return StateResolving
	case 0x20:
		return StateResolved
	case 0x30:
		return StateStaging
	case 0x40:
		return StateStaged
	case 0x50:
		return StateSuperseded
	case 0x60:
		return StateInstallPending
	case 0x65:
		return StatePartiallyInstalled
	case 0x70:
		return StateInstalled
	case 0x80:
		return StatePermanent
	}
	if int32(*n) < 0 {
		return StateBroken
	}
	return StateUnknown
}

// Installed says that it is there and at work: installed or permanent.
func (s State) Installed() bool { return s == StateInstalled || s == StatePermanent }

// Pending says that something is left to do for it at the next boot.
func (s State) Pending() bool {
	switch s {
	case StateUninstallPending, StateResolving, StateStaging, StateInstallPending:
		return true
	}
	return false
}

// rank orders states by how much there is of it, so that the state of several
// packages together is the highest of theirs.
func (s State) rank() int {
	order := []State{
		StateUnknown, StateAbsent, StateResolved, StateResolving, StateStaging, StateBroken, StateSuperseded, StateStaged,
		StateUninstallPending, StateInstallPending, StatePartiallyInstalled, StateInstalled, StatePermanent,
	}
	return slices.Index(order, s)
}

// String returns the state in DISM's words, or else its name: "Installed" for
// permanent packages too, "Unknown" for StateUnknown.
func (s State) String() string {
	switch s {
	case StateUnknown:
		return "Unknown"
	case StateAbsent:
		return "Not Present"
	case StateResolved:
		return "Removed"
	case StatePermanent:
		return "Installed"
	}
	words := strings.Split(string(s), "_")
	for i, word := range words {
		if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}

// Package is a package of component based servicing.
type Package struct {
	ID Identity `json:"id"`

	// State is what the SOFTWARE hive says, and RawState the number that it has
	// for it: nil if it has none.
	State    State   `json:"state"`
	RawState *uint32 `json:"raw_state,omitempty"`

	// Visible says that DISM lists the package. The others, thousands of them,
	// are parts of it or of the system. RawVisibility is the number in the
	// hive.
	Visible       bool    `json:"visible"`
	RawVisibility *uint32 `json:"raw_visibility,omitempty"`

	// ReleaseType is as the .mum file has it: "Security Update", "Foundation",
	// "OnDemand Pack". It and the next three are empty for packages whose .mum
	// file was not read: those that are neither visible nor updates.
	ReleaseType string    `json:"release_type,omitempty"`
	KB          winver.KB `json:"kb,omitzero"`
	Restart     string    `json:"restart,omitempty"`   // "possible" or "required", when it is installed or removed
	Permanent   bool      `json:"permanent,omitempty"` // it cannot be removed

	Installed  time.Time         `json:"installed,omitzero"`    // UTC; by the clock of the machine that serviced the image
	Client     string            `json:"client,omitempty"`      // what installed it, such as "DISM Package Manager Provider"
	Owners     []string          `json:"owners,omitempty"`      // packages that need it; of visible ones only
	SelfUpdate bool              `json:"self_update,omitempty"` // a part of the servicing stack
	HasKey     bool              `json:"has_key"`               // it is in the SOFTWARE hive
	HasMUM     bool              `json:"has_mum"`               // there is a .mum file of it
	Sources    []Source          `json:"sources"`
	path       string            // of the .mum file
	updates    map[string]uint32 // states of features, by name in lower case
}

const (
	// maxPackages is how many packages there may be.
	maxPackages = 65536

	// maxOwners is how many owners of a package are listed.
	maxOwners = 256

	packageDirectory = "servicing/Packages"
	cbsPath          = `Microsoft\Windows\CurrentVersion\Component Based Servicing`
)

// packageSet is the packages that were found, by identity in lower case.
type packageSet struct {
	listed  bool // the names of .mum files were read
	inHive  bool
	byName  map[string]*Package
	refused int // there were more
}

// add returns the package of an identity, nil for one too many.
func (s *packageSet) add(id Identity) *Package {
	name := strings.ToLower(id.String())
	if s.byName == nil {
		s.byName = make(map[string]*Package)
	}
	p := s.byName[name]
	if p == nil && len(s.byName) == maxPackages {
		s.refused++
		return nil
	}
	if p == nil {
		p = &Package{ID: id}
		s.byName[name] = p
	}
	return p
}

// listPackages reads the names of .mum files.
func (r *reader) listPackages() {
	directory, err := r.Find(r.systemFile(packageDirectory))
	if err != nil {
		r.note(r.systemFile(packageDirectory), notThere(err))
		return
	}
	entries, err := r.List(directory)
	if err != nil {
		r.note(directory, err.Error())
		return
	}
	r.packages.listed = true
	source := Source{Kind: SourceListing, Path: directory}
	for _, entry := range entries {
		name := entry.Name()
		if len(name) < 4 || !strings.EqualFold(name[len(name)-4:], ".mum") {
			continue
		}
		id, ok := ParseIdentity(name[:len(name)-4])
		if !ok {
			continue // no package is named like that
		}
		if p := r.packages.add(id); p != nil {
			p.HasMUM, p.path = true, directory+"/"+name
			p.Sources = append(p.Sources, source)
		}
	}
}

// readPackages reads the packages of the SOFTWARE hive.
func (r *reader) readPackages(h *hive) {
	path := cbsPath + `\Packages`
	h.with(path, func(k *key) {
		r.packages.inHive = true
		unnamed := 0
		for sub := range k.subkeys {
			id, ok := ParseIdentity(sub.Name())
			if !ok {
				unnamed++
				continue
			}
			if p := r.packages.add(id); p != nil {
				p.ID, p.HasKey = id, true // spelled as the hive does
				p.read(sub)
				p.Sources = append(p.Sources, h.source(path, sub.err))
			}
		}
		if unnamed > 0 {
			r.note(h.path+": "+path, fmt.Sprintf("%d keys are not named as packages are", unnamed))
		}
	})
}

// read reads the key of a package.
func (p *Package) read(k *key) {
	p.RawState, p.RawVisibility = k.number("currentstate"), k.number("visibility")
	p.State = stateOf(p.RawState)
	p.Visible = p.RawVisibility == nil || *p.RawVisibility == 1
	high, low := k.number("installtimehigh"), k.number("installtimelow")
	if high != nil && low != nil {
		p.Installed = filetime(uint64(*high)<<32 | uint64(*low))
	}
	p.Client = k.text("installclient")
	p.SelfUpdate = k.is("selfupdate", 1)
	if !p.Visible {
		return
	}
	if owners := k.subkey("Owners"); owners != nil {
		for _, v := range owners.values {
			p.Owners = append(p.Owners, v.Name())
		}
		slices.Sort(p.Owners)
		p.Owners = slices.Clip(p.Owners[:min(len(p.Owners), maxOwners)])
	}
	if updates := k.subkey("Updates"); updates != nil {
		p.updates = make(map[string]uint32, len(updates.values))
		for name := range updates.values {
			if n := updates.number(name); n != nil {
				p.updates[name] = *n
			}
		}
	}
}

// sortPackages makes the list of packages, and says where hive and files
// disagree.
func (r *reader) sortPackages() {
	list := make([]Package, 0, len(r.packages.byName))
	var noFile, noKey []string
	for _, p := range r.packages.byName {
		switch {
		case p.HasKey && !p.HasMUM:
			noFile = append(noFile, p.ID.String())
		case p.HasMUM && !p.HasKey:
			noKey = append(noKey, p.ID.String())
		}
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Package) int { return a.ID.compare(b.ID) })
	r.inventory.Packages = list
	if r.packages.refused > 0 {
		r.note("packages", fmt.Sprintf("only the first %d are listed", maxPackages))
	}
	switch {
	case r.packages.inHive && r.packages.listed:
		r.noteSome("in the registry but without a .mum file: the store is damaged", noFile)
		r.noteSome("with a .mum file but not in the registry: left over, or staged by some tool", noKey)
	case r.packages.listed && len(list) > 0:
		r.note("packages", "names only, as the registry does not tell of them: superseded and staged ones are among them")
	}
}

// noteSome notes that there are packages of some kind.
func (r *reader) noteSome(what string, names []string) {
	if len(names) == 0 {
		return
	}
	text := slices.Min(names)
	if len(names) > 1 {
		text += fmt.Sprintf(" and %d more", len(names)-1)
	}
	r.note("packages", text+" "+what)
}
