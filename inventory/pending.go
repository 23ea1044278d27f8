package inventory

import (
	"fmt"
	"strings"
)

// Marker is a sign of work that was begun and is to be finished at the next
// boot, or that cannot be.
type Marker struct {
	Name string `json:"name"` // such as "pending.xml" or "RebootPending"

	// Strong says that the marker alone means pending work. The others are left
	// by installers all the time.
	Strong bool   `json:"strong"`
	Detail string `json:"detail,omitempty"` // a number of something, or a package
	Source Source `json:"source"`
}

// Pending says whether work is pending: whether a strong marker was found.
func (i *Inventory) Pending() bool {
	for _, m := range i.Markers {
		if m.Strong {
			return true
		}
	}
	return false
}

const (
	// maxRenames is how many bytes of file renames are read. Installers leave
	// hundreds of them.
	maxRenames = 512 << 10

	// maxPendingPackages is how many packages are named that are not settled.
	maxPendingPackages = 256

	maxSessions = 65536
)

func (r *reader) mark(name string, strong bool, detail string, source Source) {
	r.inventory.Markers = append(r.inventory.Markers, Marker{name, strong, detail, source})
}

// markControl looks for markers in the control set of the SYSTEM hive.
func (r *reader) markControl(h *hive, set string) {
	manager := set + `\Control\Session Manager`
	h.with(manager, func(k *key) {
		const renames = "PendingFileRenameOperations"
		v := k.value(strings.ToLower(renames), maxRenames)
		if v == nil {
			return
		}
		texts, err := v.AllTexts()
		if err != nil {
			k.failed(strings.ToLower(renames), err)
		}
		if detail := renameDetail(texts); detail != "" {
			r.mark(renames, false, detail, h.source(manager, err))
		}
	})
	installer := set + `\Services\TrustedInstaller`
	h.with(installer, func(k *key) {
		if k.is("start", 2) { // at boot, in place of on demand
			r.mark("TrustedInstaller", true, "starts at boot", h.source(installer, nil))
		}
	})
}

// renameDetail counts renames: pairs of a source and a destination, which is
// empty for a deletion and begins with ! if it may replace a file.
func renameDetail(texts []string) string {
	pairs, deletions, replacements := 0, 0, 0
	for ; len(texts) > 0; texts = texts[min(2, len(texts)):] {
		pairs++
		switch {
		case len(texts) < 2 || texts[1] == "":
			deletions++
		case texts[1][0] == '!':
			replacements++
		}
	}
	if pairs == 0 {
		return ""
	}
	return fmt.Sprintf("%d files: %d to delete, %d to replace others", pairs, deletions, replacements)
}

// markServicing looks for markers of component based servicing in the SOFTWARE
// hive.
func (r *reader) markServicing(h *hive) {
	for _, name := range []string{"PackagesPending", "RebootPending", "RebootInProgress"} {
		path := cbsPath + `\` + name
		h.with(path, func(*key) { r.mark(name, true, "", h.source(path, nil)) })
	}
	sessions := cbsPath + `\SessionsPending`
	h.with(sessions, func(k *key) {
		// Sessions that are complete stay here: that there are some means
		// nothing.
		open, all := 0, 0
		for sub := range k.subkeys {
			if all++; all > maxSessions {
				break
			}
			if !sub.complete() {
				open++
			}
		}
		if open > 0 {
			r.mark("SessionsPending", true, fmt.Sprintf("%d of %d sessions are not complete", open, all), h.source(sessions, k.err))
		}
	})
	h.with(cbsPath, func(k *key) {
		if n := k.number("unserviceable"); n != nil && *n != 0 {
			r.mark("Unserviceable", true, "nothing can be serviced any more", h.source(cbsPath, nil))
		}
	})
	face := cbsPath + `\Interface`
	h.with(face, func(k *key) {
		if k.is("servicinginprogress", 1) {
			r.mark("ServicingInProgress", true, "", h.source(face, nil))
		}
	})
	const side = `Microsoft\Windows\CurrentVersion\SideBySide\Configuration`
	h.with(side, func(k *key) {
		if v := k.value("poqexeccmdline", maxText); v != nil && v.Size() > 2 {
			r.mark("PoqexecCmdline", true, "", h.source(side, nil))
		}
	})
}

// complete says whether a session is: Complete is 1, or a value such as
// 1_Complete has a date.
func (k *key) complete() bool {
	for name, v := range k.values {
		if name == "complete" && k.is(name, 1) || strings.HasSuffix(name, "_complete") && v.Size() > 2 {
			return true
		}
	}
	return false
}

// markComponents looks for an unfinished transaction of the component store.
func (r *reader) markComponents() {
	r.withHive(r.systemFile("System32/config/COMPONENTS"), func(h *hive) {
		root, err := h.Root()
		if err != nil {
			r.note(h.path, err.Error())
			return
		}
		k := r.key(root)
		for _, name := range []string{
			"PendingXmlIdentifier", "NextQueueEntryIndex", "NextQueueEntryIndexBCDB", "AdvancedInstallersNeedResolving",
			"ExecutionState", "StoreDirty",
		} {
			if k.settled(strings.ToLower(name)) {
				continue
			}
			r.mark(name, true, "", Source{Kind: SourceHive, Path: h.path, Stale: h.stale})
		}
		if k.err != nil {
			r.note(h.path, k.err.Error())
		}
	})
}

// settled says whether a value is missing, empty or zero.
func (k *key) settled(name string) bool {
	for _, b := range k.data(name) {
		if b != 0 {
			return false
		}
	}
	return true
}

// markFiles looks for the operations that the component store does at the next
// boot, and markPackages for packages that are on their way.
func (r *reader) markFiles() {
	if name, err := r.Find(r.systemFile("WinSxS/pending.xml")); err == nil {
		r.mark("pending.xml", true, "", Source{Kind: SourceListing, Path: name})
	}
}

func (r *reader) markPackages() {
	found := 0
	for _, p := range r.inventory.Packages {
		if !p.State.Pending() {
			continue
		}
		if found++; found <= maxPendingPackages {
			r.mark("package "+p.State.String(), true, p.ID.String(), p.Sources[len(p.Sources)-1])
		}
	}
	if found > maxPendingPackages {
		r.note("pending", fmt.Sprintf("%d packages are, of which %d are named", found, maxPendingPackages))
	}
}
