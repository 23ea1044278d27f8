package inventory

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
