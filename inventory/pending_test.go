package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
)

func markers(i *inventory.Inventory) map[string]string {
	found := map[string]string{}
	for _, m := range i.Markers {
		found[m.Name] = m.Detail
	}
	return found
}

// Sessions that are complete stay in the registry: they mean nothing.
func TestSessionsPending(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At(cbs + `\SessionsPending`).Set(regftest.DWORD("Exclusive", 0))
	root.At(cbs + `\SessionsPending\30712345_1`).Set(regftest.DWORD("Complete", 1))
	root.At(cbs + `\SessionsPending\30712345_2`).Set(regftest.SZ("1_Complete", "2024/05/14"))
	root.At(cbs + `\PackageIndex`)
	i := read(t, newTree().hive(config+"SOFTWARE", root))
	require.False(t, i.Pending())
	require.Empty(t, i.Markers)

	root.At(cbs + `\PackagesPending`)
	i = read(t, newTree().hive(config+"SOFTWARE", root))
	require.True(t, i.Pending())
	require.Equal(t, map[string]string{"PackagesPending": ""}, markers(i))

	root.At(cbs + `\SessionsPending\30712345_3`).Set(regftest.DWORD("Complete", 0))
	i = read(t, newTree().hive(config+"SOFTWARE", root))
	require.Equal(t, "1 of 3 sessions are not complete", markers(i)["SessionsPending"])
}

func TestMarkers(t *testing.T) {
	const side = `Microsoft\Windows\CurrentVersion\SideBySide\Configuration`
	settled := &regftest.Key{Name: "ROOT"}
	settled.Set(regftest.Binary("PendingXmlIdentifier", nil), regftest.DWORD("NextQueueEntryIndex", 0), regftest.DWORD("StoreDirty", 0))
	quiet := software(map[string]uint32{"A" + token + "1.0.0.0": 0x70})
	quiet.At(side).Set(regftest.MultiSZ("PoqexecCmdline"))
	i := read(t, newTree().hive(config+"COMPONENTS", settled).hive(config+"SOFTWARE", quiet).file(config+"SYSTEM", fixture(t, "system.hive")))
	require.False(t, i.Pending())
	// Leftovers of installers are no reason to say so.
	require.Equal(t, map[string]string{"PendingFileRenameOperations": "2 files: 1 to delete, 1 to replace others"}, markers(i))

	busy := &regftest.Key{Name: "ROOT"}
	busy.Set(regftest.Binary("PendingXmlIdentifier", regftest.Text("0123456789abcdef0123456789abcdef")), regftest.DWORD("NextQueueEntryIndex", 5),
		regftest.DWORD("StoreDirty", 1))
	root := software(map[string]uint32{"Package_for_KB5" + token + "1.0.0.0": 0x60, "B" + token + "1.0.0.0": 0x05})
	root.At(cbs).Set(regftest.DWORD("Unserviceable", 1))
	root.At(cbs + `\Interface`).Set(regftest.DWORD("ServicingInProgress", 1))
	root.At(cbs + `\RebootPending`)
	root.At(cbs + `\RebootInProgress`)
	root.At(side).Set(regftest.MultiSZ("PoqexecCmdline", "poqexec.exe", "/noreboot"))
	system := &regftest.Key{Name: "ROOT"}
	system.At(`ControlSet001\Services\TrustedInstaller`).Set(regftest.DWORD("Start", 2))
	i = read(t, newTree().hive(config+"COMPONENTS", busy).hive(config+"SOFTWARE", root).hive(config+"SYSTEM", system).
		file("Windows/winsxs/Pending.xml", nil))
	require.True(t, i.Pending())
	require.Equal(t, map[string]string{
		"PendingXmlIdentifier": "", "NextQueueEntryIndex": "", "StoreDirty": "", "Unserviceable": "nothing can be serviced any more",
		"ServicingInProgress": "", "RebootPending": "", "RebootInProgress": "", "PoqexecCmdline": "", "TrustedInstaller": "starts at boot",
		"pending.xml": "", "package Install Pending": "Package_for_KB5" + token + "1.0.0.0", "package Uninstall Pending": "B" + token + "1.0.0.0",
	}, markers(i))
}

// As tools that change the edition find it: the current one is installed, an
// older version of it superseded, and those that it can become are staged.
func TestEditions(t *testing.T) {
	root := software(map[string]uint32{
		"Microsoft-Windows-ProfessionalEdition" + token + "10.0.17763.107": 0x70,
		"Microsoft-Windows-ProfessionalEdition" + token + "10.0.17763.1":   0x50,
		"Microsoft-Windows-EducationEdition" + token + "10.0.17763.107":    0x40,
		"Microsoft-Windows-Edition" + token + "10.0.17763.107":             0x40,
	})
	const current = `Microsoft\Windows NT\CurrentVersion`
	root.At(current).Set(regftest.SZ("EditionID", "Professional"), regftest.SZ("CompositionEditionID", "Enterprise"))
	i := read(t, newTree().hive(config+"SOFTWARE", root).
		file("Windows/servicing/Editions/EnterpriseEdition.xml", nil).file("Windows/servicing/Editions/EditionMatrix.xml", nil))
	require.Equal(t, inventory.Editions{Current: "Professional", Staged: []string{"Education"}, Settable: []string{"Enterprise"}}, i.Editions)
	require.Equal(t, "Enterprise", i.Machine.CompositionEditionID)
	for _, note := range i.Notes {
		require.NotContains(t, note, "editions")
	}

	root.At(current).Values[0] = regftest.SZ("EditionID", "IoTEnterprise")
	i = read(t, newTree().hive(config+"SOFTWARE", root))
	require.Contains(t, i.Notes, "editions: the package of Professional is installed, but the registry says IoTEnterprise")
}
