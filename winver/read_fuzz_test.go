package winver_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/winver"
)

// FuzzRead has a tree whose hive, kernel and file names may be anything. There
// is always a report, what it says is sound, and every error is one line.
func FuzzRead(f *testing.F) {
	kernel, err := os.ReadFile("testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(f, err)
	software := regftest.Build(softwareHive(windows10), regftest.Options{})
	names := strings.Join([]string{
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6.mum",
		"Microsoft-Windows-1909Enablement-Package~31bf3856ad364e35~amd64~~10.0.18362.385.mum",
		"Package_for_KB4517245~31bf3856ad364e35~amd64~~10.0.1.0.mum",
		"amd64_microsoft-windows-coreos-revision_31bf3856ad364e35_10.0.18362.1139_none_6abf4b59cd5e60ef.manifest",
	}, "\n")
	f.Add(software, kernel, names, uint32(18362), uint32(1139))
	f.Add(software[:4096], []byte(nil), names, uint32(0), uint32(0))
	f.Add([]byte(nil), kernel[:512], "", uint32(26100), uint32(32230))
	f.Fuzz(func(t *testing.T, software, kernel []byte, names string, build, ubr uint32) {
		tree := fstest.MapFS{
			"Windows/System32/kernel32.dll":    {},
			"Windows/System32/config/SOFTWARE": {Data: software},
			"Windows/System32/config/SYSTEM":   {Data: software},
			"Windows/System32/ntoskrnl.exe":    {Data: kernel},
		}
		for name := range strings.SplitSeq(names, "\n") {
			if name != "" && name != "." && name != ".." && !strings.Contains(name, "/") {
				tree["Windows/servicing/Packages/"+name] = &fstest.MapFile{}
				tree["Windows/WinSxS/Manifests/"+name] = &fstest.MapFile{}
			}
		}
		claim := winver.WithClaim(winver.Claim{Version: winver.Version{Major: 10, Build: build, UBR: ubr}})
		for _, options := range [][]winver.Option{nil, {winver.Fast()}, {claim}} {
			r, err := winver.Read(tree, options...)
			require.NoError(t, err)
			for _, e := range r.Evidence {
				if e.Err != nil {
					require.NotContains(t, e.Err.Error(), "\n")
				}
			}
			best := r.Best()
			require.Equal(t, best.Known(), best.BuildFrom != "")
			require.Equal(t, best.HasUBR, best.UBRFrom != "")
			if !best.HasUBR {
				require.Zero(t, best.Version.UBR)
			}
			_, err = json.Marshal(r)
			require.NoError(t, err)
		}
	})
}
