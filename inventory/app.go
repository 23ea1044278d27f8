package inventory

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
)

// AppKind says what an app package is.
type AppKind string

const (
	AppBundle    AppKind = "bundle"    // packages for several architectures and languages
	AppMember    AppKind = "member"    // of a bundle: the one for an architecture
	AppMain      AppKind = "main"      // not in a bundle
	AppFramework AppKind = "framework" // what others need
	AppResource  AppKind = "resource"  // of a language or a scale
)

// App is an app package (Appx, MSIX).
type App struct {
	// FullName is Name_Version_Architecture_ResourceID_PublisherID. The version
	// of a bundle is not that of the app in it.
	FullName     string  `json:"full_name"`
	Name         string  `json:"name"`
	Version      string  `json:"version"`
	Architecture string  `json:"architecture"`
	ResourceID   string  `json:"resource_id,omitempty"`
	PublisherID  string  `json:"publisher_id"`
	Kind         AppKind `json:"kind"`

	// Provisioned says that new users get it. Inbox apps are parts of Windows,
	// and not provisioned.
	Provisioned bool `json:"provisioned"`
	Inbox       bool `json:"inbox"`

	HasFiles bool     `json:"has_files"` // there is a folder of it in Program Files\WindowsApps
	Sources  []Source `json:"sources"`
}

// Listed says that DISM lists the app as a provisioned one: a bundle, or an app
// that is in none.
func (a *App) Listed() bool {
	return a.Provisioned && (a.Kind == AppBundle || a.Kind == AppMain)
}

// family is what all versions of an app have in common.
func (a *App) family() string { return strings.ToLower(a.Name + "_" + a.PublisherID) }

const (
	maxApps     = 16384
	maxFamilies = 4096

	provisioningPath = "ProgramData/Microsoft/Windows/AppxProvisioning.xml"
	appFolders       = "Program Files/WindowsApps"
	appStore         = `Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore`
)

// parseFullName reads the full name of an app package.
func parseFullName(full string) (App, bool) {
	f := strings.Split(full, "_")
	if len(f) != 5 || f[0] == "" || f[1] == "" || len(f[4]) != 13 {
		return App{}, false
	}
	a := App{FullName: full, Name: f[0], Version: f[1], Architecture: f[2], ResourceID: f[3], PublisherID: f[4]}
	switch {
	case a.ResourceID == "~":
		a.Kind = AppBundle
	case a.ResourceID != "" && a.ResourceID != "neutral": // which inbox apps have
		a.Kind = AppResource
	default:
		a.Kind = AppMain
	}
	return a, true
}

// app returns the app package of a full name, nil if it is none, or one too
// many.
func (r *reader) app(full string, source Source) *App {
	folded := strings.ToLower(full)
	a := r.apps[folded]
	if a == nil {
		parsed, ok := parseFullName(full)
		if !ok {
			return nil
		}
		if len(r.apps) == maxApps {
			r.appsRefused++
			return nil
		}
		if r.apps == nil {
			r.apps = make(map[string]*App)
		}
		a = &parsed
		r.apps[folded] = a
	}
	a.Sources = append(a.Sources, source)
	return a
}

// readAppStore reads what the SOFTWARE hive tells of apps.
func (r *reader) readAppStore(h *hive) {
	for _, list := range []struct {
		key  string
		mark func(a *App)
	}{
		{appStore + `\Applications`, func(a *App) { a.Provisioned = true }},
		{appStore + `\InboxApplications`, func(a *App) { a.Inbox = true }},
	} {
		h.with(list.key, func(k *key) {
			for sub := range k.subkeys {
				if a := r.app(sub.Name(), h.source(list.key, sub.err)); a != nil {
					list.mark(a)
				}
			}
		})
	}
	h.with(appStore+`\Deprovisioned`, func(k *key) {
		for sub := range k.subkeys {
			if len(r.inventory.Deprovisioned) == maxFamilies {
				r.note("apps", fmt.Sprintf("only the first %d families that were deprovisioned are listed", maxFamilies))
				return
			}
			r.inventory.Deprovisioned = append(r.inventory.Deprovisioned, sub.Name())
		}
	})
}

// readApps reads what files tell of apps, and makes the list of them.
func (r *reader) readApps() {
	defer r.countSeparately("reading files of apps")()
	r.readProvisioning()
	r.listAppFolders()
	bundles := make(map[string]bool)
	for _, a := range r.apps {
		if a.Kind == AppBundle {
			bundles[a.family()] = true
		}
	}
	for _, a := range r.apps {
		if a.Kind == AppMain && bundles[a.family()] {
			a.Kind = AppMember
		}
	}
	for _, a := range r.sortedApps() {
		if a.Kind == AppMain {
			r.readManifest(a)
		}
		r.inventory.Apps = append(r.inventory.Apps, *a)
	}
	if r.appsRefused > 0 {
		r.note("apps", fmt.Sprintf("only the first %d are listed", maxApps))
	}
}

func (r *reader) sortedApps() []*App {
	list := make([]*App, 0, len(r.apps))
	for _, a := range r.apps {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *App) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.FullName), strings.ToLower(b.FullName)), strings.Compare(a.FullName, b.FullName))
	})
	return list
}

// readProvisioning reads which apps new users get:
//
//	AppxProvisionList
//	  Provisioned
//	    Package     @FullName @PackageType
//	  EndOfLife
//	    Package     @FamilyName
func (r *reader) readProvisioning() {
	name, err := r.Find(provisioningPath)
	if err != nil {
		if !isNotExist(err) {
			r.note(provisioningPath, err.Error())
		}
		return
	}
	err = r.readXMLFile(name, xmlVisitor{root: "AppxProvisionList", start: func(path xmlPath, e xml.StartElement) error {
		if e.Name.Local != "Package" {
			return nil
		}
		switch {
		case path.is("Provisioned"):
			if a := r.app(attribute(e, "FullName"), Source{Kind: SourceXML, Path: name}); a != nil {
				a.Provisioned = true
				if attribute(e, "PackageType") == "resource" {
					a.Kind = AppResource
				}
			}
		case path.is("EndOfLife"):
			if family := attribute(e, "FamilyName"); family != "" && len(r.inventory.EndOfLife) < maxFamilies {
				r.inventory.EndOfLife = append(r.inventory.EndOfLife, family)
			}
		}
		return nil
	}})
	if err != nil {
		r.note(name, err.Error())
	}
	slices.Sort(r.inventory.EndOfLife)
}

// listAppFolders finds the folders of app packages.
func (r *reader) listAppFolders() {
	directory, err := r.Find(appFolders)
	if err != nil {
		return // Windows 7, servers
	}
	entries, err := r.List(directory)
	if err != nil {
		r.note(directory, err.Error())
		return
	}
	source := Source{Kind: SourceListing, Path: directory}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if a := r.app(entry.Name(), source); a != nil {
			a.HasFiles = true
			r.folders[a] = path.Join(directory, entry.Name())
		}
	}
}

// frameworks are beginnings of names of packages that are frameworks, for those
// whose manifest is not there.
var frameworks = []string{
	"microsoft.vclibs.", "microsoft.net.native.", "microsoft.ui.xaml.", "microsoft.windowsappruntime.",
	"microsoft.services.store.engagement", "microsoft.advertising.xaml", "microsoft.winjs.", "microsoft.directxruntime",
}

// readManifest tells frameworks from apps.
func (r *reader) readManifest(a *App) {
	for _, prefix := range frameworks {
		if strings.HasPrefix(strings.ToLower(a.Name), prefix) {
			a.Kind = AppFramework
			return
		}
	}
	folder := r.folders[a]
	if folder == "" {
		return
	}
	name, err := r.Find(path.Join(folder, "AppxManifest.xml"))
	if err != nil {
		return
	}
	source := Source{Kind: SourceXML, Path: name}
	source.Err = r.readXMLFile(name, xmlVisitor{
		root:  "Package",
		start: func(xmlPath, xml.StartElement) error { return nil },
		text: func(path xmlPath, text []byte) {
			if path.is("Properties", "Framework") && strings.TrimSpace(string(text)) == "true" {
				a.Kind = AppFramework
			}
		},
	})
	a.Sources = append(a.Sources, source)
}
