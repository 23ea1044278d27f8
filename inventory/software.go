package inventory

import (
	"slices"
	"strings"
)

// readSoftware reads what the SOFTWARE hive tells.
func (r *reader) readSoftware() {
	r.withHive(r.systemFile("System32/config/SOFTWARE"), func(h *hive) {
		m := &r.inventory.Machine
		const current = `Microsoft\Windows NT\CurrentVersion`
		m.Sources = append(m.Sources, h.source(current, nil))
		h.with(current, func(k *key) {
			m.EditionID, m.CompositionEditionID = k.text("editionid"), k.text("compositioneditionid")
			m.InstallationType = k.text("installationtype")
		})
		h.with(`Microsoft\Windows\CurrentVersion\Setup\State`, func(k *key) { m.Setup.ImageState = k.text("imagestate") })
		r.readPackages(h)
		r.readFeatures(h)
		r.markServicing(h)
		r.readAppStore(h)
	})
	r.sortPackages()
	r.addLanguagePacks()
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
