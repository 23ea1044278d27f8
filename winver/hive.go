package winver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/regf"
	"github.com/wimble-go/wimble/internal/wintree"
)

// Keys and values are those of the WIM format sheet, sections 12.4 and 13.1.
const (
	softwarePath   = "System32/config/SOFTWARE"
	systemPath     = "System32/config/SYSTEM"
	currentVersion = `Microsoft\Windows NT\CurrentVersion`
	targetingInfo  = currentVersion + `\Update\TargetingInfo\Installed`

	// maxTargets is how many subkeys of TargetingInfo count. There is one for
	// the system and a few for its parts.
	maxTargets = 64

	// maxLanguages is how many languages are listed.
	maxLanguages = 256
)

// softwareHive is what the SOFTWARE hive says besides versions.
type softwareHive struct {
	productName, editionID, installationType string
	displayVersion, releaseID                string
	buildLab, buildLabEx, buildBranch        string
}

// key is a registry key whose values are read with errors put off: the first
// one that is not a missing value is kept.
type key struct {
	*regf.Key
	err error
}

func (k *key) text(name string) string {
	v, err := k.Value(name)
	var s string
	if err == nil {
		s, err = v.Text()
	}
	k.keep(name, err)
	return strings.TrimSpace(s)
}

// number returns a DWORD, and whether it is there.
func (k *key) number(name string) (uint32, bool) {
	v, err := k.Value(name)
	var n uint32
	if err == nil {
		n, err = v.Uint32()
	}
	k.keep(name, err)
	return n, err == nil
}

func (k *key) keep(name string, err error) {
	if k.err == nil && err != nil && !errors.Is(err, regf.ErrNotFound) {
		k.err = fmt.Errorf("value %s: %w", name, wintree.HiveError(err))
	}
}

// readSoftware adds the evidence of the SOFTWARE hive.
func (g *gatherer) readSoftware() {
	e := Evidence{Witness: WitnessHive}
	hive, file, name, err := g.OpenHive(path.Join(g.root, softwarePath))
	if err != nil {
		e.Source, e.Err = name, err
		g.add(e)
		return
	}
	defer file.Close()
	e.Source, e.Note = name+": "+currentVersion, wintree.HiveState(hive)
	found, err := hive.Key(currentVersion)
	if err != nil {
		e.Err = wintree.HiveError(err)
		g.add(e)
		return
	}
	k := &key{Key: found}
	e.Version, e.HasUBR, e.Value = k.version()
	if e.Version.Build == 0 {
		e.Err = cmp.Or(k.err, wintree.OfKind(errors.New("no usable CurrentBuild or CurrentBuildNumber"), ErrFormat))
	}
	g.hive = softwareHive{
		productName: k.text("ProductName"), editionID: k.text("EditionID"), installationType: k.text("InstallationType"),
		displayVersion: k.text("DisplayVersion"), releaseID: k.text("ReleaseId"),
		buildLab: k.text("BuildLab"), buildLabEx: k.text("BuildLabEx"), buildBranch: k.text("BuildBranch"),
	}
	if k.err != nil && e.Err == nil {
		e.Note = wintree.JoinNotes(e.Note, k.err.Error())
	}
	g.add(e)
	g.addTargets(hive, name)
	g.addText(WitnessLCUVersion, e.Source, "LCUVer", k.text("LCUVer"), Parse)
	g.addText(WitnessBuildLab, e.Source, "BuildLabEx", g.hive.buildLabEx, parseBuildLab)
}

// version reads the values that make up the version.
func (k *key) version() (v Version, hasUBR bool, value string) {
	// On XP CurrentBuild has obsolete text with dots in it.
	text := k.text("CurrentBuild")
	if v.Build = buildNumber(text); v.Build == 0 {
		text = k.text("CurrentBuildNumber")
		v.Build = buildNumber(text)
	}
	if v.Build == 0 {
		return Version{}, false, text
	}
	major, ok1 := k.number("CurrentMajorVersionNumber")
	minor, ok2 := k.number("CurrentMinorVersionNumber")
	if ok1 && ok2 {
		v.Major, v.Minor = major, minor
	} else if v.Major, v.Minor = ntVersion(v.Build); v.Major < 10 {
		// CurrentVersion tells the truth up to 8.1; later it stays at 6.3.
		if old, err := Parse(k.text("CurrentVersion") + ".0"); err == nil {
			v.Major, v.Minor = old.Major, old.Minor
		}
	}
	value = text
	if v.UBR, hasUBR = k.number("UBR"); hasUBR {
		value = fmt.Sprintf("%s.%d", text, v.UBR)
	}
	return v, hasUBR, value
}

// buildNumber reads the text of a build, and is 0 for text that is none.
func buildNumber(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// addTargets adds the newest of the versions that TargetingInfo has for the
// operating system: subkeys such as Client.OS.rs2.amd64, with a value Version.
func (g *gatherer) addTargets(hive *regf.Hive, name string) {
	e := Evidence{Witness: WitnessTargetingInfo, Source: name + ": " + targetingInfo}
	defer func() { g.add(e) }()
	installed, err := hive.Key(targetingInfo)
	if err != nil {
		e.Err = wintree.HiveError(err)
		return
	}
	looked := 0
	for target, err := range installed.Subkeys() {
		if err != nil {
			e.Err = wintree.HiveError(err)
			continue
		}
		if !strings.Contains(strings.ToUpper(target.Name()), ".OS") {
			continue
		}
		if looked++; looked > maxTargets {
			break
		}
		k := key{Key: target}
		text := k.text("Version")
		if v, err := Parse(text); err == nil && v.Compare(e.Version) > 0 {
			e.Source, e.Value = name+": "+targetingInfo+`\`+target.Name(), text
			e.Version, e.HasUBR, e.Err = v, v.UBR != 0, nil
		}
	}
	if e.Version.IsZero() && e.Err == nil {
		e.Err = wintree.OfKind(errors.New("no subkey of an operating system has a version"), fs.ErrNotExist)
	}
}

// addText adds evidence of a single value, unless it is missing.
func (g *gatherer) addText(witness Witness, source, name, text string, parse func(string) (Version, error)) {
	if text == "" {
		return
	}
	e := Evidence{Witness: witness, Source: source + `\` + name, Value: text}
	if e.Version, e.Err = parse(text); e.Err == nil {
		e.HasUBR = e.Version.UBR != 0
	}
	g.add(e)
}

// parseBuildLab reads build and revision of BuildLabEx, such as
// "7601.17514.amd64fre.win7sp1_rtm.101119-1850".
func parseBuildLab(text string) (Version, error) {
	build, rest, _ := strings.Cut(text, ".")
	revision, _, _ := strings.Cut(rest, ".")
	return Parse(build + "." + revision)
}

// readSystem fills the report's fields that the SYSTEM hive tells. It has no
// version, so that what is wrong with it is a note, and no evidence.
func (g *gatherer) readSystem() {
	hive, file, name, err := g.OpenHive(path.Join(g.root, systemPath))
	if err != nil {
		g.note(name, err.Error())
		return
	}
	defer file.Close()
	if state := wintree.HiveState(hive); state != "" {
		g.note(name, state)
	}
	set := uint32(1)
	if found, err := hive.Key("Select"); err == nil {
		k := &key{Key: found}
		if current, ok := k.number("Current"); ok && current <= 999 {
			set = current
		}
	}
	control := fmt.Sprintf(`ControlSet%03d\Control\`, set)

	with := func(path string, use func(k *key)) {
		found, err := hive.Key(control + path)
		if errors.Is(err, regf.ErrNotFound) {
			return
		}
		k := &key{Key: found, err: err}
		if err == nil {
			use(k)
		}
		if k.err != nil {
			g.note(name+": "+control+path, k.err.Error())
		}
	}
	r := g.report
	with("ProductOptions", func(k *key) { r.ProductType = k.text("ProductType") })
	with("Windows", func(k *key) {
		level, _ := k.number("CSDVersion")
		r.ServicePackLevel = level >> 8
	})
	with(`Nls\Language`, func(k *key) { r.DefaultLanguage = wintree.LanguageTag(k.text("InstallLanguage")) })
	with(`MUI\UILanguages`, func(k *key) {
		for language, err := range k.Subkeys() {
			if err != nil || len(r.Languages) == maxLanguages {
				k.err = err
				return
			}
			r.Languages = append(r.Languages, language.Name())
		}
	})
}

func (g *gatherer) note(source, text string) {
	g.report.Notes = append(g.report.Notes, source+": "+text)
}
