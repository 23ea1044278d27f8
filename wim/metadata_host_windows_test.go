package wim

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/wimble-go/wimble/internal/wimtest"
)

const fileSupportsReparsePoints = 0x80 // of the flags of a volume

// needsVolume skips a test if the volume of a directory lacks something.
func needsVolume(t *testing.T, dir string, flag uint32, what string) {
	t.Helper()
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(dir) + `\`)
	require.NoError(t, err)
	var flags uint32
	var system [64]uint16
	require.NoError(t, windows.GetVolumeInformation(root, nil, 0, nil, nil, &flags, &system[0], uint32(len(system))))
	if flags&flag == 0 {
		t.Skipf("the file system %s of %s has no %s", windows.UTF16ToString(system[:]), filepath.VolumeName(dir), what)
	}
}

// restoreOne extracts an image of some entries, and returns what is counted as
// not restored.
func restoreOne(t *testing.T, dir string, w *wimtest.WIM, m *wimtest.Metadata) map[string]int {
	t.Helper()
	w.AddImage(m)
	data := w.Bytes()
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	report, err := r.Images[0].Extract(t.Context(), dir)
	require.NoError(t, err)
	counts := make(map[string]int)
	for _, n := range report.NotRestored {
		counts[n.What] = n.Count
	}
	return counts
}

func attributesOf(t *testing.T, path string) *syscall.Win32FileAttributeData {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Sys().(*syscall.Win32FileAttributeData)
}

// filetime is a time of 2001, some 100 ns after the second.
func filetime(n uint64) uint64 { return (11644473600+978307200)*1e7 + n }

func TestWindowsAttributesAndTimes(t *testing.T) {
	dir := t.TempDir()
	probe := filepath.Join(dir, "probe")
	file, err := os.Create(probe)
	require.NoError(t, err)
	when := syscall.NsecToFiletime(1e18)
	require.NoError(t, syscall.SetFileTime(syscall.Handle(file.Fd()), &when, nil, nil))
	require.NoError(t, file.Close())
	probe16, err := windows.UTF16PtrFromString(probe)
	require.NoError(t, err)
	require.NoError(t, windows.SetFileAttributes(probe16, windows.FILE_ATTRIBUTE_NORMAL))
	normal := attributesOf(t, probe).FileAttributes // 0x80; in Wine every file has 0x20
	creation := attributesOf(t, probe).CreationTime == when
	if !creation {
		t.Log("this system does not keep times of creation: those are not compared")
	}

	w := wimtest.NewWIM()
	entry := func(d *wimtest.Dentry, attributes uint32, n uint64) *wimtest.Dentry {
		d.Attributes = attributes
		d.Times = [3]uint64{filetime(n), filetime(n + 1), filetime(n + 2)}
		return d
	}
	text := w.AddBlob([]byte("text"))
	root := wimtest.Directory("",
		entry(wimtest.RegularFile("hidden", text), 0x22, 100),
		entry(wimtest.RegularFile("read-only", text), 0x21, 200),
		entry(wimtest.RegularFile("plain", text), 0x80, 300),
		entry(wimtest.RegularFile("system", [20]byte{}), 0x04, 400),
		entry(wimtest.Directory("dir", entry(wimtest.RegularFile("file", text), 0x20, 600)), 0x12, 500))
	metadata := &wimtest.Metadata{Root: entry(root, 0x16, 700)}
	target := filepath.Join(dir, "out")
	for range 2 { // a second time over what is read-only by now
		require.Empty(t, restoreOne(t, target, w, metadata))
		for _, c := range []struct {
			name       string
			attributes uint32
			times      uint64
		}{
			{"hidden", 0x22, 100}, {"read-only", 0x21, 200}, {"plain", normal, 300}, {"system", 0x04 | normal&0x20, 400},
			{`dir\file`, 0x20, 600}, {"dir", 0x12, 500}, {".", 0x10, 700},
		} {
			got := attributesOf(t, filepath.Join(target, c.name))
			require.Equal(t, c.attributes, got.FileAttributes, c.name)
			exact := func(f syscall.Filetime) uint64 { return uint64(f.HighDateTime)<<32 | uint64(f.LowDateTime) }
			require.Equal(t, filetime(c.times+2), exact(got.LastWriteTime), c.name)
			if c.attributes&0x10 == 0 { // the test has looked into directories
				require.Equal(t, filetime(c.times+1), exact(got.LastAccessTime), c.name)
			}
			if creation {
				require.Equal(t, filetime(c.times), exact(got.CreationTime), c.name)
			}
		}
	}
}

func TestWindowsStreams(t *testing.T) {
	dir := t.TempDir()
	w := wimtest.NewWIM()
	text, zone := w.AddBlob([]byte("text")), w.AddBlob(bytes.Repeat([]byte("[ZoneTransfer]"), 10_000))
	file := wimtest.RegularFile("file", [20]byte{})
	file.Attributes |= wimtest.AttributeReadOnly
	file.Times[2] = filetime(5)
	file.Streams = []wimtest.StreamEntry{{Hash: text}, {Name: "Zone.Identifier", Hash: zone}, {Name: "empty"}}
	below := wimtest.Directory("dir")
	below.Streams = []wimtest.StreamEntry{{Name: "on a directory", Hash: zone}}
	root := wimtest.Directory("", file, below)
	root.Streams = []wimtest.StreamEntry{{Name: "on the root", Hash: text}}
	target := filepath.Join(dir, "out")
	counts := restoreOne(t, target, w, &wimtest.Metadata{Root: root})
	entries, err := os.ReadDir(target)
	require.NoError(t, err)
	require.Len(t, entries, 2) // and none that is named for a stream
	data, err := os.ReadFile(filepath.Join(target, "file"))
	require.NoError(t, err)
	require.Equal(t, "text", string(data))

	needsVolume(t, dir, windows.FILE_NAMED_STREAMS, "named streams")
	require.Empty(t, counts)
	for name, want := range map[string]string{
		`\file:Zone.Identifier`: strings.Repeat("[ZoneTransfer]", 10_000), `\file:empty`: "",
		`\dir:on a directory`: strings.Repeat("[ZoneTransfer]", 10_000), `:on the root`: "text",
	} {
		data, err := os.ReadFile(target + name)
		require.NoError(t, err)
		require.True(t, want == string(data), name)
	}
	got := attributesOf(t, filepath.Join(target, "file")).LastWriteTime
	require.EqualValues(t, filetime(5), uint64(got.HighDateTime)<<32|uint64(got.LowDateTime))
}

// userSIDs returns the SIDs of the user and of the user's primary group, which
// need no privilege to be an owner.
func userSIDs(t *testing.T) (owner, group []byte) {
	t.Helper()
	raw := func(sid *windows.SID) []byte {
		return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(sid)), sid.Len()))
	}
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	require.NoError(t, err)
	primary, err := token.GetTokenPrimaryGroup()
	require.NoError(t, err)
	return raw(user.User.Sid), raw(primary.PrimaryGroup)
}

// needsExactACLs skips a test where a file gets another ACL than is asked for.
func needsExactACLs(t *testing.T, probe string) {
	t.Helper()
	require.NoError(t, os.WriteFile(probe, nil, 0o600))
	const sddl = "D:P(A;;FA;;;WD)"
	descriptor, err := windows.SecurityDescriptorFromString(sddl)
	require.NoError(t, err)
	acl, _, err := descriptor.DACL()
	require.NoError(t, err)
	require.NoError(t, windows.SetNamedSecurityInfo(probe, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil))
	got, err := windows.GetNamedSecurityInfo(probe, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	require.NoError(t, err)
	if got.String() != sddl {
		t.Skipf("this system makes %s of the ACL %s, as Wine does", got, sddl)
	}
}

func TestWindowsSecurity(t *testing.T) {
	dir := t.TempDir()
	owner, group := userSIDs(t)
	le := binary.LittleEndian
	// Control bits: self-relative, an ACL, which is protected from inheritance.
	descriptor := func(extra uint16) []byte {
		d := le.AppendUint16([]byte{1, 0}, 0x8004|extra)
		d = le.AppendUint32(d, 20)
		d = le.AppendUint32(d, uint32(20+len(owner)))
		d = le.AppendUint32(d, 0)
		d = le.AppendUint32(d, uint32(20+len(owner)+len(group)))
		d = append(append(d, owner...), group...)
		return append(d, descriptorBytes(t, nil)[0x34:]...)
	}
	w := wimtest.NewWIM()
	file, below := wimtest.RegularFile("file", w.AddBlob([]byte("text"))), wimtest.Directory("dir")
	file.SecurityID, below.SecurityID = 0, 1
	file.Attributes |= wimtest.AttributeReadOnly
	target := filepath.Join(dir, "out")
	counts := restoreOne(t, target, w, &wimtest.Metadata{
		Root: wimtest.Directory("", file, below), Security: [][]byte{descriptor(0x1000), descriptor(0)},
	})
	needsVolume(t, dir, windows.FILE_PERSISTENT_ACLS, "security descriptors")
	require.Empty(t, counts)
	needsExactACLs(t, filepath.Join(dir, "probe"))
	for name, want := range map[string]string{
		// All rights are FILE_ALL_ACCESS, of everybody.
		"file": "D:P(A;;FA;;;WD)", "dir": "D:(A;OICI;FA;;;WD)",
	} {
		got, err := windows.GetNamedSecurityInfo(filepath.Join(target, name), windows.SE_FILE_OBJECT,
			windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
		require.NoError(t, err)
		gotOwner, _, err := got.Owner()
		require.NoError(t, err)
		require.Equal(t, owner, unsafe.Slice((*byte)(unsafe.Pointer(gotOwner)), gotOwner.Len()))
		_, acl, _ := strings.Cut(got.String(), "D:")
		// The fixture's entry is one that directories hand on (3 at 0x3D).
		require.Contains(t, []string{want, strings.Replace(want, ";;FA", ";OICI;FA", 1)}, "D:"+acl)
	}
}

func TestWindowsShortNames(t *testing.T) {
	dir := t.TempDir()
	short := func(path string) string {
		path16, err := windows.UTF16PtrFromString(path)
		require.NoError(t, err)
		buffer := make([]uint16, 1024)
		n, err := windows.GetShortPathName(path16, &buffer[0], uint32(len(buffer)))
		require.NoError(t, err)
		return filepath.Base(windows.UTF16ToString(buffer[:n]))
	}
	w := wimtest.NewWIM()
	// What the system makes up for the first is what the second wants to have.
	first, second := wimtest.RegularFile("a long name 1.txt", [20]byte{}), wimtest.RegularFile("a long name 2.txt", [20]byte{})
	first.ShortName, second.ShortName = "ALONGN~7.TXT", "ALONGN~1.TXT"
	target := filepath.Join(dir, "out")
	counts := restoreOne(t, target, w, &wimtest.Metadata{Root: wimtest.Directory("", first, second)})
	if counts["short names"] == 2 {
		t.Skip("the volume has no short names, or the user lacks SeRestorePrivilege: they are counted as not restored")
	}
	require.Empty(t, counts)
	require.Equal(t, first.ShortName, short(filepath.Join(target, first.Name)))
	require.Equal(t, second.ShortName, short(filepath.Join(target, second.Name)))
}

func TestWindowsReparsePoints(t *testing.T) {
	dir := t.TempDir()
	needsVolume(t, dir, fileSupportsReparsePoints, "reparse points")
	w := wimtest.NewWIM()
	w.Header.Flags |= uint32(FlagReparseFix)
	text := w.AddBlob([]byte("text"))
	junction := w.AddBlob(linkData(ReparseTagMountPoint, `X:\dir`))
	point := &wimtest.Dentry{Name: "junction", Attributes: 0x410, SecurityID: -1, Hash: junction, Reparse: &wimtest.Reparse{Tag: 0xA0000003}}
	point.Times[2] = filetime(9)
	// A tag that is nobody's: bit 31 is clear, so that a GUID is first.
	other := w.AddBlob(append(bytes.Repeat([]byte{7}, 16), "data"...))
	root := wimtest.Directory("", wimtest.Directory("dir", wimtest.RegularFile("file", text)), point,
		&wimtest.Dentry{Name: "other", Attributes: 0x420, SecurityID: -1, Hash: other, Reparse: &wimtest.Reparse{Tag: 0x00001234}})
	if err := os.Symlink("nothing", filepath.Join(dir, "probe")); err == nil {
		link := wimtest.Symlink("link", w.AddBlob(wimtest.SymlinkData("dir", true)))
		link.Attributes |= wimtest.AttributeDirectory
		root.Children = append(root.Children, link)
	} else {
		t.Log("symbolic links are left out:", err)
	}
	target := filepath.Join(dir, "out")
	for range 2 {
		require.Empty(t, restoreOne(t, target, w, &wimtest.Metadata{Root: root}))
		for _, name := range []string{"junction", "link"}[:len(root.Children)-2] {
			data, err := os.ReadFile(filepath.Join(target, name, "file"))
			require.NoError(t, err)
			require.Equal(t, "text", string(data))
		}
		leads, err := os.Readlink(filepath.Join(target, "junction"))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(target, "dir"), leads)
		got := attributesOf(t, filepath.Join(target, "junction"))
		require.EqualValues(t, filetime(9), uint64(got.LastWriteTime.HighDateTime)<<32|uint64(got.LastWriteTime.LowDateTime))
		require.EqualValues(t, 0x400, attributesOf(t, filepath.Join(target, "other")).FileAttributes&0x400)
	}
}

// Privileges of the process are what they were.
func TestWindowsPrivilegesAreGivenBack(t *testing.T) {
	require.NoError(t, newMetadataHost().privileged(func() error {
		var token windows.Token
		err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token)
		if err != nil {
			t.Log("no token of its own:", err)
			return nil
		}
		return token.Close()
	}))
	var token windows.Token
	require.ErrorIs(t, windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token), windows.ERROR_NO_TOKEN)
}
