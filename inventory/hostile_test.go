package inventory_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/winver"
)

// repeat makes a hive in which a key has one subkey many times: the list of the
// subkeys of path, which has to be of kind li, has the offset of its first one
// throughout.
func repeat(t *testing.T, root *regftest.Key, path string, times int) []byte {
	t.Helper()
	k := root.At(path)
	for n := len(k.Keys); n < times; n++ {
		k.Keys = append(k.Keys, &regftest.Key{Name: fmt.Sprintf("zz%05d~t~a~~1", n)})
	}
	hive := regftest.Build(root, regftest.Options{List: "li"})
	found := false
	for at := 4096; at+8 < len(hive); at += 8 {
		if string(hive[at+4:at+6]) == "li" && int(binary.LittleEndian.Uint16(hive[at+6:])) == times {
			first := hive[at+8 : at+12]
			for n := range times {
				copy(hive[at+8+4*n:], first)
			}
			found = true
		}
	}
	require.True(t, found)
	return hive
}

// One key with many values is a package 10,000 times over: it would take 300
// million values to look at.
func TestHostileValues(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	p := root.At(cbs + `\Packages\AA~t~a~~1`)
	for n := range 30_000 {
		p.Set(regftest.DWORD(fmt.Sprintf("v%d", n), 1))
	}
	hive := repeat(t, root, cbs+`\Packages`, 10_000)
	_, err := inventory.Read(context.Background(), fstest.MapFS(newTree().file(config+"SOFTWARE", hive)))
	require.ErrorIs(t, err, winver.ErrLimit)
	require.ErrorContains(t, err, "the inventory takes more than 16777216 steps of work")
	require.NotContains(t, err.Error(), "\n")
}

// Likewise text that is long, and a package that has the same subkey many
// times.
func TestHostileTexts(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At(cbs + `\Packages\AA~t~a~~1`).Set(regftest.SZ("InstallClient", strings.Repeat("x", 8<<10)))
	root.At(`Microsoft\Windows NT\CurrentVersion`).Set(regftest.SZ("EditionID", strings.Repeat("y", 3<<10)))
	i := read(t, newTree().hive(config+"SOFTWARE", root))
	require.Empty(t, i.Packages[0].Client)
	require.ErrorIs(t, i.Packages[0].Sources[0].Err, winver.ErrLimit)
	require.ErrorContains(t, i.Packages[0].Sources[0].Err, "value InstallClient has 16386 bytes, more than 8192")
	require.Len(t, i.Machine.EditionID, 3<<10)
}

// Names that are no identities, and values that are not of their types.
func TestOddRecords(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for _, name := range []string{"~~~~", "a", "a~b~c~d", "a~b~c~d~1~2", "~b~c~d~1"} {
		root.At(cbs + `\Packages\` + name)
	}
	root.At(cbs + "\\Packages\\line\nbreak~b~c~d~1")
	root.At(cbs+`\Packages\ok~b~c~d~1`).Set(regftest.SZ("CurrentState", "112"), regftest.QWORD("Visibility", 1))
	i := read(t, newTree().hive(config+"SOFTWARE", root))
	require.Len(t, i.Packages, 2)
	require.Equal(t, inventory.StateUnknown, i.Packages[1].State)
	require.ErrorContains(t, i.Packages[1].Sources[0].Err, "value CurrentState: REG_SZ instead of a 32-bit number")
	require.Contains(t, strings.Join(i.Notes, "\n"), "5 keys are not named as packages are")
	i = read(t, newTree().hive(config+"SOFTWARE", root).file(packages+"x", nil))
	require.Contains(t, i.Notes, "packages: line\uFFFDbreak~b~c~d~1 and 1 more in the registry but without a .mum file: the store is damaged")
}

// Whatever is in hives and files, an inventory is made within the bounds, and
// each note and error is one line.
func FuzzRead(f *testing.F) {
	root := software(map[string]uint32{"Package_for_RollupFix" + token + "18362.1139.1.6": 0x70, "A-Package" + token + "1.0.0.0": 0x60})
	root.At(cbs + `\Notifications\OptionalFeatures\F`).Set(regftest.DWORD("Selection", 1))
	root.At(appStore + `\Applications\Registry.App_1.0.0.0_x64__abcdefghjkmnp`)
	root.At(cbs + `\SessionsPending\1`).Set(regftest.DWORD("Complete", 0))
	drivers := &regftest.Key{Name: "ROOT"}
	drivers.At(`DriverDatabase\DriverPackages\x.inf_amd64_0123456789abcdef`).Set(regftest.SZ("", "oem1.inf"), regftest.Binary("Version", make([]byte, 48)))
	drivers.At(`Select`).Set(regftest.DWORD("Default", 1))
	drivers.At(`ControlSet001\Control\MUI\UILanguages\en-US`).Set(regftest.DWORD("Type", 0x111))
	drivers.At(`ControlSet001\Control\Session Manager`).Set(regftest.MultiSZ("PendingFileRenameOperations", "a", "", "b", "!c"))
	software, system := regftest.Build(root, regftest.Options{}), regftest.Build(drivers, regftest.Options{Dirty: true})
	const apps = `<AppxProvisionList><Provisioned><Package FullName="A_1_x64__abcdefghjkmnp"/></Provisioned></AppxProvisionList>`
	f.Add(software, system, []byte(apps), "A-Package"+token+"1.0.0.0.mum")
	f.Add(software[:4096], system[:5000], []byte("<"), "x")
	f.Fuzz(func(t *testing.T, software, system, apps []byte, names string) {
		tree := newTree().file(config+"SOFTWARE", software).file(config+"SYSTEM", system).file(config+"DRIVERS", system).
			file(config+"COMPONENTS", software).file(config+"DEFAULT", system).file(provisioning, apps)
		for name := range strings.SplitSeq(names, "\n") {
			if name != "" && name != "." && name != ".." && !strings.Contains(name, "/") {
				tree.file(packages+name, apps)
			}
		}
		i, err := inventory.Read(context.Background(), fstest.MapFS(tree))
		if err != nil {
			require.ErrorIs(t, err, winver.ErrLimit)
			return
		}
		for _, note := range i.Notes {
			require.NotContains(t, note, "\n")
		}
		for _, u := range i.Updates {
			require.NotEmpty(t, u.Packages)
			require.NotEmpty(t, u.Sources)
		}
		for _, d := range i.Drivers {
			require.NotEmpty(t, d.Sources)
		}
		_, err = json.Marshal(i)
		require.NoError(t, err)
	})
}

// solidFS has files in chunks of 64 MiB.
type solidFS struct{ fstest.MapFS }

func (f solidFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if reader, ok := file.(solidReader); ok {
		return solidFile{reader}, err
	}
	return file, err
}

type solidReader interface {
	fs.File
	io.ReaderAt
}

type solidFile struct{ solidReader }

func (solidFile) ChunkSize() int64 { return 64 << 20 }

// Small files that each may lie in a chunk of its own are read until it is too
// much. What was found by then stays.
func TestManySolidFiles(t *testing.T) {
	states := map[string]uint32{}
	tree := newTree()
	for n := range 600 {
		id := fmt.Sprintf("p%03d-Package%s1.0.0.0", n, token)
		states[id] = 0x70
		tree.file(packages+id+".mum", mum(`releaseType="Update"`, ""))
	}
	tree.hive(config+"SOFTWARE", software(states))
	i, err := inventory.Read(context.Background(), solidFS{fstest.MapFS(tree)})
	require.NoError(t, err)
	readable := 0
	for _, p := range i.Packages {
		if p.ReleaseType == "Update" {
			readable++
		}
	}
	// 32 times what telling a version may decompress: 1 GiB.
	require.InDelta(t, 32*(1<<30)/(64<<20), readable, 1)
	last := i.Packages[599].Sources
	require.ErrorIs(t, last[len(last)-1].Err, winver.ErrLimit)
	require.ErrorContains(t, last[len(last)-1].Err, "reading .mum files takes more than")
}

// One file under many names declares all it may each time: 20 packages declare
// 4000 features, 80,000 together, of which 16 packages with 64,000 count.
func TestManyDeclarations(t *testing.T) {
	var capabilities, features strings.Builder
	for n := range 2000 {
		fmt.Fprintf(&capabilities, "<capabilityIdentity name='c%d'/>", n)
		fmt.Fprintf(&features, "<update name='f%d'><selectable/></update>", n)
	}
	content := mum("", "<declareCapability><capability>"+capabilities.String()+"</capability></declareCapability>"+features.String())
	states := map[string]uint32{}
	tree := newTree()
	for n := range 20 {
		id := fmt.Sprintf("P%02d", n) + token + "1"
		states[id] = 0x70
		tree.file(packages+id+".mum", content)
	}
	i := read(t, tree.hive(config+"SOFTWARE", software(states)))
	require.Len(t, i.Features, 2000)
	require.Len(t, i.Capabilities, 2000)
	kept := 0
	for _, f := range i.Features {
		kept += len(f.Sources)
	}
	for _, c := range i.Capabilities {
		kept += len(c.Sources)
	}
	require.Equal(t, 16*4000, kept)
	refused := 0
	for _, p := range i.Packages {
		if err := p.Sources[len(p.Sources)-1].Err; err != nil {
			require.ErrorIs(t, err, winver.ErrLimit)
			refused++
		}
	}
	require.Equal(t, 4, refused)
}
