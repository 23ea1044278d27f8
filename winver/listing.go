package winver

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/wimble-go/wimble/internal/wintree"
)

// Names of files in the component store and among the packages have versions in
// them, so that a directory's listing alone tells a lot; no file is read here.
//
//	amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest
//	Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6.mum
//	Microsoft-Windows-1909Enablement-Package~31bf3856ad364e35~amd64~~10.0.18362.385.mum
//	Package_for_KB4517245~31bf3856ad364e35~amd64~~10.0.1.0.mum
const (
	manifestDirectory = "WinSxS/Manifests"
	packageDirectory  = "servicing/Packages"
)

// coreOSRevision parses the name of a manifest: architecture, component, public
// key token, version, culture and hash. The component is compared first, as it
// is what nearly all names differ in.
func coreOSRevision(name string) (v Version, architecture string, ok bool) {
	const component = "microsoft-windows-coreos-revision_"
	architecture, rest, _ := strings.Cut(name, "_")
	if len(rest) < len(component) || !wintree.SameName(rest[:len(component)], component) {
		return Version{}, "", false
	}
	fields := strings.Split(strings.ToLower(rest[len(component):]), "_")
	if len(fields) != 4 || !strings.HasSuffix(fields[3], ".manifest") || strings.Count(fields[1], ".") != 3 {
		return Version{}, "", false
	}
	v, err := Parse(fields[1])
	return v, strings.ToLower(architecture), err == nil
}

// rollupFix parses the name of a cumulative update's package, whose version
// begins with build and UBR.
func rollupFix(name string) (v Version, architecture string, ok bool) {
	fields := packageName(name)
	if fields == nil || fields[0] != "package_for_rollupfix" {
		return Version{}, "", false
	}
	numbers := strings.Split(fields[4], ".")
	if len(numbers) != 4 {
		return Version{}, "", false
	}
	v, err := Parse(numbers[0] + "." + numbers[1])
	return v, fields[2], err == nil
}

// enablementPackage returns what a package enables: the name of a release, such
// as "1909", and its build. The package has the name of the release and the
// version of the servicing family, or else the number of its KB article. The
// build is 0 for any other package.
func (t *Table) enablementPackage(name string) (release string, build uint32) {
	fields := packageName(name)
	if fields == nil {
		return "", 0
	}
	if article, found := strings.CutPrefix(fields[0], "package_for_kb"); found {
		kb, err := ParseKB(article)
		if err != nil {
			return "", 0
		}
		return kb.String(), t.enabled[kb]
	}
	release, found := strings.CutPrefix(fields[0], "microsoft-windows-")
	if !found {
		return "", 0
	}
	release, rest, found := strings.Cut(release, "enablement-package")
	own, err := Parse(fields[4])
	if !found || rest != "" || err != nil {
		return "", 0
	}
	release = strings.ToUpper(strings.Trim(release, "-"))
	return release, t.sibling(own.Build, release)
}

// packageName splits the name of a .mum file, in lower case: name, public key
// token, architecture, language, version.
func packageName(name string) []string {
	name, found := strings.CutSuffix(strings.ToLower(name), ".mum")
	fields := strings.Split(name, "~")
	if !found || len(fields) != 5 {
		return nil
	}
	return fields
}

// sibling returns the build of a release, by its version ("1909") or codename
// ("19H2"), that is of the servicing family of a build, and 0 if there is none.
func (t *Table) sibling(build uint32, release string) uint32 {
	for _, member := range t.families[t.base(build)] {
		for _, r := range t.releases[member] {
			if r.Version == release || r.Codename == release {
				return member
			}
		}
	}
	return 0
}

// newest gives the evidence of the newest version that a parser finds among the
// names in a directory below the system root.
func (g *gatherer) newest(witness Witness, directory, pattern string, parse func(string) (Version, string, bool)) {
	e := Evidence{Witness: witness, Source: path.Join(g.root, directory, pattern)}
	defer func() { g.add(e) }()
	directory, err := g.Find(path.Join(g.root, directory))
	if err != nil {
		e.Err = err
		return
	}
	entries, err := g.List(directory)
	if err != nil {
		e.Err = err
		return
	}
	for _, entry := range entries {
		v, architecture, ok := parse(entry.Name())
		if ok && (!e.HasUBR || v.Compare(e.Version) > 0) {
			e.Source, e.Value = path.Join(directory, entry.Name()), v.String()
			e.Version, e.HasUBR = v, true
			g.listedArchitecture = architecture
		}
	}
	if !e.HasUBR {
		e.Err = wintree.OfKind(fmt.Errorf("no such file among %d", len(entries)), fs.ErrNotExist)
	}
}
