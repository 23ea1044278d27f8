package inventory_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/winver"
)

// mum is a small .mum file.
func mum(attributes, content string) []byte {
	return []byte(`<assembly xmlns="urn:schemas-microsoft-com:asm.v3"><package ` + attributes + ">" + content + "</package></assembly>")
}

func TestFeatures(t *testing.T) {
	const foundation = "Microsoft-Windows-Foundation-Package" + token + "10.0.26100.1"
	const pending = "Pending-Package" + token + "10.0.1.0"
	const leaving = "Leaving-Package" + token + "10.0.1.0"
	const other = "Other-Edition-Package" + token + "10.0.1.0"
	selectable := func(name string) string {
		return `<update name="` + name + `" displayName="The ` + name + `"><selectable disposition="staged"><detectNone default="true"/></selectable></update>`
	}
	root := software(map[string]uint32{foundation: 0x70, pending: 0x60, leaving: 0x05, other: 0x40})
	for name, values := range map[string][]regftest.Value{
		"NetFx3":       {regftest.DWORD("Selection", 0), regftest.DWORD("Removed", 1)},
		"TelnetClient": {regftest.DWORD("Selection", 0)},
		"Printing":     {regftest.DWORD("Selection", 1)},
		"OnSoon":       {regftest.DWORD("Selection", 1)},
		"OffSoon":      {regftest.DWORD("Selection", 1)},
		"Odd":          {regftest.DWORD("Selection", 7)},
	} {
		root.At(cbs + `\Notifications\OptionalFeatures\` + name).Set(values...)
	}
	root.At(cbs+`\Packages\`+foundation+`\Updates`).Set(regftest.DWORD("SMB1Protocol", 0x20070), regftest.DWORD("Strange", 0x33))
	i := read(t, newTree().hive(config+"SOFTWARE", root).
		file(packages+foundation+".mum", mum(`releaseType="Foundation" identifier="Foundation" restart="required"`,
			selectable("netfx3")+selectable("SMB1Protocol")+selectable("Strange")+selectable("Printing"))).
		file(packages+pending+".mum", mum("", selectable("OnSoon"))).
		file(packages+leaving+".mum", mum("", selectable("OffSoon"))).
		file(packages+other+".mum", mum("", selectable("NotHere"))))

	states := map[string]string{}
	for _, f := range i.Features {
		states[f.Name] = f.State.String()
	}
	require.Equal(t, map[string]string{
		"NetFx3": "Disabled with Payload Removed", "TelnetClient": "Disabled", "Printing": "Enabled", "OnSoon": "Enable Pending",
		"OffSoon": "Disable Pending", "Odd": "Unknown", "SMB1Protocol": "Enabled", "Strange": "Unknown",
	}, states)
	require.Equal(t, "NetFx3", i.Features[0].Name)
	require.Equal(t, "The netfx3", i.Features[0].DisplayName)
	require.Equal(t, foundation, i.Features[0].Package)
	require.EqualValues(t, 1, *i.Features[0].RawRemoved)
	require.True(t, *i.Features[0].Default)
	smb := i.Features[slices.IndexFunc(i.Features, func(f inventory.Feature) bool { return f.Name == "SMB1Protocol" })]
	require.EqualValues(t, 0x20070, *smb.RawUpdate)
	require.Equal(t, "Foundation", i.Packages[1].ReleaseType)
	require.Equal(t, "required", i.Packages[1].Restart)
}

// Several packages declare one capability: one for each language and
// architecture, and older versions.
func TestCapabilities(t *testing.T) {
	const declare = `<declareCapability><capability><capabilityIdentity name="%s" language="%s" version="1.0"/></capability></declareCapability>`
	const now, old = "OpenSSH-Client-Package" + token + "10.0.26100.2", "OpenSSH-Client-Package" + token + "10.0.26100.1"
	const basic = "Microsoft-Windows-LanguageFeatures-Basic-es-es-Package" + token + "10.0.26100.1"
	const hidden = "Hidden-Package" + token + "10.0.26100.1"
	root := software(map[string]uint32{now: 0x70, old: 0x50, basic: 0x40})
	root.At(cbs+`\Packages\`+hidden).Set(regftest.DWORD("CurrentState", 0x70), regftest.DWORD("Visibility", 2))
	ssh := mum(`identifier="KB777778"`, fmt.Sprintf(declare, "OpenSSH.Client", ""))
	i := read(t, newTree().hive(config+"SOFTWARE", root).
		file(packages+now+".mum", ssh).file(packages+old+".mum", ssh).file(packages+hidden+".mum", ssh).
		file(packages+basic+".mum", mum(`identifier="KB777777"`, fmt.Sprintf(declare, "Language.Basic", "es-es"))))
	require.Len(t, i.Capabilities, 2)
	require.Equal(t, "Language.Basic~~~es-es~0.0.1.0", i.Capabilities[0].Name)
	require.Equal(t, "es-es", i.Capabilities[0].Language)
	require.Equal(t, inventory.StateStaged, i.Capabilities[0].State)
	require.Equal(t, "OpenSSH.Client~~~~0.0.1.0", i.Capabilities[1].Name)
	require.Equal(t, inventory.StateInstalled, i.Capabilities[1].State)
	require.Equal(t, []string{old, now}, i.Capabilities[1].Packages)
	require.Empty(t, i.Updates) // the articles are place holders
	for _, p := range i.Packages {
		require.Zero(t, p.KB)
	}
}

// The article is that of the .mum file, which is right, and not the table's. A
// language pack names one without being an update.
func TestArticleOfMUM(t *testing.T) {
	const rollup = "Package_for_RollupFix" + token + "26100.9457.1.0"
	const wrapper = "Microsoft-Windows-Client-LanguagePack-Package-Wrapper" + token + "10.0.22621.2283"
	states := map[string]uint32{rollup: 0x70, wrapper: 0x70}
	i := read(t, newTree().hive(config+"SOFTWARE", software(states)).
		file(packages+rollup+".mum", mum(`identifier="KB5129195" releaseType="Security Update"`, "")).
		file(packages+wrapper+".mum", mum(`identifier="KB5030219"`, "")))
	require.Len(t, i.Updates, 1)
	require.Equal(t, "KB5129195", i.Updates[0].KB.String())
	require.Equal(t, "Security Update", i.Updates[0].ReleaseType)
	require.False(t, i.Updates[0].Released.IsZero())
	require.NotContains(t, strings.Join(i.Notes, "\n"), "updates:")

	i = read(t, newTree().hive(config+"SOFTWARE", software(states)).
		file(packages+rollup+".mum", mum(`identifier="KB1"`, "")).
		file(packages+wrapper+".mum", []byte("<!DOCTYPE a><assembly/>")))
	require.Equal(t, "KB1", i.Updates[0].KB.String())
	require.True(t, i.Updates[0].Released.IsZero())
	require.Contains(t, i.Notes, "updates: "+rollup+" calls itself KB1, but the table has KB5129195 for 10.0.26100.9457")
	last := i.Packages[0].Sources[len(i.Packages[0].Sources)-1]
	require.ErrorIs(t, last.Err, winver.ErrFormat)
	require.Equal(t, packages+wrapper+".mum", last.Path)
}

// orderedFS has files stored in the order of their names backwards, and says
// which were opened.
type orderedFS struct {
	fstest.MapFS
	opened *[]string
}

func (f orderedFS) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".mum") {
		*f.opened = append(*f.opened, strings.TrimPrefix(name, packages))
	}
	return f.MapFS.Open(name)
}

func (f orderedFS) StorageOrder() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		var names []string
		for name := range f.MapFS {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Reverse(names)
		for _, name := range names {
			if !yield(name, "") {
				return
			}
		}
	}
}

// Files are read in the order in which they are stored, those of hidden
// packages not at all.
func TestStorageOrder(t *testing.T) {
	states := map[string]uint32{}
	tree := newTree()
	var want []string
	for _, name := range []string{"c", "b", "a"} {
		id := name + "-Package" + token + "1.0.0.0"
		states[id] = 0x70
		tree.file(packages+id+".mum", mum("", ""))
		want = append(want, id+".mum")
	}
	root := software(states)
	const hidden = "hidden-Package" + token + "1.0.0.0"
	root.At(cbs+`\Packages\`+hidden).Set(regftest.DWORD("CurrentState", 0x70), regftest.DWORD("Visibility", 2))
	tree.file(packages+hidden+".mum", mum("", "")).hive(config+"SOFTWARE", root)
	var opened []string
	_, err := inventory.Read(t.Context(), orderedFS{fstest.MapFS(tree), &opened})
	require.NoError(t, err)
	require.Equal(t, want, opened)
}

// Large .mum files are not read, and all together are bounded.
func TestLargeMUMs(t *testing.T) {
	big := "big-Package" + token + "1.0.0.0"
	states := map[string]uint32{big: 0x70}
	tree := newTree().file(packages+big+".mum", make([]byte, 4<<20+1))
	// Each counts as a whole, though its first element is wrong already.
	padded := append([]byte("<html/>"), bytes.Repeat([]byte(" "), 4<<20-200)...)
	for n := range 70 {
		id := fmt.Sprintf("p%02d-Package%s1.0.0.0", n, token)
		states[id] = 0x70
		tree.file(packages+id+".mum", padded)
	}
	i := read(t, tree.hive(config+"SOFTWARE", software(states)))
	last := i.Packages[0].Sources[len(i.Packages[0].Sources)-1]
	require.ErrorIs(t, last.Err, winver.ErrLimit)
	require.EqualError(t, last.Err, "has 4194305 bytes, more than 4194304")
	parsed := 0
	for _, p := range i.Packages[1:] {
		err := p.Sources[len(p.Sources)-1].Err
		if errors.Is(err, winver.ErrFormat) {
			parsed++
			continue
		}
		require.ErrorIs(t, err, winver.ErrLimit)
		require.ErrorContains(t, err, "more than are left of 268435456 for all such files")
	}
	require.Equal(t, 256<<20/len(padded), parsed)
}

func TestSourceJSON(t *testing.T) {
	data, err := inventory.Source{Kind: inventory.SourceHive, Path: "a: b", Stale: true, Err: errors.New("x")}.MarshalJSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"kind":"hive","path":"a: b","stale":true,"error":"x"}`, string(data))
}
