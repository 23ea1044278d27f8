package winver

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/wintree"
)

// Report is what an offline Windows tree says about itself.
type Report struct {
	// SystemRoot is the directory of the root that Windows is installed in,
	// as the tree spells it: "Windows".
	SystemRoot string `json:"system_root"`

	// Architecture is x86, x64, arm, arm64 or ia64.
	Architecture string `json:"architecture"`

	// ProductName is the SOFTWARE hive's, with "Windows 11" on clients from
	// build 22000 on, where the hive still says "Windows 10".
	ProductName string `json:"product_name"`

	EditionID        string `json:"edition"`           // such as "Professional"
	InstallationType string `json:"installation_type"` // "Client", "Server", "Server Core", "WindowsPE", ...
	ProductType      string `json:"product_type"`      // "WinNT", "ServerNT" or "LanmanNT" (a domain controller)

	// DisplayVersion is the release as people call it, such as "22H2".
	DisplayVersion string `json:"display_version"`

	Branch           string   `json:"branch"`       // such as "vb_release"
	BuildLabEx       string   `json:"build_lab_ex"` // such as "19041.1.amd64fre.vb_release.191206-1406"
	ServicePackLevel uint32   `json:"service_pack_level"`
	Languages        []string `json:"languages"` // of the user interface, as BCP 47 tags
	DefaultLanguage  string   `json:"default_language"`

	// Fast says that the report was made without reading files, so that all
	// above may be less than there is.
	Fast bool `json:"fast"`

	Evidence []Evidence `json:"evidence"`

	// Notes are lines about what could not be read of the fields above.
	Notes []string `json:"notes,omitempty"`

	table *Table
}

// Claim is what the caller has been told about the tree from elsewhere. For a
// WIM that is its XML, which may be stale, or name the base build of a release.
type Claim struct {
	// Source is what sentences call it, such as "the XML".
	Source string

	// Version is the claimed version. A UBR of 0 counts as not given.
	Version Version

	// What the tree does not tell is taken from these. Windows PE is recognised
	// by its edition.
	Edition      Edition
	Architecture string
}

// Option changes how Read works.
type Option func(*gatherer)

// Fast has Read list directories and read no file. In a WIM, that needs an
// image's metadata alone: nothing else is read or decompressed. The versions
// are then those in file names. They tell the UBR of a Windows that has had a
// cumulative update, but often only the base build of its servicing family
// ([Verdict.BuildExact]), and no edition.
func Fast() Option { return func(g *gatherer) { g.report.Fast = true } }

// WithClaim adds what the caller knows from elsewhere to the evidence.
func WithClaim(c Claim) Option { return func(g *gatherer) { g.claim = &c } }

// WithTable has the report use another table than DefaultTable to tell the
// releases of a servicing family apart.
func WithTable(t *Table) Option { return func(g *gatherer) { g.report.table = t } }

const kernelPath = "System32/ntoskrnl.exe"

// gatherer makes a report.
type gatherer struct {
	*wintree.Tree
	root               string // the system root
	claim              *Claim
	report             *Report
	hive               softwareHive
	listedArchitecture string // in the names of packages and manifests
	kernelArchitecture string
}

func (g *gatherer) add(e Evidence) { g.report.Evidence = append(g.report.Evidence, e) }

// Read gathers evidence of which Windows is in fsys, whose root is the root of
// a drive: an image of a WIM, an [os.DirFS] of a mounted disk, or any other.
// Names are found whatever their case. A tree without Windows gives an error
// that wraps [ErrNotWindows]; what is damaged or missing in a tree with Windows
// gives evidence with an error, and [Report.Best] makes do with the rest.
//
// Files that implement [io.ReaderAt] or [io.Seeker] are read in few and small
// pieces: some of a SOFTWARE hive's 100 MB, and some of the kernel. Others are
// read whole, if they are not over 256 MiB.
//
// The work is bounded, whatever the tree is: names listed, links followed and
// bytes read count. A tree that takes more than Windows does gives an error
// that wraps [ErrLimit].
func Read(fsys fs.FS, options ...Option) (*Report, error) {
	g := &gatherer{Tree: wintree.New(fsys, wintree.NewBudget("telling the version", wintree.MaxSteps, nil)), report: &Report{Languages: []string{}}}
	for _, option := range options {
		option(g)
	}
	root, err := g.SystemRoot()
	if err != nil {
		return nil, wintree.WithoutPath(err)
	}
	g.root, g.report.SystemRoot = root, root

	if !g.report.Fast {
		g.readSoftware()
		g.readSystem()
	}
	g.listFiles()
	if !g.report.Fast {
		g.readKernel()
	}
	if err := g.Work.Over(); err != nil {
		return nil, err
	}
	g.addClaim()
	g.describe()
	return g.report, nil
}

func (g *gatherer) listFiles() {
	g.newest(WitnessCoreOSRevision, manifestDirectory, "*_microsoft-windows-coreos-revision_*.manifest", coreOSRevision)
	g.newest(WitnessRollupFix, packageDirectory, "Package_for_RollupFix~*.mum", rollupFix)
	g.enablementPackages()
}

// enablementPackages adds one piece of evidence for each release that a package
// enables. Most images have none, which is nothing to report.
func (g *gatherer) enablementPackages() {
	directory, err := g.Find(path.Join(g.root, packageDirectory))
	if err != nil {
		return // said by the evidence before
	}
	entries, _ := g.List(directory)
	seen := make(map[uint32]bool)
	for _, entry := range entries {
		release, build := g.report.lookup().enablementPackage(entry.Name())
		if build == 0 || seen[build] {
			continue // some other package, or one that came with the release itself
		}
		seen[build] = true
		g.add(Evidence{
			Witness: WitnessEnablementPackage, Source: path.Join(directory, entry.Name()), Value: release,
			Version: versionOf(build, 0),
		})
	}
}

func (g *gatherer) readKernel() {
	e := Evidence{Witness: WitnessKernel, Source: path.Join(g.root, kernelPath)}
	defer func() { g.add(e) }()
	name, err := g.Find(e.Source)
	if err != nil {
		e.Err = err
		return
	}
	e.Source = name
	file, err := g.Open(name)
	if err != nil {
		e.Err = err
		return
	}
	defer file.Close()
	kernel, err := openPE(file, file.Size)
	if err != nil {
		e.Err = err
		return
	}
	g.kernelArchitecture = kernel.architecture()
	if e.Version, e.Err = kernel.fileVersion(); e.Err == nil {
		e.Value, e.HasUBR = e.Version.String(), true
	}
}

func (g *gatherer) addClaim() {
	if g.claim == nil {
		return
	}
	e := Evidence{Witness: WitnessClaim, Source: g.claim.Source, Version: g.claim.Version, HasUBR: g.claim.Version.UBR != 0}
	if e.Version.Build == 0 {
		e.Version = Version{}
		e.Err = wintree.OfKind(errors.New("tells no version"), fs.ErrNotExist)
	} else {
		e.Value = e.Version.String()
	}
	g.add(e)
}

// describe fills in what follows from several sources.
func (g *gatherer) describe() {
	r := g.report
	claim := Claim{}
	if g.claim != nil {
		claim = *g.claim
	}
	r.EditionID = cmp.Or(g.hive.editionID, claim.Edition.ID)
	r.InstallationType = cmp.Or(g.hive.installationType, claim.Edition.InstallationType)
	r.ProductType = cmp.Or(r.ProductType, claim.Edition.ProductType)
	r.BuildLabEx = g.hive.buildLabEx
	r.Branch = cmp.Or(branchOf(g.hive.buildLabEx, 3), branchOf(g.hive.buildLab, 1), g.hive.buildBranch)
	r.Architecture = cmp.Or(g.kernelArchitecture, labArchitecture(g.hive.buildLabEx), packageArchitecture(g.listedArchitecture), claim.Architecture)

	best := r.Best()
	r.ProductName = g.hive.productName
	if rest, found := strings.CutPrefix(r.ProductName, "Windows 10"); found && best.Version.Build >= 22000 && !r.Edition().isServer() {
		r.ProductName = "Windows 11" + rest
	}
	r.DisplayVersion = g.displayVersion(best)
}

// displayVersion is the hive's, unless the verdict is of a later release than
// the hive knows of. ReleaseId stopped at "2009".
func (g *gatherer) displayVersion(best Verdict) string {
	if best.BuildFrom == WitnessHive {
		if g.hive.displayVersion != "" {
			return g.hive.displayVersion
		}
		if g.hive.releaseID != "" && g.hive.releaseID != "2009" {
			return g.hive.releaseID
		}
	}
	if best.Version.Build < 10240 { // those had service packs
		return ""
	}
	var versions []string
	for _, release := range g.report.status(best).Releases {
		versions = append(versions, release.Version)
	}
	if versions = slices.Compact(versions); len(versions) == 1 {
		return versions[0]
	}
	return ""
}

// branchOf returns the given field of BuildLab or BuildLabEx.
func branchOf(lab string, field int) string {
	fields := strings.Split(lab, ".")
	if len(fields) != field+2 {
		return ""
	}
	return fields[field]
}

// labArchitecture returns the architecture that BuildLabEx names in its third
// field, such as "amd64fre": free of debugging checks ("chk" is with).
func labArchitecture(lab string) string {
	fields := strings.Split(lab, ".")
	if len(fields) < 3 {
		return ""
	}
	name := strings.TrimSuffix(strings.TrimSuffix(fields[2], "fre"), "chk")
	return packageArchitecture(name)
}

// packageArchitecture translates the name of an architecture in the names of
// packages.
func packageArchitecture(name string) string {
	switch name {
	case "amd64":
		return "x64"
	case "x86", "arm", "arm64", "ia64":
		return name
	}
	return ""
}

// MarshalJSON implements json.Marshaler: the verdict and what the table knows
// of it ("update", see [Status.MarshalJSON]), the disagreement if there is one,
// then the fields of the report.
func (r *Report) MarshalJSON() ([]byte, error) {
	type fields Report // has no methods
	out := struct {
		Verdict      Verdict `json:"verdict"`
		Update       *Status `json:"update,omitempty"`
		Disagreement string  `json:"disagreement,omitempty"`
		*fields
	}{Verdict: r.Best(), Disagreement: r.Disagreement(), fields: (*fields)(r)}
	if status := r.Status(); status.Known() {
		out.Update = &status
	}
	return json.Marshal(out)
}

// Edition returns what lookups in a [Table] tell products apart by.
func (r *Report) Edition() Edition {
	return Edition{ID: r.EditionID, InstallationType: r.InstallationType, ProductType: r.ProductType}
}

// Status is what the table knows about the verdict. Where the evidence tells
// the release itself, the others of its servicing family are left out.
func (r *Report) Status() Status { return r.status(r.Best()) }

func (r *Report) status(best Verdict) Status {
	s := r.lookup().Status(best.Version, r.Edition())
	ofBuild := func(release Release) bool { return release.Build == best.Version.Build }
	if best.BuildExact && slices.ContainsFunc(s.Releases, ofBuild) {
		s.Releases = slices.DeleteFunc(s.Releases, func(release Release) bool { return !ofBuild(release) })
	}
	return s
}

// lookup returns the table to use.
func (r *Report) lookup() *Table {
	if r.table == nil {
		return DefaultTable()
	}
	return r.table
}

// Disagreement says in one line how the caller's claim differs from the
// verdict, and is empty if it does not, or if there is no claim or no verdict.
func (r *Report) Disagreement() string {
	i := slices.IndexFunc(r.Evidence, func(e Evidence) bool { return e.Witness == WitnessClaim && e.Err == nil })
	best := r.Best()
	if i < 0 || !best.Known() {
		return ""
	}
	claim := r.Evidence[i]
	sameUBR := !claim.HasUBR || !best.HasUBR || claim.Version.UBR == best.Version.UBR
	if claim.Version.Build == best.Version.Build && sameUBR {
		return ""
	}
	line := fmt.Sprintf("%s says %s, but it is %s", claim.name(), Verdict{Version: claim.Version, HasUBR: claim.HasUBR}, best)
	base := r.lookup().base(best.Version.Build)
	if claim.Version.Build == base && base != best.Version.Build {
		line += fmt.Sprintf("; %d is the build of the files that %d shares", base, best.Version.Build)
	}
	return line
}
