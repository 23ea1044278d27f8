package describe

import (
	"strings"
	"time"

	"github.com/wimble-go/wimble/inventory"
)

// Section is a list of an inventory as a table for people.
type Section struct {
	Title string // "Updates"
	DISM  string // the command of DISM that lists the same, if there is one
	Count string // how many rows there are; empty where it is no list
	Rest  string // what is not shown, as "12 superseded"
	Head  []string
	Rows  [][]string
}

// InventorySections are the lists of an inventory, each with what DISM shows of
// it if not told otherwise.
func InventorySections(i *inventory.Inventory) []Section {
	return []Section{
		machineSection(i), updateSection(i), packageSection(i), featureSection(i), capabilitySection(i), driverSection(i), appSection(i),
		languageSection(i), markerSection(i),
	}
}

// add adds a row, with a dash for what is not known.
func (s *Section) add(cells ...string) {
	for i, cell := range cells {
		cells[i] = OrDash(cell)
	}
	s.Rows = append(s.Rows, cells)
}

// counted sets Count, and Rest if there are more records than rows.
func (s *Section) counted(all int, others string) Section {
	s.Count = Thousands(len(s.Rows))
	if rest := all - len(s.Rows); rest > 0 {
		s.Rest = Thousands(rest) + " " + others
	}
	return *s
}

// All is how many records there are, as "3, and 12 superseded".
func (s Section) All() string {
	if s.Rest == "" {
		return s.Count
	}
	return s.Count + ", and " + s.Rest
}

func machineSection(i *inventory.Inventory) Section {
	s := Section{Title: "System", DISM: "/Get-Intl, /Get-CurrentEdition, /Get-TargetEditions", Head: []string{"Name", "Value"}}
	m, e := &i.Machine, &i.Editions
	row := func(name, value string) {
		if value != "" {
			s.add(name, value)
		}
	}
	row("Edition", m.EditionID)
	row("Edition of the packages", e.Current)
	row("Edition of the content", m.CompositionEditionID)
	row("Target editions, staged", strings.Join(e.Staged, ", "))
	row("Target editions, with a file", strings.Join(e.Settable, ", "))
	row("Installation type", m.InstallationType)
	row("Product type", m.ProductType)
	row("Architecture", m.Architecture)
	row("Computer name, as captured", m.ComputerName)
	row("Domain", m.Domain)
	row("Time zone", m.TimeZone)
	row("UI language", m.UILanguage)
	row("System locale", m.SystemLocale)
	row("User locale", m.UserLocale)
	row("Keyboards", strings.Join(m.Keyboards, ", "))
	row("Setup state", m.Setup.ImageState)
	row("Upgrades", strings.Join(m.Setup.UpgradedFrom, ", "))
	if i.Pending() {
		row("Pending work", "yes")
	} else {
		row("Pending work", "no sign of it")
	}
	return s
}

func updateSection(i *inventory.Inventory) Section {
	s := Section{Title: "Updates", Head: []string{"KB", "Kind", "State", "Version", "Released", "Installed"}}
	for _, u := range i.Updates {
		if u.State == inventory.StateSuperseded {
			continue
		}
		name := u.KB.String()
		if name == "" {
			name, _, _ = strings.Cut(u.Packages[0], "~")
		}
		released := ""
		if !u.Released.IsZero() {
			released = u.Released.String()
		}
		s.add(name, strings.ReplaceAll(string(u.Kind), "_", " "), u.State.String(), u.Version, released, dayOf(u.Installed))
	}
	return s.counted(len(i.Updates), "superseded")
}

func packageSection(i *inventory.Inventory) Section {
	s := Section{Title: "Packages", DISM: "/Get-Packages", Head: []string{"State", "Release type", "Installed", "Package"}}
	for _, p := range i.Packages {
		if p.Visible {
			s.add(p.State.String(), p.ReleaseType, dayOf(p.Installed), p.ID.String())
		}
	}
	return s.counted(len(i.Packages), "hidden or without a key in the registry")
}

func featureSection(i *inventory.Inventory) Section {
	s := Section{Title: "Features", DISM: "/Get-Features", Head: []string{"State", "Feature"}}
	for _, f := range i.Features {
		s.add(f.State.String(), f.Name)
	}
	return s.counted(len(i.Features), "")
}

func capabilitySection(i *inventory.Inventory) Section {
	s := Section{Title: "Capabilities", DISM: "/Get-Capabilities", Head: []string{"State", "Capability"}}
	for _, c := range i.Capabilities {
		s.add(c.State.String(), c.Name)
	}
	return s.counted(len(i.Capabilities), "")
}

func driverSection(i *inventory.Inventory) Section {
	s := Section{Title: "Drivers", DISM: "/Get-Drivers",
		Head: []string{"Published", "Original", "Class", "Provider", "Date", "Version", "Recorded as", "At boot"}}
	for _, d := range i.Drivers {
		if !d.Inbox {
			s.add(d.Published, d.Original, d.Class, d.Provider, dayOf(d.Date), d.Version, d.SignedAs(), yes(d.BootCritical))
		}
	}
	return s.counted(len(i.Drivers), "that came with Windows")
}

func appSection(i *inventory.Inventory) Section {
	s := Section{Title: "Apps", DISM: "/Get-ProvisionedAppxPackages", Head: []string{"Name", "Version", "Arch", "Kind", "Full name"}}
	for _, a := range i.Apps {
		if a.Listed() {
			s.add(a.Name, a.Version, a.Architecture, string(a.Kind), a.FullName)
		}
	}
	return s.counted(len(i.Apps), "that are parts of them, frameworks, or not provisioned")
}

func languageSection(i *inventory.Inventory) Section {
	s := Section{Title: "Languages", DISM: "/Get-Intl", Head: []string{"Language", "Kind", "Fallback", "Default"}}
	for _, l := range i.Languages {
		s.add(l.Tag, l.Kind, l.Fallback, yes(l.Default))
	}
	return s.counted(len(i.Languages), "")
}

func markerSection(i *inventory.Inventory) Section {
	s := Section{Title: "Pending work", Head: []string{"Sign", "Weight", "Detail"}}
	for _, m := range i.Markers {
		weight := "weak"
		if m.Strong {
			weight = "strong"
		}
		s.add(m.Name, weight, m.Detail)
	}
	return s.counted(len(i.Markers), "")
}

// dayOf is a day, in UTC.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
