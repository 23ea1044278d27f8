package inventory_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/winver"
)

const (
	config   = "Windows/System32/config/"
	packages = "Windows/servicing/Packages/"
	cbs      = `Microsoft\Windows\CurrentVersion\Component Based Servicing`
	token    = "~31bf3856ad364e35~amd64~~"
)

// tree is a Windows that a test puts together.
type tree fstest.MapFS

func newTree() tree { return tree{"Windows/System32/kernel32.dll": {}} }

// hive adds a hive.
func (t tree) hive(path string, root *regftest.Key) tree {
	return t.file(path, regftest.Build(root, regftest.Options{}))
}

func (t tree) file(path string, data []byte) tree {
	t[path] = &fstest.MapFile{Data: data}
	return t
}

// installed is a key of packages with states: at the values that CBS gives
// them.
func software(states map[string]uint32) *regftest.Key {
	root := &regftest.Key{Name: "ROOT"}
	for id, state := range states {
		root.At(cbs+`\Packages\`+id).Set(regftest.DWORD("CurrentState", state), regftest.DWORD("Visibility", 1))
	}
	return root
}

func read(t *testing.T, tree tree, options ...inventory.Option) *inventory.Inventory {
	t.Helper()
	i, err := inventory.Read(context.Background(), fstest.MapFS(tree), options...)
	require.NoError(t, err)
	_, err = json.Marshal(i)
	require.NoError(t, err)
	return i
}

// The values are those of a Windows 7 that somebody used.
func TestMachine(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At("Select").Set(regftest.DWORD("Current", 1), regftest.DWORD("Default", 1), regftest.DWORD("Failed", 0), regftest.DWORD("LastKnownGood", 2))
	const control = `ControlSet001\Control\`
	// What comes after the NUL is rubbish that Windows leaves there.
	zone := append(regftest.Text("Eastern Standard Time\x00"), regftest.Text("\u30ab rubbish")...)
	root.At(control+"TimeZoneInformation").Set(regftest.Value{Name: "TimeZoneKeyName", Type: 1, Data: zone}, regftest.DWORD("Bias", 300))
	root.At(control + `ComputerName\ComputerName`).Set(regftest.SZ("ComputerName", "WKS-WIN732BITA"))
	root.At(control + `Session Manager\Environment`).Set(regftest.SZ("PROCESSOR_ARCHITECTURE", "x86"))
	root.At(control+`Nls\Language`).Set(regftest.SZ("InstallLanguage", "0409"), regftest.SZ("Default", "0407"))
	root.At(control+`MUI\UILanguages\en-US`).Set(regftest.DWORD("LCID", 0x409), regftest.DWORD("Type", 0x91))
	root.At(control+`MUI\UILanguages\be-BY`).Set(regftest.DWORD("LCID", 0x423), regftest.DWORD("Type", 0x94), regftest.SZ("DefaultFallback", "ru-RU"))
	root.At(control + `MUI\UILanguages\PendingDelete\fr-FR`)
	root.At(control+"ProductOptions").Set(regftest.SZ("ProductType", "WinNT"), regftest.MultiSZ("ProductSuite", "Terminal Server"))
	root.At(`ControlSet001\Services\Tcpip\Parameters`).Set(regftest.SZ("NV Hostname", "WKS-WIN732BITA"), regftest.SZ("Domain", "shieldbase.local"))
	root.At(`ControlSet002\Control\ComputerName\ComputerName`).Set(regftest.SZ("ComputerName", "OLD"))
	root.At("Setup").Set(regftest.DWORD("SystemSetupInProgress", 0), regftest.DWORD("SetupType", 0),
		regftest.MultiSZ("CloneTag", "Sat Dec 07 09:18:25 2019"))
	root.At(`Setup\Source OS (Updated on 5/21/2019 10:11:12)`)
	user := &regftest.Key{Name: "ROOT"}
	user.At(`Control Panel\International`).Set(regftest.SZ("LocaleName", "de-DE"))
	user.At(`Keyboard Layout\Preload`).Set(regftest.SZ("1", "00000407"), regftest.SZ("2", "00000409"))

	i := read(t, newTree().hive("Windows/System32/Config/system", root).hive("Users/default/ntuser.dat", user))
	m := i.Machine
	require.Equal(t, "Windows", i.SystemRoot)
	require.Equal(t, "Eastern Standard Time", m.TimeZone)
	require.EqualValues(t, 300, *m.Bias)
	require.Equal(t, "WKS-WIN732BITA", m.ComputerName)
	require.Equal(t, "WKS-WIN732BITA", m.Hostname)
	require.Equal(t, "shieldbase.local", m.Domain)
	require.Equal(t, "x86", m.Architecture)
	require.Equal(t, "WinNT", m.ProductType)
	require.Equal(t, "en-US", m.UILanguage)
	require.Equal(t, "de-DE", m.SystemLocale)
	require.Equal(t, "de-DE", m.UserLocale)
	require.Equal(t, []string{"00000407", "00000409"}, m.Keyboards)
	require.EqualValues(t, 1, m.ControlSet)
	require.EqualValues(t, 2, *m.Select.LastKnownGood)
	require.Equal(t, []string{"Sat Dec 07 09:18:25 2019"}, m.Setup.CloneTag)
	require.Equal(t, []string{"Source OS (Updated on 5/21/2019 10:11:12)"}, m.Setup.UpgradedFrom)

	require.Len(t, i.Languages, 2)
	require.Equal(t, "be-BY", i.Languages[0].Tag)
	require.Equal(t, "lip", i.Languages[0].Kind)
	require.Equal(t, "ru-RU", i.Languages[0].Fallback)
	require.Equal(t, "en-US", i.Languages[1].Tag)
	require.Equal(t, "full", i.Languages[1].Kind)
	require.EqualValues(t, 0x91, *i.Languages[1].Type)
	require.True(t, i.Languages[1].Default)
	require.Contains(t, i.Notes, "Windows/System32/config/SOFTWARE: not there")
}

// The control set is that of the next boot, or else of the last one, or else 1.
func TestControlSet(t *testing.T) {
	for _, test := range []struct {
		values []regftest.Value
		want   uint32
	}{
		{[]regftest.Value{regftest.DWORD("Current", 1), regftest.DWORD("Default", 2)}, 2},
		{[]regftest.Value{regftest.DWORD("Current", 3)}, 3},
		{[]regftest.Value{regftest.DWORD("Current", 3), regftest.DWORD("Default", 1<<31)}, 3},
		{[]regftest.Value{regftest.SZ("Current", "2")}, 1},
		{nil, 1},
	} {
		root := &regftest.Key{Name: "ROOT"}
		root.At("Select").Set(test.values...)
		for set, name := range map[string]string{"1": "one", "2": "two", "3": "three"} {
			root.At(`ControlSet00` + set + `\Control\ComputerName\ComputerName`).Set(regftest.SZ("ComputerName", name))
		}
		m := read(t, newTree().hive(config+"SYSTEM", root)).Machine
		require.Equal(t, test.want, m.ControlSet)
		require.Equal(t, []string{"one", "two", "three"}[test.want-1], m.ComputerName)
	}
}

// The numbers are those of Microsoft's chart of servicing states, the words
// those of DISM.
func TestPackageStates(t *testing.T) {
	for number, want := range map[uint32]struct {
		state inventory.State
		text  string
	}{
		0:          {inventory.StateAbsent, "Not Present"},
		5:          {inventory.StateUninstallPending, "Uninstall Pending"},
		16:         {inventory.StateResolving, "Resolving"},
		32:         {inventory.StateResolved, "Removed"},
		48:         {inventory.StateStaging, "Staging"},
		64:         {inventory.StateStaged, "Staged"},
		80:         {inventory.StateSuperseded, "Superseded"},
		96:         {inventory.StateInstallPending, "Install Pending"},
		101:        {inventory.StatePartiallyInstalled, "Partially Installed"},
		112:        {inventory.StateInstalled, "Installed"},
		128:        {inventory.StatePermanent, "Installed"},
		7:          {inventory.StateUnknown, "Unknown"},
		0xFFFFFF90: {inventory.StateBroken, "Broken"},
	} {
		i := read(t, newTree().hive(config+"SOFTWARE", software(map[string]uint32{"Some-Package" + token + "10.0.1.1": number})))
		require.Len(t, i.Packages, 1)
		require.Equal(t, want.state, i.Packages[0].State, number)
		require.Equal(t, want.text, i.Packages[0].State.String())
		require.Equal(t, number, *i.Packages[0].RawState)
	}
}

func TestPackages(t *testing.T) {
	const foundation = "Microsoft-Windows-Foundation-Package" + token + "10.0.17763.1"
	const hidden = "Microsoft-Windows-Foo-Package~31bf3856ad364e35~amd64~de-DE~10.0.17763.1"
	root := &regftest.Key{Name: "ROOT"}
	// 131844258910000000 is 2018-10-18T22:24:51Z, 0x01D46731_E5C5D180.
	const when = uint64(131844258910000000)
	root.At(cbs+`\Packages\`+foundation).Set(regftest.DWORD("CurrentState", 0x70), regftest.DWORD("Visibility", 1),
		regftest.DWORD("InstallTimeHigh", uint32(when>>32)), regftest.DWORD("InstallTimeLow", uint32(when&0xFFFFFFFF)),
		regftest.SZ("InstallClient", "DISM Package Manager Provider"))
	root.At(cbs + `\Packages\` + foundation + `\Owners`).Set(regftest.DWORD("owner", 0x20070))
	root.At(cbs+`\Packages\`+hidden).Set(regftest.DWORD("CurrentState", 0x70), regftest.DWORD("Visibility", 2))
	root.At(cbs + `\Packages\rubbish`)
	i := read(t, newTree().hive(config+"SOFTWARE", root).
		file(packages+foundation+".mum", nil).file(packages+"left-over"+token+"1.0.0.0.MUM", nil))

	require.Len(t, i.Packages, 3)
	leftOver, foo, p := i.Packages[0], i.Packages[1], i.Packages[2]
	require.Equal(t, inventory.Identity{Name: "Microsoft-Windows-Foundation-Package", Token: "31bf3856ad364e35", Architecture: "amd64", Version: "10.0.17763.1"}, p.ID)
	require.Equal(t, foundation, p.ID.String())
	require.True(t, p.Visible && p.HasKey && p.HasMUM)
	require.Equal(t, time.Unix(int64(when/10_000_000)-11644473600, 0).UTC(), p.Installed)
	require.Equal(t, 2018, p.Installed.Year())
	require.Equal(t, "DISM Package Manager Provider", p.Client)
	require.Equal(t, []string{"owner"}, p.Owners)
	require.Equal(t, "de-DE", foo.ID.Language)
	require.False(t, foo.Visible)
	require.False(t, foo.HasMUM)
	require.False(t, leftOver.HasKey)
	require.Equal(t, inventory.StateUnknown, leftOver.State)
	require.Contains(t, i.Notes, "packages: "+hidden+" in the registry but without a .mum file: the store is damaged")
	require.Contains(t, i.Notes, "packages: left-over"+token+"1.0.0.0 with a .mum file but not in the registry: left over, or staged by some tool")
}

// Build, UBR and article are those of Microsoft's update histories.
func TestUpdates(t *testing.T) {
	i := read(t, newTree().hive(config+"SOFTWARE", software(map[string]uint32{
		"Package_for_RollupFix" + token + "17763.107.1.5":              0x70,
		"Package_for_RollupFix" + token + "17763.55.1.4":               0x50, // KB4464330
		"Package_for_RollupFix" + token + "17763.55555.1.4":            0x40, // not in the table
		"Package_for_KB2779030_SP1" + token + "6.1.1.2":                0x50,
		"Package_for_KB2779030_RTM" + token + "6.1.1.1":                0x70,
		"Package_for_KB2779030" + token + "6.1.1.0":                    0x00,
		"Package_for_KB777778" + token + "10.0.1.0":                    0x70,
		"Package_for_KB999" + token + "10.0.1.0":                       0x00, // absent
		"Package_1_for_KB4464455" + token + "10.0.1.0":                 0x70, // a part
		"Package_for_ServicingStack_1234" + token + "17763.1234.1.0":   0x60,
		"Microsoft-Windows-Client-LanguagePack-Package" + token + "10": 0x70,
	})))
	type row struct {
		kb    string
		kind  inventory.UpdateKind
		state inventory.State
		count int
	}
	var rows []row
	for _, u := range i.Updates {
		rows = append(rows, row{u.KB.String(), u.Kind, u.State, len(u.Packages)})
	}
	require.Equal(t, []row{
		{"", inventory.UpdateOther, inventory.StateInstalled, 1}, // a place holder is no article
		{"", inventory.UpdateCumulative, inventory.StateStaged, 1},
		{"", inventory.UpdateServicingStack, inventory.StateInstallPending, 1},
		{"KB2779030", inventory.UpdateOther, inventory.StateInstalled, 2},
		{"KB4464330", inventory.UpdateCumulative, inventory.StateSuperseded, 1},
		{"KB4464455", inventory.UpdateCumulative, inventory.StateInstalled, 1},
	}, rows)
	lcu := i.Updates[5]
	require.Equal(t, "17763.107.1.5", lcu.Version)
	require.Equal(t, winver.Version{Major: 10, Build: 17763, UBR: 107}, lcu.Windows)
	require.Equal(t, "2018-11-13", lcu.Released.String())
	require.Equal(t, "6.1.1.1", i.Updates[3].Version)
}

// Without a hive there are names, and no state is made up.
func TestNamesOnly(t *testing.T) {
	i := read(t, newTree().file(packages+"Package_for_RollupFix"+token+"26100.9457.1.0.mum", nil))
	require.Len(t, i.Packages, 1)
	require.Equal(t, inventory.StateUnknown, i.Packages[0].State)
	require.Nil(t, i.Packages[0].RawState)
	require.Len(t, i.Updates, 1)
	require.Equal(t, "KB5129195", i.Updates[0].KB.String())
	require.Contains(t, i.Notes, "packages: names only, as the registry does not tell of them: superseded and staged ones are among them")
}

func TestNoWindows(t *testing.T) {
	_, err := inventory.Read(context.Background(), fstest.MapFS{"a": {}})
	require.ErrorIs(t, err, winver.ErrNotWindows)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = inventory.Read(ended, fstest.MapFS(newTree()))
	require.ErrorIs(t, err, context.Canceled)
}

// A hive that was not closed cleanly is read, and all that it tells is marked.
func TestDirtyHive(t *testing.T) {
	root := software(map[string]uint32{"Package_for_KB1" + token + "6.1.1.1": 0x70})
	i := read(t, newTree().file(config+"SOFTWARE", regftest.Build(root, regftest.Options{Dirty: true})))
	require.Len(t, i.Updates, 1)
	require.True(t, i.Updates[0].Sources[0].Stale)
	require.Contains(t, i.Notes, config+"SOFTWARE: the hive was not closed cleanly: changes that are in its log alone are not seen")
}
