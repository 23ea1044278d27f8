package winver_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/winver"
)

const currentVersion = `Microsoft\Windows NT\CurrentVersion`

// values are those of the SOFTWARE hive's CurrentVersion: text, or a uint32.
type values map[string]any

// with returns a copy with other values; nil takes one out.
func (v values) with(changes values) values {
	v = maps.Clone(v)
	for name, value := range changes {
		if value == nil {
			delete(v, name)
		} else {
			v[name] = value
		}
	}
	return v
}

// windows10 are the values of a Windows 10 1909 with KB4577671.
var windows10 = values{
	"CurrentBuild": "18363", "CurrentBuildNumber": "18363", "UBR": uint32(1139),
	"CurrentMajorVersionNumber": uint32(10), "CurrentMinorVersionNumber": uint32(0), "CurrentVersion": "6.3",
	"ReleaseId": "1909", "ProductName": "Windows 10 Pro", "EditionID": "Professional", "InstallationType": "Client",
	"BuildLab": "18362.19h1_release.190318-1202", "BuildLabEx": "18362.1.amd64fre.19h1_release.190318-1202",
}

// image is a tree with a Windows in it.
type image fstest.MapFS

func (i image) add(name string, data []byte) image {
	i[name] = &fstest.MapFile{Data: data}
	return i
}

func newImage() image {
	return image{}.add("Windows/System32/kernel32.dll", []byte("MZ")).add("Windows/explorer.exe", nil)
}

func (i image) software(v values) image {
	return i.hive("SOFTWARE", softwareHive(v), regftest.Options{})
}

func (i image) hive(name string, root *regftest.Key, o regftest.Options) image {
	return i.add("Windows/System32/config/"+name, regftest.Build(root, o))
}

func softwareHive(v values) *regftest.Key {
	root := &regftest.Key{Name: "ROOT"}
	k := root.At(currentVersion)
	for name, value := range v {
		switch value := value.(type) {
		case string:
			k.Set(regftest.SZ(name, value))
		case uint32:
			k.Set(regftest.DWORD(name, value))
		}
	}
	return root
}

// kernel adds ntoskrnl.exe with a file version.
func (i image) kernel(t *testing.T, v winver.Version) image {
	data, err := os.ReadFile("testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(t, err)
	at := bytes.Index(data, []byte("\xBD\x04\xEF\xFE")) // the signature of VS_FIXEDFILEINFO
	require.Positive(t, at)
	binary.LittleEndian.PutUint32(data[at+8:], v.Major<<16|v.Minor)
	binary.LittleEndian.PutUint32(data[at+12:], v.Build<<16|v.UBR)
	return i.add("Windows/System32/ntoskrnl.exe", data)
}

// manifest adds a manifest of the component coreos-revision.
func (i image) manifest(version string) image {
	return i.add("Windows/WinSxS/Manifests/amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_"+version+"_none_6abf4b59cd5e60ef.manifest", nil)
}

// pack adds a package, by the part of its name before the public key token, and
// its version.
func (i image) pack(name, version string) image {
	return i.add("Windows/servicing/Packages/"+name+"~31bf3856ad364e35~amd64~~"+version+".mum", nil)
}

func xmlSays(t *testing.T, text string) winver.Option {
	return winver.WithClaim(winver.Claim{Source: "the XML", Version: version(t, text)})
}

func read(t *testing.T, i image, options ...winver.Option) *winver.Report {
	r, err := winver.Read(fstest.MapFS(i), options...)
	require.NoError(t, err)
	return r
}

func evidence(t *testing.T, r *winver.Report, w winver.Witness) winver.Evidence {
	for _, e := range r.Evidence {
		if e.Witness == w {
			return e
		}
	}
	require.Failf(t, "no evidence", "of %s", w)
	return winver.Evidence{}
}

func TestWindows10Version1909(t *testing.T) {
	i := newImage().software(windows10).kernel(t, version(t, "10.0.18362.1139")).
		manifest("10.0.18362.1139").manifest("10.0.18362.1").pack("Package_for_RollupFix", "18362.1139.1.6")
	r := read(t, i, xmlSays(t, "10.0.18362.1139"))
	best := r.Best()
	require.Equal(t, "10.0.18363.1139", best.String())
	require.Equal(t, winver.WitnessHive, best.BuildFrom)
	require.Equal(t, winver.WitnessHive, best.UBRFrom)
	require.True(t, best.BuildExact)
	require.Equal(t, "build 18363 from the SOFTWARE hive; UBR 1139 from the SOFTWARE hive", best.Reason)
	require.Equal(t, "the XML says 10.0.18362.1139, but it is 10.0.18363.1139; 18362 is the build of the files that 18363 shares", r.Disagreement())

	require.Equal(t, "Windows", r.SystemRoot)
	require.Equal(t, "Windows 10 Pro", r.ProductName)
	require.Equal(t, winver.Edition{ID: "Professional", InstallationType: "Client"}, r.Edition())
	require.Equal(t, "1909", r.DisplayVersion)
	require.Equal(t, "19h1_release", r.Branch)
	require.Equal(t, "x64", r.Architecture)
	require.Equal(t, "Windows 10 1909", r.Status().ReleaseName())
	require.Equal(t, winver.KB(4577671), r.Status().Update.KB)

	for w, want := range map[winver.Witness]string{
		winver.WitnessHive: "10.0.18363.1139", winver.WitnessCoreOSRevision: "10.0.18362.1139",
		winver.WitnessRollupFix: "10.0.18362.1139", winver.WitnessKernel: "10.0.18362.1139", winver.WitnessClaim: "10.0.18362.1139",
	} {
		e := evidence(t, r, w)
		require.NoError(t, e.Err, w)
		require.True(t, e.HasUBR, w)
		require.Equal(t, want, e.Version.String(), w)
	}
	require.Equal(t, `Windows/System32/config/SOFTWARE: Microsoft\Windows NT\CurrentVersion`, evidence(t, r, winver.WitnessHive).Source)
}

// Windows 10 20H2 to 22H2: the XML has 19041; so has setup.exe.
func TestWindows10Version22H2(t *testing.T) {
	v := windows10.with(values{"CurrentBuild": "19045", "CurrentBuildNumber": "19045", "UBR": uint32(3636), "DisplayVersion": "22H2", "ReleaseId": "2009"})
	r := read(t, newImage().software(v).manifest("10.0.19041.3636"), xmlSays(t, "10.0.19041.3636"))
	require.Equal(t, "10.0.19045.3636", r.Best().String())
	require.Equal(t, "22H2", r.DisplayVersion)
	require.Equal(t, "Windows 10 22H2", r.Status().ReleaseName())
	require.Contains(t, r.Disagreement(), "the XML says 10.0.19041.3636, but it is 10.0.19045.3636")
}

func TestWindows11Version23H2(t *testing.T) {
	v := windows10.with(values{"CurrentBuild": "22631", "CurrentBuildNumber": "22631", "UBR": uint32(2428), "DisplayVersion": "23H2", "ReleaseId": "2009"})
	r := read(t, newImage().software(v), xmlSays(t, "10.0.22621.2428"))
	require.Equal(t, "10.0.22631.2428", r.Best().String())
	require.Equal(t, "Windows 11 23H2", r.Status().ReleaseName())
	require.Contains(t, r.Disagreement(), "10.0.22621.2428")
}

// The registry's ProductName says Windows 10 on Windows 11.
func TestProductNameOfWindows11(t *testing.T) {
	for _, test := range []struct{ build, name, kind, want string }{
		{"22000", "Windows 10 Pro", "Client", "Windows 11 Pro"},
		{"22631", "Windows 10 Enterprise", "Client", "Windows 11 Enterprise"},
		{"19045", "Windows 10 Pro", "Client", "Windows 10 Pro"},
		{"26100", "Windows 11 Pro", "Client", "Windows 11 Pro"},
		{"20348", "Windows Server 2022 Standard", "Server", "Windows Server 2022 Standard"},
		{"26100", "Windows 10 Server", "Server Core", "Windows 10 Server"}, // made up: never turned into a client
	} {
		r := read(t, newImage().software(windows10.with(values{"CurrentBuild": test.build, "ProductName": test.name, "InstallationType": test.kind})))
		require.Equal(t, test.want, r.ProductName, test)
	}
}

// winRE are the values of a recovery environment: UBR is 1 for ever.
var winRE = windows10.with(values{"CurrentBuild": "19041", "CurrentBuildNumber": "19041", "UBR": uint32(1),
	"EditionID": "WindowsPE", "InstallationType": "WindowsPE", "ReleaseId": "2009", "DisplayVersion": nil})

func TestWinREWithUBR1(t *testing.T) {
	r := read(t, newImage().software(winRE), xmlSays(t, "10.0.19041.3636"))
	require.Equal(t, "10.0.19041.3636", r.Best().String())
	require.Equal(t, winver.WitnessHive, r.Best().BuildFrom)
	require.Equal(t, winver.WitnessClaim, r.Best().UBRFrom)
	require.Empty(t, r.Disagreement())

	// Without XML: LCUVer, then the names of files, then the kernel, then the
	// hive.
	r = read(t, newImage().software(winRE.with(values{"LCUVer": "10.0.19041.3570"})))
	require.Equal(t, "10.0.19041.3570", r.Best().String())
	require.Equal(t, winver.WitnessLCUVersion, r.Best().UBRFrom)
	r = read(t, newImage().software(winRE).pack("Package_for_RollupFix", "19041.3448.1.10"))
	require.Equal(t, "10.0.19041.3448", r.Best().String())
	r = read(t, newImage().software(winRE).kernel(t, version(t, "10.0.19041.3393")))
	require.Equal(t, "10.0.19041.3393", r.Best().String())
	r = read(t, newImage().software(winRE))
	require.Equal(t, "10.0.19041.1", r.Best().String())
	r = read(t, newImage().software(winRE), xmlSays(t, "10.0.19041.1"))
	require.Equal(t, "10.0.19041.1", r.Best().String())

	// A hive that tells more than 1 is believed, in Windows PE too.
	r = read(t, newImage().software(winRE.with(values{"UBR": uint32(5)})), xmlSays(t, "10.0.19041.3636"))
	require.Equal(t, "10.0.19041.5", r.Best().String())
	// And so is one that says 1 in any other Windows: it is what media of a
	// release say.
	r = read(t, newImage().software(winRE.with(values{"EditionID": "Professional", "InstallationType": "Client"})), xmlSays(t, "10.0.19041.3636"))
	require.Equal(t, "10.0.19041.1", r.Best().String())
	// The edition may be known to the caller alone.
	r = read(t, newImage().software(winRE.with(values{"EditionID": nil, "InstallationType": nil})), winver.WithClaim(winver.Claim{
		Version: version(t, "10.0.19041.3636"), Edition: winver.Edition{ID: "WindowsPE"}}))
	require.Equal(t, "10.0.19041.3636", r.Best().String())
}

// A dynamic update of WinRE is just packages: SPBUILD stays, and they are no
// rollup.
func TestWinREWithSafeOSUpdate(t *testing.T) {
	i := newImage().software(winRE).pack("Package_for_SafeOSDU", "19041.3920.1.0")
	r := read(t, i, xmlSays(t, "10.0.19041.1288"))
	require.Equal(t, "10.0.19041.1288", r.Best().String())
	require.ErrorIs(t, evidence(t, r, winver.WitnessRollupFix).Err, fs.ErrNotExist)
}

// wimlib writes SPBUILD from CSDBuildNumber, which is no UBR.
func TestCapturedByWimlib(t *testing.T) {
	v := windows10.with(values{"CurrentBuild": "19045", "UBR": uint32(3636)})
	r := read(t, newImage().software(v), xmlSays(t, "10.0.19045.1165"))
	require.Equal(t, "10.0.19045.3636", r.Best().String())
	require.Equal(t, "the XML says 10.0.19045.1165, but it is 10.0.19045.3636", r.Disagreement())
	// What says nothing of the UBR says nothing against it.
	require.Empty(t, read(t, newImage().software(v), xmlSays(t, "10.0.19045")).Disagreement())
	require.Empty(t, read(t, newImage().software(v.with(values{"UBR": nil})), winver.Fast(), xmlSays(t, "10.0.19045.1165")).Disagreement())
}

// The cumulative update failed: its package is there, UBR did not change.
func TestFailedUpdate(t *testing.T) {
	i := newImage().software(windows10).pack("Package_for_RollupFix", "18362.1256.1.6").manifest("10.0.18362.1256")
	require.Equal(t, "10.0.18363.1139", read(t, i).Best().String())
}

// BuildLabEx has the revision of the branch.
func TestBuildLabExIsNoUBR(t *testing.T) {
	r := read(t, newImage().software(windows10.with(values{"UBR": nil, "BuildLabEx": "18362.329.amd64fre.19h1_release.190318-1202"})))
	require.Equal(t, "10.0.18362.329", evidence(t, r, winver.WitnessBuildLab).Version.String())
	require.Equal(t, "10.0.18363 (update unknown)", r.Best().String())
	require.False(t, r.Best().HasUBR)
	require.Equal(t, "build 18363 from the SOFTWARE hive; no evidence tells the UBR", r.Best().Reason)
}

// On 1809 the file version lags behind.
func TestKernelOlderThanUpdate(t *testing.T) {
	v := windows10.with(values{"CurrentBuild": "17763", "UBR": uint32(1339), "ReleaseId": "1809"})
	r := read(t, newImage().software(v).kernel(t, version(t, "10.0.17763.1")))
	require.Equal(t, "10.0.17763.1339", r.Best().String())
}

func TestDisplayVersion(t *testing.T) {
	for _, test := range []struct {
		build              string
		display, releaseID any
		want               string
	}{
		{"19045", "22H2", "2009", "22H2"},
		{"18363", nil, "1909", "1909"},
		{"19042", nil, "2009", "20H2"}, // ReleaseId is frozen; the table tells
		{"14393", nil, nil, "1607"},
		{"10240", nil, nil, "1507"}, // ReleaseId came with 1511
		{"20348", "21H2", "2009", "21H2"},
		{"15000", nil, nil, ""}, // in no table
		{"9600", nil, nil, ""},
	} {
		r := read(t, newImage().software(windows10.with(values{"CurrentBuild": test.build, "DisplayVersion": test.display, "ReleaseId": test.releaseID})))
		require.Equal(t, test.want, r.DisplayVersion, test)
	}
}

// CurrentVersion is 6.3 for ever on Windows 10 and later.
func TestCurrentVersionOf10(t *testing.T) {
	noNumbers := values{"CurrentMajorVersionNumber": nil, "CurrentMinorVersionNumber": nil}
	r := read(t, newImage().software(windows10.with(noNumbers)))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	r = read(t, newImage().software(windows10.with(noNumbers).with(values{"CurrentBuild": "9600", "UBR": uint32(19962)})))
	require.Equal(t, "6.3.9600.19962", r.Best().String())
	// Half of the numbers are none.
	r = read(t, newImage().software(windows10.with(values{"CurrentMajorVersionNumber": nil, "CurrentMinorVersionNumber": uint32(4)})))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	r = read(t, newImage().software(windows10.with(noNumbers).with(values{"CurrentBuild": "7601", "CurrentVersion": "6.1", "UBR": nil})))
	require.Equal(t, "6.1.7601 (update unknown)", r.Best().String())
}

// The first 1607 had the revision 0, which is not the same as none.
func TestUBR0(t *testing.T) {
	r := read(t, newImage().software(windows10.with(values{"CurrentBuild": "14393", "UBR": uint32(0)})))
	require.True(t, r.Best().HasUBR)
	require.Equal(t, "10.0.14393.0", r.Best().String())
}

func TestCurrentBuildOfXP(t *testing.T) {
	r := read(t, newImage().software(values{"CurrentBuild": "1.511.1 () (Obsolete data - do not use)", "CurrentBuildNumber": "2600", "CurrentVersion": "5.1"}))
	require.Equal(t, "5.1.2600 (update unknown)", r.Best().String())
}

// Windows 7 has no UBR: the kernel tells, and BuildLabEx if there is none.
func TestWindows7(t *testing.T) {
	v := values{"CurrentBuild": "7601", "CurrentVersion": "6.1", "ProductName": "Windows 7 Professional", "EditionID": "Professional",
		"InstallationType": "Client", "BuildLabEx": "7601.17514.amd64fre.win7sp1_rtm.101119-1850"}
	r := read(t, newImage().software(v).kernel(t, version(t, "6.1.7601.24214")), xmlSays(t, "6.1.7601.17514"))
	require.Equal(t, "6.1.7601.24214", r.Best().String())
	require.Equal(t, winver.WitnessKernel, r.Best().UBRFrom)
	require.Equal(t, "win7sp1_rtm", r.Branch)
	require.Empty(t, r.DisplayVersion)
	require.Equal(t, "Windows 7 SP1", r.Status().ReleaseName())

	r = read(t, newImage().software(v).kernel(t, version(t, "6.1.7601.23807")).pack("Package_for_RollupFix", "7601.24214.1.8"))
	require.Equal(t, "6.1.7601.24214", r.Best().String())
	require.Equal(t, winver.WitnessRollupFix, r.Best().UBRFrom)
	r = read(t, newImage().software(v))
	require.Equal(t, "6.1.7601.17514", r.Best().String())
	require.Equal(t, winver.WitnessBuildLab, r.Best().UBRFrom)
	// wimlib's SPBUILD is below the kernel's revision, and not believed.
	r = read(t, newImage().software(v).kernel(t, version(t, "6.1.7601.24214")), xmlSays(t, "6.1.7601.1130"))
	require.Equal(t, "6.1.7601.24214", r.Best().String())
	r = read(t, newImage().software(v).kernel(t, version(t, "6.1.7601.24214")), xmlSays(t, "6.1.7601.24231"))
	require.Equal(t, "6.1.7601.24231", r.Best().String())
}

func TestTargetingInfo(t *testing.T) {
	target := func(base values, targets map[string]string) image {
		root := softwareHive(base)
		for name, version := range targets {
			root.At(currentVersion+`\Update\TargetingInfo\Installed\`+name).Set(regftest.SZ("Version", version), regftest.SZ("Branch", "19h2"))
		}
		return newImage().hive("SOFTWARE", root, regftest.Options{})
	}
	old := windows10.with(values{"CurrentBuild": "18362", "ReleaseId": "1903"})
	r := read(t, target(old, map[string]string{
		"Client.OS.19h1.amd64": "10.0.18362.1139", "Client.OS.19h2.amd64": "10.0.18363.1139", "Client.Apps.amd64": "10.0.19041.1", "Client.OS.x": "?",
	}))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.Equal(t, winver.WitnessTargetingInfo, r.Best().BuildFrom)
	require.Equal(t, "build 18363 from TargetingInfo, over the 18362 of the SOFTWARE hive; UBR 1139 from the SOFTWARE hive", r.Best().Reason)
	require.Equal(t, "1909", r.DisplayVersion)
	e := evidence(t, r, winver.WitnessTargetingInfo)
	require.NoError(t, e.Err)
	require.Equal(t, "10.0.18363.1139", e.Value)
	require.True(t, e.HasUBR)
	require.True(t, strings.HasSuffix(e.Source, `\Installed\Client.OS.19h2.amd64`))

	// One of the same build adds nothing, and is not named.
	r = read(t, target(windows10, map[string]string{"Client.OS.19h2.amd64": "10.0.18363.1139"}))
	require.Equal(t, winver.WitnessHive, r.Best().BuildFrom)

	// One of another family is a leftover, or a mistake.
	r = read(t, target(old, map[string]string{"Client.OS.amd64": "10.0.19045.1139"}))
	require.Equal(t, "10.0.18362.1139", r.Best().String())
	require.Equal(t, "1903", r.DisplayVersion)
	require.Equal(t, "Windows 10 1903", r.Status().ReleaseName())

	r = read(t, target(old, map[string]string{"Client.OS.amd64": "no version"}))
	require.ErrorIs(t, evidence(t, r, winver.WitnessTargetingInfo).Err, fs.ErrNotExist)
}

func TestEnablementPackages(t *testing.T) {
	for _, test := range []struct {
		name, version, rollup, want string
	}{
		{"Microsoft-Windows-1909Enablement-Package", "10.0.18362.385", "18362.1139.1.6", "10.0.18363.1139"},
		{"Microsoft-Windows-20H2Enablement-Package", "10.0.19041.487", "19041.3636.1.10", "10.0.19042.3636"},
		{"Microsoft-Windows-22H2Enablement-Package", "10.0.19041.1799", "19041.3636.1.10", "10.0.19045.3636"},
		{"Microsoft-Windows-23H2Enablement-Package", "10.0.22621.2355", "22621.2428.1.9", "10.0.22631.2428"},
		{"Microsoft-Windows-25H2-Enablement-Package", "10.0.26100.5059", "26100.6584.1.1", "10.0.26200.6584"},
		// By codename, and by article, whose package may have another kind of
		// version.
		{"Microsoft-Windows-19H2Enablement-Package", "10.0.18362.385", "18362.1139.1.6", "10.0.18363.1139"},
		{"Package_for_KB4517245", "10.0.1.0", "18362.1139.1.6", "10.0.18363.1139"},
		{"Package_for_KB5015684", "19041.1799.1.2", "19041.3636.1.10", "10.0.19045.3636"},
		// Of another family, of no release, or something else.
		{"Package_for_KB5015684", "19041.1799.1.2", "18362.1139.1.6", "10.0.18362.1139"},
		{"Package_for_KB4577671", "18362.1139.1.6", "18362.1139.1.6", "10.0.18362.1139"},
		{"Package_for_KB", "10.0.1.0", "18362.1139.1.6", "10.0.18362.1139"},
		{"Microsoft-Windows-22H2Enablement-Package", "10.0.22621.1", "18362.1139.1.6", "10.0.18362.1139"},
		{"Microsoft-Windows-99H9Enablement-Package", "10.0.18362.1", "18362.1139.1.6", "10.0.18362.1139"},
		{"Microsoft-Windows-1909Enablement-Package-Wrapper", "10.0.18362.1", "18362.1139.1.6", "10.0.18362.1139"},
		{"Microsoft-Windows-1909Enablement-Package", "x", "18362.1139.1.6", "10.0.18362.1139"},
	} {
		i := newImage().pack(test.name, test.version).pack("Package_for_RollupFix", test.rollup)
		require.Equal(t, test.want, read(t, i, winver.Fast()).Best().String(), test)
	}
}

// Several packages of one release are one piece of evidence, those of several
// releases are several, and the last release counts.
func TestManyEnablementPackages(t *testing.T) {
	i := newImage().pack("Package_for_RollupFix", "19041.3636.1.10").
		pack("Microsoft-Windows-22H2Enablement-Package", "10.0.19041.1799").pack("Microsoft-Windows-22H2Enablement-Package", "10.0.19041.1865").
		pack("Microsoft-Windows-21H1Enablement-Package", "10.0.19041.789")
	r := read(t, i, winver.Fast())
	var builds []string
	for _, e := range r.Evidence {
		if e.Witness == winver.WitnessEnablementPackage {
			builds = append(builds, e.Version.String())
		}
	}
	require.ElementsMatch(t, []string{"10.0.19043.0", "10.0.19045.0"}, builds)
	require.Equal(t, "10.0.19045.3636", r.Best().String())
}

// TestNewestListed takes the greatest version, not the last name.
func TestNewestListed(t *testing.T) {
	i := newImage().pack("Package_for_RollupFix", "19041.985.1.6").pack("Package_for_RollupFix", "19041.1110.1.2").pack("Package_for_RollupFix", "19041.1237.1.4").
		pack("Package_for_RollupFix", "19041.x.1.2").pack("Package_for_DotNetRollup", "19041.1287.1.0").
		manifest("10.0.19041.844").manifest("10.0.19041.1023").manifest("10.0.19041.x").
		add("Windows/WinSxS/Manifests/amd64_microsoft-windows-coreos-revisions_31bf3856ad364e35_10.0.19041.9999_none_6abf4b59cd5e60ef.manifest", nil).
		add("Windows/servicing/Packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.9999.1.2.cat", nil)
	r := read(t, i)
	require.Equal(t, "10.0.19041.1237", evidence(t, r, winver.WitnessRollupFix).Version.String())
	require.Equal(t, "10.0.19041.1023", evidence(t, r, winver.WitnessCoreOSRevision).Version.String())
	require.Equal(t, "Windows/servicing/Packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.1237.1.4.mum", evidence(t, r, winver.WitnessRollupFix).Source)
	require.Equal(t, "10.0.19041.1237", r.Best().String())
	require.Equal(t, "x64", r.Architecture)
}

// The number alone does not tell 1903 from 1909, and nothing pretends that it
// does.
func TestFastIsAmbiguous(t *testing.T) {
	i := newImage().software(windows10).manifest("10.0.18362.1139")
	r := read(t, i, winver.Fast(), xmlSays(t, "10.0.18362.1139"))
	require.True(t, r.Fast)
	require.Equal(t, "10.0.18362.1139", r.Best().String())
	require.False(t, r.Best().BuildExact)
	require.Empty(t, r.DisplayVersion)
	require.Empty(t, r.Disagreement())
	require.Equal(t, "Windows 10 1903/1909 or Windows Server, version 1903/1909", r.Status().ReleaseName())
	// XML that has been saved again may have the release's own build.
	r = read(t, i, winver.Fast(), xmlSays(t, "10.0.18363.1139"))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
}

// noFiles fails when a file is opened.
type noFiles struct{ fstest.MapFS }

func (f noFiles) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if err == nil {
		if info, err := file.Stat(); err != nil || !info.IsDir() {
			file.Close()
			return nil, errors.New("a file was opened: " + name)
		}
	}
	return file, err
}

func TestFastOpensNoFile(t *testing.T) {
	i := newImage().software(windows10).kernel(t, version(t, "10.0.18362.1139")).manifest("10.0.18362.1139").
		pack("Package_for_RollupFix", "18362.1139.1.6").pack("Microsoft-Windows-1909Enablement-Package", "10.0.18362.385")
	r, err := winver.Read(noFiles{fstest.MapFS(i)}, winver.Fast())
	require.NoError(t, err)
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.Equal(t, "1909", r.DisplayVersion)
	for _, e := range r.Evidence {
		require.NoError(t, e.Err, e.Witness)
	}
	// And without Fast, what cannot be opened is evidence with an error.
	r, err = winver.Read(noFiles{fstest.MapFS(i)})
	require.NoError(t, err)
	require.ErrorContains(t, evidence(t, r, winver.WitnessHive).Err, "a file was opened")
	require.ErrorContains(t, evidence(t, r, winver.WitnessKernel).Err, "a file was opened")
	require.Equal(t, "10.0.18363.1139", r.Best().String())
}

func TestUnreadableHive(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty": nil, "garbage": bytes.Repeat([]byte("garbage "), 1000),
		"cut off":    regftest.Build(softwareHive(windows10), regftest.Options{})[:5000],
		"without it": regftest.Build(&regftest.Key{Name: "ROOT"}, regftest.Options{}),
	} {
		i := newImage().add("Windows/System32/config/SOFTWARE", data)
		r := read(t, i)
		require.Error(t, evidence(t, r, winver.WitnessHive).Err, name)
		if name != "without it" {
			require.ErrorIs(t, evidence(t, r, winver.WitnessHive).Err, winver.ErrFormat, name)
		}
		require.Equal(t, "unknown", r.Best().String(), name)
		require.False(t, r.Best().Known(), name)
		require.Equal(t, "no evidence tells the build", r.Best().Reason, name)
		require.Empty(t, r.Disagreement(), name)

		r = read(t, i, xmlSays(t, "10.0.17763"))
		require.Equal(t, "10.0.17763 (update unknown)", r.Best().String(), name)
		r = read(t, i, xmlSays(t, "10.0.17763.1339"))
		require.Equal(t, "10.0.17763.1339", r.Best().String(), name)
		require.Equal(t, winver.WitnessClaim, r.Best().UBRFrom, name)

		// What is in the image counts for more than the XML.
		i.manifest("10.0.17763.1397")
		r = read(t, i, xmlSays(t, "10.0.17763.1339"))
		require.Equal(t, "10.0.17763.1397", r.Best().String(), name)
		require.Equal(t, "the XML says 10.0.17763.1339, but it is 10.0.17763.1397", r.Disagreement(), name)
		r = read(t, i, xmlSays(t, "10.0.14393.1339"))
		require.Equal(t, "10.0.17763.1397", r.Best().String(), name)
	}
}

// A damaged value is not taken for a missing one without a word.
func TestDamagedValue(t *testing.T) {
	root := softwareHive(windows10.with(values{"UBR": nil}))
	root.At(currentVersion).Set(regftest.SZ("UBR", "1139"))
	r := read(t, newImage().hive("SOFTWARE", root, regftest.Options{}))
	require.Equal(t, "10.0.18363 (update unknown)", r.Best().String())
	require.Equal(t, "value UBR: REG_SZ instead of a 32-bit number: registry value of another type", evidence(t, r, winver.WitnessHive).Note)

	r = read(t, newImage().software(windows10.with(values{"CurrentBuild": nil, "CurrentBuildNumber": "?"})))
	require.ErrorIs(t, evidence(t, r, winver.WitnessHive).Err, winver.ErrFormat)
}

func TestDirtyHive(t *testing.T) {
	r := read(t, newImage().hive("SOFTWARE", softwareHive(windows10), regftest.Options{Dirty: true}))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.Contains(t, evidence(t, r, winver.WitnessHive).Note, "not closed cleanly")

	r = read(t, newImage().hive("SOFTWARE", softwareHive(windows10.with(values{"EditionID": uint32(1)})), regftest.Options{Dirty: true}))
	require.Contains(t, evidence(t, r, winver.WitnessHive).Note, "not closed cleanly: changes that are in its log alone are not seen; value EditionID")
}

// A SYSTEM hive tells its state like SOFTWARE, and of either what is there
// counts.
func TestDirtyAndCutHives(t *testing.T) {
	system := &regftest.Key{Name: "ROOT"}
	system.At(`ControlSet001\Control\ProductOptions`).Set(regftest.SZ("ProductType", "WinNT"))
	for range 4 {
		system.Set(regftest.Binary("Data", make([]byte, 4000)))
	}
	r := read(t, newImage().software(windows10).hive("SYSTEM", system, regftest.Options{Dirty: true}))
	require.Equal(t, "WinNT", r.ProductType)
	require.Equal(t, []string{"Windows/System32/config/SYSTEM: the hive was not closed cleanly: changes that are in its log alone are not seen"}, r.Notes)

	cut := func(root *regftest.Key) []byte {
		data := regftest.Build(root, regftest.Options{})
		return data[:len(data)-5000]
	}
	software := softwareHive(windows10)
	for range 4 {
		software.Set(regftest.Binary("Data", make([]byte, 4000)))
	}
	r = read(t, newImage().add("Windows/System32/config/SOFTWARE", cut(software)).add("Windows/System32/config/SYSTEM", cut(system)))
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.Equal(t, "the hive is cut off: what is missing is not seen", evidence(t, r, winver.WitnessHive).Note)
	require.Equal(t, "WinNT", r.ProductType)
	require.Equal(t, []string{"Windows/System32/config/SYSTEM: the hive is cut off: what is missing is not seen"}, r.Notes)
}

// A product type alone tells a client from a server.
func TestProductTypeTellsRelease(t *testing.T) {
	for kind, want := range map[string]string{
		"WinNT": "Windows 10 1903/1909", "ServerNT": "Windows Server, version 1903/1909", "LanmanNT": "Windows Server, version 1903/1909",
		"": "Windows 10 1903/1909 or Windows Server, version 1903/1909",
	} {
		system := &regftest.Key{Name: "ROOT"}
		system.At(`ControlSet001\Control\ProductOptions`).Set(regftest.SZ("ProductType", kind))
		r := read(t, newImage().manifest("10.0.18362.1139").hive("SYSTEM", system, regftest.Options{}))
		require.Equal(t, want, r.Status().ReleaseName(), kind)
	}
	// The edition tells more where there is one.
	for edition, server := range map[string]bool{"ServerStandard": true, "ServerRdsh": false, "Professional": true} {
		e := winver.Edition{ID: edition, ProductType: "ServerNT"}
		name := winver.DefaultTable().Status(version(t, "10.0.18362.1139"), e).ReleaseName()
		require.Equal(t, server, strings.Contains(name, "Server"), name)
	}
}

func TestSystemHive(t *testing.T) {
	system := &regftest.Key{Name: "ROOT"}
	system.At("Select").Set(regftest.DWORD("Current", 2))
	for set, kind := range map[string]string{"ControlSet001": "WinNT", "ControlSet002": "ServerNT"} {
		control := system.At(set + `\Control`)
		control.At("ProductOptions").Set(regftest.SZ("ProductType", kind))
		control.At("Windows").Set(regftest.DWORD("CSDVersion", 0x100))
		control.At(`Nls\Language`).Set(regftest.SZ("InstallLanguage", "0407"))
		control.At(`MUI\UILanguages\de-DE`)
		control.At(`MUI\UILanguages\en-US`)
	}
	r := read(t, newImage().software(windows10).hive("SYSTEM", system, regftest.Options{}))
	require.Equal(t, "ServerNT", r.ProductType)
	require.Equal(t, uint32(1), r.ServicePackLevel)
	require.Equal(t, []string{"de-DE", "en-US"}, r.Languages)
	require.Equal(t, "de-DE", r.DefaultLanguage)
	require.Empty(t, r.Notes)

	// A domain controller is a server, whatever else is missing.
	for kind, want := range map[string]string{"LanmanNT": "Windows 10 Pro", "ServerNT": "Windows 10 Pro", "WinNT": "Windows 11 Pro"} {
		system := &regftest.Key{Name: "ROOT"}
		system.At(`ControlSet001\Control\ProductOptions`).Set(regftest.SZ("ProductType", kind))
		v := windows10.with(values{"CurrentBuild": "26100", "InstallationType": nil, "EditionID": nil})
		require.Equal(t, want, read(t, newImage().software(v).hive("SYSTEM", system, regftest.Options{})).ProductName)
	}

	// Without a Select that can be, it is ControlSet001; what is missing is
	// empty.
	system = &regftest.Key{Name: "ROOT"}
	system.At("Select").Set(regftest.DWORD("Current", 1000))
	system.At(`ControlSet001\Control\ProductOptions`).Set(regftest.SZ("ProductType", "WinNT"))
	r = read(t, newImage().software(windows10).hive("SYSTEM", system, regftest.Options{}))
	require.Equal(t, "WinNT", r.ProductType)
	require.Empty(t, r.Languages)
	require.Empty(t, r.Notes)

	r = read(t, newImage().software(windows10).add("Windows/System32/config/SYSTEM", []byte("x")))
	require.Len(t, r.Notes, 1)
	require.Contains(t, r.Notes[0], "Windows/System32/config/SYSTEM: 1 bytes")
}

// Identifiers are those of MS-LCID.
func TestDefaultLanguage(t *testing.T) {
	for identifier, want := range map[string]string{
		"0409": "en-US", "0407": "de-DE", "0411": "ja-JP", "0804": "zh-CN", "0404": "zh-TW", "0c0a": "es-ES", "080A": "es-MX",
		"0416": "pt-BR", "0816": "pt-PT", "241a": "sr-Latn-RS", "ffff": "", "English": "", "10409": "",
	} {
		system := &regftest.Key{Name: "ROOT"}
		system.At(`ControlSet001\Control\Nls\Language`).Set(regftest.SZ("InstallLanguage", identifier))
		r := read(t, newImage().software(windows10).hive("SYSTEM", system, regftest.Options{}))
		require.Equal(t, want, r.DefaultLanguage, identifier)
	}
}

func TestNotWindows(t *testing.T) {
	for name, tree := range map[string]fstest.MapFS{
		"empty":           {},
		"data":            {"Users/me/notes.txt": {}, "photo.jpg": {}},
		"empty Windows":   {"Windows/notepad.exe": {}},
		"in a deeper one": {"backup/Windows/System32/kernel32.dll": {}},
	} {
		for _, options := range [][]winver.Option{nil, {winver.Fast()}, {xmlSays(t, "10.0.18362.1139")}} {
			_, err := winver.Read(tree, options...)
			require.ErrorIs(t, err, winver.ErrNotWindows, name)
		}
	}
	_, err := winver.Read(os.DirFS(filepath.Join(t.TempDir(), "missing")))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorIs(t, err, winver.ErrNotWindows)
}

func TestSystemRoot(t *testing.T) {
	software := regftest.Build(softwareHive(windows10), regftest.Options{})
	for name, test := range map[string]struct {
		tree fstest.MapFS
		want string
	}{
		"the one with a registry": {fstest.MapFS{
			"Windows/System32/kernel32.dll": {}, "Windows.old/System32/config/SOFTWARE": {Data: software}, "Windows.old/System32/config/SYSTEM": {}}, "Windows.old"},
		"Windows of equals":   {fstest.MapFS{"A/System32/config/SOFTWARE": {Data: software}, "WINDOWS/System32/config/SOFTWARE": {Data: software}}, "WINDOWS"},
		"the first of equals": {fstest.MapFS{"WINNT/System32/config/SOFTWARE": {Data: software}, "X/System32/config/SOFTWARE": {Data: software}}, "WINNT"},
		"one with a kernel": {fstest.MapFS{"A/System32/notepad.exe": {}, "WINNT/system32/NTOSKRNL.EXE": {}, "WINNT/servicing/packages/Microsoft-Windows-1909Enablement-Package~31bf3856ad364e35~amd64~~10.0.18362.385.mum": {},
			"WINNT/servicing/packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6.mum": {}}, "WINNT"},
		"in any case": {fstest.MapFS{"wINDOWS/SYSTEM32/Config/software": {Data: software}}, "wINDOWS"},
	} {
		r, err := winver.Read(test.tree)
		require.NoError(t, err, name)
		require.Equal(t, test.want, r.SystemRoot, name)
		require.Equal(t, "10.0.18363.1139", r.Best().String(), name)
	}
}

// Only so many directories of a root are looked at, but Windows always is.
func TestManyRoots(t *testing.T) {
	i := image{}
	for n := range 1023 {
		i[fmt.Sprintf("Data %d", n)] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	i.add("Later/System32/kernel32.dll", nil)
	require.Equal(t, "Later", read(t, i, winver.Fast()).SystemRoot)
	i["Data 1023"] = &fstest.MapFile{Mode: fs.ModeDir}
	_, err := winver.Read(fstest.MapFS(i), winver.Fast())
	require.ErrorIs(t, err, winver.ErrNotWindows)
	i.add("WINDOWS/System32/kernel32.dll", nil)
	require.Equal(t, "WINDOWS", read(t, i, winver.Fast()).SystemRoot)
}

// TestDirFS reads from a disk whose file system knows case.
func TestDirFS(t *testing.T) {
	root := t.TempDir()
	i := image{}.add("WINDOWS/system32/KERNEL32.DLL", nil).
		add("WINDOWS/system32/Config/software", regftest.Build(softwareHive(windows10), regftest.Options{})).
		add("WINDOWS/winsxs/MANIFESTS/amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest", nil)
	require.NoError(t, os.CopyFS(root, fstest.MapFS(i)))
	r, err := winver.Read(os.DirFS(root))
	require.NoError(t, err)
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.NoError(t, evidence(t, r, winver.WitnessCoreOSRevision).Err)
}

// narrowFS gives files that can only be read, or also sought in.
type narrowFS struct {
	fstest.MapFS
	seek bool
}

func (f narrowFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	if seeker, ok := file.(io.ReadSeeker); ok && f.seek {
		return struct {
			fs.File
			io.Seeker
		}{file, seeker}, nil
	}
	if directory, ok := file.(fs.ReadDirFile); ok {
		return directory, nil
	}
	return struct{ fs.File }{file}, nil
}

func TestFilesOfManyKinds(t *testing.T) {
	i := newImage().software(windows10).kernel(t, version(t, "10.0.18362.1110"))
	for _, seek := range []bool{false, true} {
		r, err := winver.Read(narrowFS{fstest.MapFS(i), seek})
		require.NoError(t, err)
		require.Equal(t, "10.0.18363.1139", r.Best().String())
		require.Equal(t, "10.0.18362.1110", evidence(t, r, winver.WitnessKernel).Version.String())
	}
	// Files that are something else.
	i["Windows/System32/ntoskrnl.exe"] = &fstest.MapFile{Mode: fs.ModeDir}
	require.ErrorContains(t, evidence(t, read(t, i), winver.WitnessKernel).Err, "is a directory")
	i["Windows/System32/ntoskrnl.exe"] = &fstest.MapFile{Data: []byte("MZ")}
	require.ErrorIs(t, evidence(t, read(t, i), winver.WitnessKernel).Err, winver.ErrFormat)
	delete(i, "Windows/System32/ntoskrnl.exe")
	require.ErrorIs(t, evidence(t, read(t, i), winver.WitnessKernel).Err, fs.ErrNotExist)
}

// A claim without a version is no evidence, but may tell the edition.
func TestClaimWithoutVersion(t *testing.T) {
	r := read(t, newImage().manifest("10.0.18362.1139"), winver.WithClaim(winver.Claim{
		Version: winver.Version{UBR: 5}, Edition: winver.Edition{ID: "ServerStandard", ProductType: "ServerNT"}, Architecture: "arm64"}))
	require.ErrorIs(t, evidence(t, r, winver.WitnessClaim).Err, fs.ErrNotExist)
	require.Equal(t, "10.0.18362.1139", r.Best().String())
	require.Equal(t, "ServerStandard", r.EditionID)
	require.Equal(t, "ServerNT", r.ProductType)
	require.Equal(t, "x64", r.Architecture) // by the manifest's name
	require.Empty(t, r.Disagreement())
}

// A loaded table may know releases that the built-in one does not.
func TestWithTable(t *testing.T) {
	table, err := winver.LoadTable(strings.NewReader("windows-table\t1\nextends\tbuilt-in\nas-of\t2027-01-01\n" +
		"release\t26400\t26100\tWindows 11\t27H2\tGermanium\tclient\t2027-01-01\t-\t-\t-\n"))
	require.NoError(t, err)
	i := newImage().pack("Microsoft-Windows-27H2Enablement-Package", "10.0.26100.1").pack("Package_for_RollupFix", "26100.9550.1.1")
	require.Equal(t, "10.0.26100.9550", read(t, i).Best().String())
	require.Equal(t, "10.0.26400.9550", read(t, i, winver.WithTable(table)).Best().String())
}

func TestEvidenceJSON(t *testing.T) {
	r := read(t, newImage().software(windows10), xmlSays(t, "10.0.18362.1139"))
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back struct {
		SystemRoot string `json:"system_root"`
		Edition    string `json:"edition"`
		Evidence   []struct {
			Witness, Source, Value, Version, Error string
			HasUBR                                 bool `json:"has_ubr"`
		}
	}
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, "Windows", back.SystemRoot)
	require.Equal(t, "Professional", back.Edition)
	require.Equal(t, "hive", back.Evidence[0].Witness)
	require.Equal(t, "18363.1139", back.Evidence[0].Value)
	require.Equal(t, "10.0.18363.1139", back.Evidence[0].Version)
	require.True(t, back.Evidence[0].HasUBR)
	require.Contains(t, back.Evidence[1].Error, "not in the registry hive")
	var whole struct {
		Verdict      json.RawMessage
		Update       json.RawMessage
		Disagreement string
	}
	require.NoError(t, json.Unmarshal(text, &whole))
	require.Equal(t, r.Disagreement(), whole.Disagreement)
	verdict, err := json.Marshal(r.Best())
	require.NoError(t, err)
	require.JSONEq(t, string(verdict), string(whole.Verdict))
	require.JSONEq(t, `{"release": "Windows 10 1909", "kb": "KB4577671", "released": "2020-10-13", "kind": "security",
		"newest": {"ubr": 2274, "kb": "KB5013945", "released": "2022-05-10", "kind": "security"},
		"newer_monthly": 19, "newer_other": 17, "end_of_service": "2021-05-11", "as_of": "2026-09-29"}`, string(whole.Update))

	// A build that the table does not know has no update.
	text, err = json.Marshal(read(t, newImage().software(windows10.with(values{"CurrentBuild": "15254"}))))
	require.NoError(t, err)
	require.NotContains(t, string(text), `"update"`)

	text, err = json.Marshal(r.Best())
	require.NoError(t, err)
	require.JSONEq(t, `{"version": "10.0.18363.1139", "has_ubr": true, "build_exact": true, "build_from": "hive", "ubr_from": "hive",
		"reason": "build 18363 from the SOFTWARE hive; UBR 1139 from the SOFTWARE hive"}`, string(text))
}
