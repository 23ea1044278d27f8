package inventory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
)

const (
	provisioning = "ProgramData/Microsoft/Windows/AppxProvisioning.xml"
	appStore     = `Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore`
	windowsApps  = "Program Files/WindowsApps/"
)

// Of a bundle there is the bundle, a package for the architecture and some for
// languages: DISM lists the first one only. The versions are those of Paint.
func TestApps(t *testing.T) {
	const list = `<?xml version="1.0" encoding="utf-8"?>
<AppxProvisionList><Provisioned>
<Package FullName="Microsoft.Paint_2022.507.446.0_neutral_~_8wekyb3d8bbwe" PackageType="bundle" />
<Package FullName="Microsoft.Paint_11.2201.22.0_x64__8wekyb3d8bbwe" ProvisionSourceIsBundle="true" />
<Package FullName="Microsoft.Paint_11.2201.22.0_neutral_split.scale-100_8wekyb3d8bbwe" PackageType="resource" />
<Package FullName="Microsoft.VCLibs.140.00_14.0.30704.0_x64__8wekyb3d8bbwe" IsLOBApp="true" />
<Package FullName="Single.App_1.0.0.0_x64__abcdefghjkmnp" />
<Package FullName="Own.Framework_1.0.0.0_x64__abcdefghjkmnp" />
<Package FullName="rubbish" /><Package/>
</Provisioned><EndOfLife><Package FamilyName="Microsoft.Getstarted_8wekyb3d8bbwe" /></EndOfLife></AppxProvisionList>`
	manifest := func(framework string) []byte {
		return []byte(`<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"><Identity/><Properties><Framework>` +
			framework + `</Framework></Properties></Package>`)
	}
	root := &regftest.Key{Name: "ROOT"}
	root.At(appStore + `\Applications\Registry.App_1.0.0.0_x64__abcdefghjkmnp`).Set(regftest.SZ("Path", "x"))
	root.At(appStore + `\InboxApplications\Windows.CBSPreview_10.0.22621.1_neutral_neutral_cw5n1h2txyewy`)
	root.At(appStore + `\Deprovisioned\Microsoft.ZuneMusic_8wekyb3d8bbwe`)
	i := read(t, newTree().file(provisioning, []byte(list)).hive(config+"SOFTWARE", root).
		file(windowsApps+"Single.App_1.0.0.0_x64__abcdefghjkmnp/AppxManifest.xml", manifest("false")).
		file(windowsApps+"Own.Framework_1.0.0.0_x64__abcdefghjkmnp/appxmanifest.xml", manifest(" true ")).
		file(windowsApps+"Left.Over_1.0.0.0_x64__abcdefghjkmnp/AppxManifest.xml", []byte("<Package>")).
		file(windowsApps+"Deleted/x", nil))

	listed := map[string]bool{}
	kinds := map[string]inventory.AppKind{}
	byName := map[string]inventory.App{}
	for _, a := range i.Apps {
		kinds[a.Name+" "+a.ResourceID+" "+a.Version] = a.Kind
		byName[a.Name] = a
		if a.Listed() {
			listed[a.FullName] = true
		}
	}
	require.Equal(t, map[string]inventory.AppKind{
		"Microsoft.Paint ~ 2022.507.446.0":             "bundle",
		"Microsoft.Paint  11.2201.22.0":                "member",
		"Microsoft.Paint split.scale-100 11.2201.22.0": "resource",
		"Microsoft.VCLibs.140.00  14.0.30704.0":        "framework",
		"Single.App  1.0.0.0":                          "main",
		"Own.Framework  1.0.0.0":                       "framework",
		"Registry.App  1.0.0.0":                        "main",
		"Windows.CBSPreview neutral 10.0.22621.1":      "main",
		"Left.Over  1.0.0.0":                           "main",
	}, kinds)
	require.Equal(t, map[string]bool{
		"Microsoft.Paint_2022.507.446.0_neutral_~_8wekyb3d8bbwe": true, "Single.App_1.0.0.0_x64__abcdefghjkmnp": true,
		"Registry.App_1.0.0.0_x64__abcdefghjkmnp": true,
	}, listed)
	require.Equal(t, "8wekyb3d8bbwe", byName["Microsoft.Paint"].PublisherID)
	require.Equal(t, "x64", byName["Single.App"].Architecture)
	require.True(t, byName["Single.App"].HasFiles)
	require.False(t, byName["Registry.App"].HasFiles)
	require.True(t, byName["Windows.CBSPreview"].Inbox)
	require.False(t, byName["Left.Over"].Provisioned)
	sources := byName["Left.Over"].Sources
	require.ErrorContains(t, sources[len(sources)-1].Err, "ends in the element")
	require.Equal(t, []string{"Microsoft.ZuneMusic_8wekyb3d8bbwe"}, i.Deprovisioned)
	require.Equal(t, []string{"Microsoft.Getstarted_8wekyb3d8bbwe"}, i.EndOfLife)
}

func TestDamagedProvisioning(t *testing.T) {
	i := read(t, newTree().file(provisioning, []byte(`<!DOCTYPE x><AppxProvisionList/>`)))
	require.Empty(t, i.Apps)
	require.Contains(t, strings.Join(i.Notes, "\n"), provisioning+": has a DTD")
}
