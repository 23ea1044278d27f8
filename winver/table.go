package winver

import (
	"cmp"
	"slices"
)

// Table knows the releases of Windows and the cumulative updates of each: for
// 10.0.18362.1139 that it is Windows 10 1903 or 1909 with KB4577671 of
// 2020-10-13, and which updates came later. [DefaultTable] is part of the
// program; [LoadTable] reads a newer one. A Table does not change once made.
//
// Three things make the lookups less simple than a map:
//
// Some builds are a family, serviced with the same packages: an enablement
// package makes 18363 (1909) out of 18362 (1903). Within a family the same UBR
// is the same update. Whoever looks at the packages, as the tools do that write
// the XML of a WIM, sees the base build, so a version with a base build may
// mean any member whose range of UBRs holds it.
//
// Build 26100 has two ladders of updates, one for Windows 11 and one for
// Windows Server 2025. From UBR 7623 on, the number tells which; below that, an
// [Edition] does.
//
// A UBR need not be a row: installation media, hotpatches and previews for
// insiders have others. Such a version lies between two updates.
type Table struct {
	asOf     Date
	releases map[uint32][]Release // by build
	families map[uint32][]uint32  // by base build, ascending; the base is one of them
	enabled  map[KB]uint32        // the builds that enablement packages make

	// By build. The rows of a build are in the order of their UBRs, one a UBR.
	updates    map[uint32][]entry
	hotpatches map[uint32][]entry
	ladders    map[uint32][]ladderStart
}

// entry is a row of the table.
type entry struct {
	Update
	product product
}

// product is whom an update is for. All releases of most builds share their
// updates.
type product uint8

const (
	productAny product = iota
	productClient
	productServer
)

// ladderStart says for which product the UBRs of a build are from one UBR on.
type ladderStart struct {
	ubr     uint32
	product product
}

// AsOf returns the day up to which the table is complete, as far as its makers
// know.
func (t *Table) AsOf() Date { return t.asOf }

// Releases returns what a version can be, oldest first: several releases where
// a build is several products, or where an enablement package may have been
// applied. An edition narrows them. For a build that is not in the table, it
// returns nothing.
func (t *Table) Releases(v Version, e Edition) []Release {
	var found []Release
	for _, build := range t.members(v) {
		found = append(found, t.releases[build]...)
	}
	if side := t.ladderOf(v); side != productAny {
		found = ofChannels(found, func(c Channel) bool { return c.isServer() == (side == productServer) })
	}
	return e.narrow(found)
}

// base returns the build whose packages a build is serviced with, and 0 for a
// build that is not in the table.
func (t *Table) base(build uint32) uint32 {
	if releases := t.releases[build]; len(releases) > 0 {
		return releases[0].BaseBuild
	}
	return 0
}

// members returns the builds that a version may mean: itself, and if it is a
// base build, the members of its family that had this UBR while they were
// serviced.
func (t *Table) members(v Version) []uint32 {
	if !t.known(v) {
		return nil
	}
	family := t.families[v.Build]
	if len(family) < 2 || t.ladderOf(v) == productServer {
		return []uint32{v.Build}
	}
	var end uint32 // the last UBR in the family
	ranges := make(map[uint32][2]uint32, len(family))
	for _, build := range family {
		rows := t.ladder(build, productClient)
		if len(rows) == 0 {
			continue
		}
		first, last := rows[0].Version.UBR, rows[len(rows)-1].Version.UBR
		if build == v.Build {
			first = 0 // media of a release have UBRs below the first update
		}
		ranges[build] = [2]uint32{first, last}
		end = max(end, last)
	}
	var members []uint32
	for _, build := range family {
		r, ok := ranges[build]
		if !ok || v.UBR == 0 || r[0] <= v.UBR && (v.UBR <= r[1] || r[1] == end) {
			members = append(members, build)
		}
	}
	if members == nil { // between the last UBR of one and the first of the next
		return []uint32{v.Build}
	}
	return members
}

// known says whether the table has the build, under the right major and minor.
func (t *Table) known(v Version) bool {
	return t.base(v.Build) != 0 && v == versionOf(v.Build, v.UBR)
}

// ladderOf tells by the UBR alone for which product a version is.
func (t *Table) ladderOf(v Version) product {
	if v.UBR == 0 {
		return productAny
	}
	if found, ok := t.find(v); ok && found.product != productAny {
		return found.product
	}
	return startOf(t.ladders[v.Build], v.UBR)
}

// startOf returns the product of the last start that is not above a UBR.
func startOf(starts []ladderStart, ubr uint32) product {
	p := productAny
	for _, start := range starts {
		if start.ubr <= ubr {
			p = start.product
		}
	}
	return p
}

// Update returns the update that makes a version what it is. It looks in the
// rows of the build, then in those of its family, then among the hotpatches. If
// a UBR has two articles, the later one is returned and the other is in
// Alternatives. It returns false if the table does not list the UBR or does not
// know the build; see [Status.Below] then.
func (t *Table) Update(v Version) (Update, bool) {
	found, ok := t.find(v)
	return found.Update, ok
}

func (t *Table) find(v Version) (entry, bool) {
	if !t.known(v) || v.UBR == 0 {
		return entry{}, false
	}
	family := t.families[t.base(v.Build)]
	for _, rows := range []map[uint32][]entry{t.updates, t.hotpatches} {
		for _, build := range append([]uint32{v.Build}, family...) {
			if i, ok := slices.BinarySearchFunc(rows[build], v.UBR, byUBR); ok {
				found := rows[build][i]
				found.Version = v
				return found, true
			}
		}
	}
	return entry{}, false
}

func byUBR(e entry, ubr uint32) int { return cmp.Compare(e.Version.UBR, ubr) }

// ladder returns the rows of a build that a product gets.
func (t *Table) ladder(build uint32, p product) []entry {
	rows := t.updates[build]
	if p == productAny {
		p = productClient
	}
	if !slices.ContainsFunc(rows, func(row entry) bool { return row.product != productAny }) {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row entry) bool {
		return row.product != productAny && row.product != p
	})
}

// ladderFor returns the rows that a version is to be compared with. They are
// those of its build, as long as the build had rows when the UBR came out.
// After that the family goes on under the number of another member: that which
// is serviced longest, of those that the version can be.
func (t *Table) ladderFor(v Version, e Edition) []entry {
	if !t.known(v) {
		return nil
	}
	p := t.ladderOf(v)
	if p == productAny && e.isServer() {
		p = productServer
	}
	rows := t.ladder(v.Build, p)
	if len(rows) > 0 && v.UBR <= rows[len(rows)-1].Version.UBR {
		return rows
	}
	base := versionOf(t.base(v.Build), v.UBR)
	longest := slices.MaxFunc(t.Releases(base, e), func(a, b Release) int {
		return compareEnds(a.EndOfService(e), b.EndOfService(e))
	})
	if others := t.ladder(longest.Build, p); len(others) > 0 {
		return others
	}
	return rows
}

// compareEnds orders ends of service. An unknown one has not been set yet, and
// comes last.
func compareEnds(a, b Date) int {
	switch {
	case a == b:
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// between returns the updates next to a version whose UBR is no row: the last
// one below and the first one above. Either is the zero Update if there is
// none, and both are for a version that is a row, has no UBR, or is not in the
// table.
func (t *Table) between(v Version, e Edition) (below, above Update) {
	if _, ok := t.find(v); ok || v.UBR == 0 {
		return Update{}, Update{}
	}
	for _, row := range t.ladderFor(v, e) {
		if row.Version.UBR > v.UBR {
			return below, row.Update
		}
		below = row.Update
	}
	return below, Update{}
}

// Newer returns the updates that came after a version on its ladder, newest
// last, each article once. Their Kind tells previews and out-of-band updates
// from the monthly ones. All are cumulative, so only the last one need be
// installed.
//
// The ladder is that of the build which the version names. If its UBR is above
// all of the build's rows, then the build was serviced on under the number of
// another member of its family, whose rows count. On build 26100, where
// neither UBR nor edition tells, it is the ladder of the client.
//
// A hotpatch stands for the update of its month: that one is not newer.
func (t *Table) Newer(v Version, e Edition) []Update {
	if v.UBR == 0 {
		return nil
	}
	current, listed := t.find(v)
	var newer []Update
	seen := make(map[KB]bool)
	for _, row := range slices.Backward(t.ladderFor(v, e)) {
		if row.Version.UBR <= v.UBR {
			break
		}
		if row.KB == 0 || seen[row.KB] || listed && current.has(row.KB) {
			continue
		}
		if current.Kind == KindHotpatch && row.Kind == KindSecurity && row.Released == current.Released {
			continue
		}
		seen[row.KB] = true
		newer = append(newer, row.Update)
	}
	slices.Reverse(newer)
	return newer
}

// Steps returns the updates that lead from a version to a later one of the same
// servicing family, newest last: those of [Table.Newer] up to the later
// version. It returns false where no update leads: to a build of another family
// or to the other of client and server, and for builds that the table does not
// know and a UBR of 0.
func (t *Table) Steps(from, to Version, e Edition) ([]Update, bool) {
	if from.UBR == 0 || to.UBR == 0 || !t.known(from) || !t.known(to) || t.base(from.Build) != t.base(to.Build) {
		return nil, false
	}
	switch x, y := t.ladderOf(from), t.ladderOf(to); {
	case x != y && x != productAny && y != productAny:
		return nil, false
	case y == productServer:
		e = Edition{InstallationType: "Server"}
	}
	steps := t.Newer(from, e)
	return slices.DeleteFunc(steps, func(u Update) bool { return u.Version.UBR > to.UBR }), true
}

// Latest returns the last update on the ladder of a version (see
// [Table.Newer]), and false if the table lists none.
func (t *Table) Latest(v Version, e Edition) (Update, bool) {
	for _, row := range slices.Backward(t.ladderFor(v, e)) {
		if row.KB != 0 {
			return row.Update, true
		}
	}
	return Update{}, false
}
