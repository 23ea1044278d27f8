package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wimble-go/wimble/winver"
)

// UpdateKind says what an update is an update of.
type UpdateKind string

const (
	UpdateCumulative     UpdateKind = "cumulative" // all of Windows: an LCU
	UpdateServicingStack UpdateKind = "servicing_stack"
	UpdateDotNet         UpdateKind = "dotnet" // .NET Framework
	UpdateOther          UpdateKind = "other"
)

// Update is an article of the knowledge base that is installed, pending, staged
// or superseded.
type Update struct {
	// KB is the article. It is 0 if neither the .mum file nor the table of
	// updates tells which: then the package is all that there is.
	KB   winver.KB  `json:"kb,omitzero"`
	Kind UpdateKind `json:"kind"`

	State State `json:"state"` // the highest that one of its packages has

	// Version is that of the package with this state, and Windows the version
	// that a cumulative update makes of Windows, by which the table knows it.
	Version  string         `json:"version"`
	Windows  winver.Version `json:"windows,omitzero"`
	Released winver.Date    `json:"released,omitzero"` // as the table has it

	ReleaseType string    `json:"release_type,omitempty"`
	Installed   time.Time `json:"installed,omitzero"`
	Packages    []string  `json:"packages"`
	Sources     []Source  `json:"sources"`
}

const updatePrefix = "package_for_"

// isUpdate says whether a package is an update by itself. Parts of updates are
// called Package_12_for_KB..., and others have an article that they are from.
func (p *Package) isUpdate() bool { return strings.HasPrefix(strings.ToLower(p.ID.Name), updatePrefix) }

// addUpdates makes the list of updates: one row an article.
func (r *reader) addUpdates() {
	type identity struct {
		kb   winver.KB
		name string // if there is no article
	}
	rows := make(map[identity]*Update)
	for i := range r.inventory.Packages {
		p := &r.inventory.Packages[i]
		if !p.isUpdate() || p.HasKey && !(p.State.Installed() || p.State.Pending() || p.State == StateStaged || p.State == StateSuperseded ||
			p.State == StatePartiallyInstalled || p.State == StateBroken) {
			continue
		}
		u := r.updateOf(p)
		id := identity{kb: u.KB}
		if u.KB == 0 {
			id.name = strings.ToLower(p.ID.String())
		}
		known := rows[id]
		if known == nil {
			rows[id] = &u
			continue
		}
		if c := cmp.Or(cmp.Compare(u.State.rank(), known.State.rank()), compareVersions(u.Version, known.Version)); c > 0 {
			u, *known = *known, u
		}
		known.Packages = append(known.Packages, u.Packages...)
		known.Sources = append(known.Sources, u.Sources...)
	}
	for _, u := range rows {
		slices.Sort(u.Packages)
		r.inventory.Updates = append(r.inventory.Updates, *u)
	}
	slices.SortFunc(r.inventory.Updates, func(a, b Update) int {
		return cmp.Or(cmp.Compare(a.KB, b.KB), slices.Compare(a.Packages, b.Packages))
	})
}

// updateOf makes an update of a package.
func (r *reader) updateOf(p *Package) Update {
	u := Update{
		KB: p.KB, Kind: UpdateOther, State: p.State, Version: p.ID.Version, ReleaseType: p.ReleaseType, Installed: p.Installed,
		Packages: []string{p.ID.String()}, Sources: slices.Clone(p.Sources),
	}
	name := strings.ToLower(p.ID.Name)
	switch {
	case name == updatePrefix+"rollupfix":
		u.Kind = UpdateCumulative
		r.lookUp(&u)
	case strings.HasPrefix(name, updatePrefix+"servicingstack"):
		u.Kind = UpdateServicingStack
	case strings.HasPrefix(name, updatePrefix+"dotnetrollup"):
		u.Kind = UpdateDotNet
	}
	if u.KB == 0 {
		u.KB = nameKB(name)
	}
	return u
}

// lookUp looks a cumulative update up in the table, by the build and the update
// build revision that its package's version begins with.
func (r *reader) lookUp(u *Update) {
	numbers := strings.Split(u.Version, ".")
	if len(numbers) != 4 {
		return
	}
	v, err := winver.Parse(numbers[0] + "." + numbers[1])
	if err != nil {
		return
	}
	u.Windows = v
	known, ok := r.table.Update(v)
	if !ok {
		return
	}
	if u.KB == 0 {
		u.KB = known.KB
	}
	u.Released = known.Released
	if u.KB != known.KB {
		u.Released = winver.Date{}
		for _, other := range known.Alternatives {
			if other.KB == u.KB {
				u.Released = other.Released
				return
			}
		}
		r.note("updates", fmt.Sprintf("%s calls itself %v, but the table has %v for %v", u.Packages[0], u.KB, known.KB, v))
	}
}

// nameKB reads the article in a package's name such as
// Package_for_KB2779030_SP1. It is 0 if there is none.
func nameKB(name string) winver.KB {
	digits, found := strings.CutPrefix(strings.ToLower(name), updatePrefix+"kb")
	if !found {
		return 0
	}
	digits, _, _ = strings.Cut(digits, "_")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return realKB(winver.KB(n))
}
