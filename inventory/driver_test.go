package inventory_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/winver"
)

// fixture is a hive that hivex made.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

// The drivers are those of some Windows 8.1 and 10, as DISM and the device
// manager show them.
func TestDrivers(t *testing.T) {
	i := read(t, newTree().file(config+"SYSTEM", fixture(t, "system.hive")).file(config+"DRIVERS", fixture(t, "drivers.hive")))
	require.Equal(t, "DESKTOP-M3OSHQU", i.Machine.ComputerName)
	require.Equal(t, "W. Europe Standard Time", i.Machine.TimeZone)
	require.EqualValues(t, -60, *i.Machine.Bias)
	require.Equal(t, "AMD64", i.Machine.Architecture)
	require.Equal(t, "full", i.Languages[0].Kind)

	type row struct {
		published, original, provider, class, date, version, signed string
		inbox, critical                                             bool
	}
	var rows []row
	byName := map[string]inventory.Driver{}
	for _, d := range i.Drivers {
		date := ""
		if !d.Date.IsZero() {
			date = d.Date.Format("2006-01-02")
		}
		byName[d.Published] = d
		rows = append(rows, row{d.Published, d.Original, d.Provider, d.Class, date, d.Version, d.SignedAs(), d.Inbox, d.BootCritical})
	}
	require.Equal(t, []row{
		{"oem3.inf", "Apfiltr.inf", "Alps", "Mouse", "2015-06-23", "10.1207.101.103", "WHQL", false, true},
		{"oem9.inf", "broken.inf", "47 bytes", "", "", "", "unsigned", false, true},
		{"netarm.inf", "netarm.inf", "Microsoft", "Net", "2021-01-20", "1.2.3.4", "inbox", true, false},
		{"oem-netkvm.inf", "netkvm.inf", "Red Hat, Inc.", "Net", "2021-01-20", "100.85.104.19900", "", false, false},
		{"oem5.inf", "pvscsi.inf", "VMware, Inc.", "SCSIAdapter", "2021-04-26", "1.3.17.0", "WHQL", false, true},
		{"usbport.inf", "usbport.inf", "Microsoft", "USB", "2006-06-21", "10.0.19041.1", "inbox", true, true},
		{"oem1.inf", "VBoxGuest.inf", "Oracle Corporation", "System", "2015-11-10", "5.0.10.0", "Authenticode", false, true},
	}, rows)
	require.Len(t, byName["usbport.inf"].Sources, 2) // in both hives
	require.EqualValues(t, 12, *byName["netarm.inf"].Architecture)
	require.EqualValues(t, 9, *byName["oem5.inf"].Architecture)
	require.Equal(t, "{4d36e97b-e325-11ce-bfc1-08002be10318}", byName["oem5.inf"].ClassGUID)
	require.Equal(t, "pvscsi.cat", byName["oem5.inf"].Catalog)
	require.Equal(t, "Microsoft Windows Hardware Compatibility Publisher", byName["oem5.inf"].Signer)
	require.Equal(t, "2021-10-30", byName["oem5.inf"].Imported.Format("2006-01-02"))
	require.EqualValues(t, 0x12, *byName["oem5.inf"].StatusFlags)
	require.ErrorIs(t, byName["oem9.inf"].Sources[0].Err, winver.ErrFormat)
	require.EqualError(t, byName["oem9.inf"].Sources[0].Err, "value Version has 47 bytes, where 48 are")
	require.NoError(t, byName["oem5.inf"].Sources[0].Err)
}

// Windows 7 has no database.
func TestNoDriverDatabase(t *testing.T) {
	i := read(t, newTree().hive(config+"SYSTEM", &regftest.Key{Name: "ROOT"}))
	require.Empty(t, i.Drivers)
	require.NotNil(t, i.Drivers)
	require.Contains(t, i.Notes, "drivers: no hive has a database of drivers: Windows 8 and later have one")
}

func TestDriverVersionBytes(t *testing.T) {
	for _, length := range []int{0, 47, 49} {
		root := &regftest.Key{Name: "ROOT"}
		root.At(`DriverDatabase\DriverPackages\viostor.inf_amd64_7eb6c8bb41adc2f7`).Set(
			regftest.SZ("", "oem-viostor.inf"), regftest.Binary("Version", make([]byte, length)))
		i := read(t, newTree().hive(config+"DRIVERS", root))
		require.Len(t, i.Drivers, 1)
		require.Equal(t, "viostor.inf", i.Drivers[0].Original)
		require.False(t, i.Drivers[0].Inbox)
		require.ErrorIs(t, i.Drivers[0].Sources[0].Err, winver.ErrFormat)
	}
}
