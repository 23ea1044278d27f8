package winver

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListedNames(t *testing.T) {
	v, architecture, ok := coreOSRevision("AMD64_Microsoft-Windows-CoreOS-Revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest")
	require.True(t, ok)
	require.Equal(t, "amd64", architecture)
	require.Equal(t, Version{10, 0, 18362, 1139}, v)
	for _, name := range []string{
		"amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_18362.1139_none_6abf4b59cd5e60ef.manifest",
		"amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest.bak",
		"x_amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest",
		"microsoft-windows-coreos-revision_10.0.18362.1139.manifest",
	} {
		_, _, ok := coreOSRevision(name)
		require.False(t, ok, name)
	}

	v, architecture, ok = rollupFix("package_for_rollupfix~31bf3856ad364e35~arm64~~22621.2428.1.9.MUM")
	require.True(t, ok)
	require.Equal(t, "arm64", architecture)
	require.Equal(t, Version{10, 0, 22621, 2428}, v)
	for _, name := range []string{
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~22621.2428.1.mum", "Package_for_RollupFix~31bf3856ad364e35~amd64~22621.2428.1.9.mum",
		"Package_for_RollupFix_1~31bf3856ad364e35~amd64~~22621.2428.1.9.mum", "Package_for_RollupFix~31bf3856ad364e35~amd64~~-1.2428.1.9.mum",
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~22621.2428.1.9.cat", "Package_for_RollupFix", "",
	} {
		_, _, ok := rollupFix(name)
		require.False(t, ok, name)
	}
}

func FuzzListedNames(f *testing.F) {
	f.Add("amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest")
	f.Add("Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6.mum")
	f.Add("Microsoft-Windows-1909Enablement-Package~31bf3856ad364e35~amd64~~10.0.18362.385.mum")
	f.Add("Package_for_KB4517245~31bf3856ad364e35~amd64~~10.0.1.0.mum")
	f.Fuzz(func(t *testing.T, name string) {
		if v, _, ok := coreOSRevision(name); ok {
			require.Contains(t, name, fmt.Sprint(v.Build))
		}
		if v, _, ok := rollupFix(name); ok {
			require.Contains(t, name, fmt.Sprint(v.UBR))
		}
		if _, build := DefaultTable().enablementPackage(name); build != 0 {
			require.NotZero(t, DefaultTable().base(build)) // in the table
		}
	})
}

// BenchmarkListedNames looks for a manifest among 20,000, as many as an image
// of Windows 11 has. It is why coreOSRevision compares before it splits.
func BenchmarkListedNames(b *testing.B) {
	names := make([]string, 20_000)
	for i := range names {
		names[i] = fmt.Sprintf("amd64_microsoft-windows-thing-%d_31bf3856ad364e35_10.0.22621.%d_none_%016x.manifest", i, i%2428, i)
	}
	for b.Loop() {
		for _, name := range names {
			if _, _, ok := coreOSRevision(name); ok {
				b.Fatal(name)
			}
		}
	}
}
