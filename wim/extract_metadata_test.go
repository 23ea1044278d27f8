package wim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// fakeHost stands for Windows: it writes down what it is asked for, and keeps
// streams in a directory.
type fakeHost struct {
	streams string
	refuse  func(what string) bool

	mu     sync.Mutex
	calls  []string
	inside bool // in privileged
}

var errRefused = fmt.Errorf("refused: %w", ErrUnsupported)

func (f *fakeHost) call(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	what := fmt.Sprintf(format, args...)
	if f.refuse != nil && f.refuse(what) {
		return errRefused
	}
	f.calls = append(f.calls, what)
	return nil
}

func (f *fakeHost) makeReparsePoint(dir *os.Root, name string, directory bool, buffer []byte) error {
	if err := f.call("reparse %s %v %x", name, directory, buffer); err != nil {
		return err
	}
	file, err := dir.Create(name) // something that is in the way from here on
	if err == nil {
		err = file.Close()
	}
	return err
}

func (f *fakeHost) createStream(dir *os.Root, name, stream string) (*os.File, error) {
	if _, err := dir.Lstat(name); err != nil {
		return nil, err
	}
	if err := f.call("stream %s:%s", name, stream); err != nil {
		return nil, err
	}
	if name == "." {
		name = "root"
	}
	return os.Create(filepath.Join(f.streams, name+"--"+stream))
}

func (f *fakeHost) removeStream(file *os.File) error {
	return f.call("remove %s", filepath.Base(file.Name()))
}

func (f *fakeHost) privileged(work func() error) error {
	f.inside = true
	defer func() { f.inside = false }()
	return work()
}

func (f *fakeHost) setShortName(dir *os.Root, name, shortName string) error {
	if _, err := dir.Lstat(name); err != nil || !f.inside {
		return errRefused
	}
	return f.call("short %s %q", name, shortName)
}

func (f *fakeHost) open(dir *os.Root, name string, security bool) (hostEntry, error) {
	if _, err := dir.Lstat(name); err != nil || !f.inside {
		return nil, errRefused
	}
	return &fakeEntry{f, name}, f.call("open %s %v", name, security)
}

type fakeEntry struct {
	*fakeHost
	name string
}

func (e *fakeEntry) compress() error { return e.call("compress %s", e.name) }
func (e *fakeEntry) setSecurity(d *securityDescriptor) error {
	return e.call("security %s %d", e.name, len(d.data))
}
func (e *fakeEntry) setBasic(b basicInfo) error {
	return e.call("basic %s %x %d %d %d", e.name, uint32(b.attributes), b.created, b.accessed, b.modified)
}
func (e *fakeEntry) Close() error { return nil }

// extractTo extracts an image with a host and returns what is not restored.
func extractTo(t *testing.T, data []byte, host metadataHost) (map[string]int, *ExtractReport, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	x := newExtraction(t.Context(), t.TempDir())
	x.host = host
	x.add(r.Images[0], tree, "")
	report, err := x.extract(newExtractOptions(nil))
	counts := make(map[string]int)
	for _, n := range report.NotRestored {
		counts[n.What] = n.Count
	}
	return counts, report, err
}

// aWindowsImage has a little of everything. Times are numbers that are easy to
// find again.
func aWindowsImage(t *testing.T, change func(root *wimtest.Dentry)) *wimtest.WIM {
	w := wimtest.NewWIM()
	text, zone := w.AddBlob([]byte("text")), w.AddBlob([]byte("[ZoneTransfer]"))
	junction := w.AddBlob(linkData(ReparseTagMountPoint, `C:\dir`))
	app := w.AddBlob([]byte("an app"))
	file := func(name string, change func(d *wimtest.Dentry)) *wimtest.Dentry {
		d := wimtest.RegularFile(name, text)
		change(d)
		return d
	}
	root := wimtest.Directory("",
		wimtest.Directory("dir",
			file("inner.txt", func(d *wimtest.Dentry) { d.Times = [3]uint64{31, 32, 33} })),
		file("linked 1", func(d *wimtest.Dentry) { d.HardLink, d.Attributes, d.ShortName = 7, 0x2, "LINKED~1" }),
		file("linked 2", func(d *wimtest.Dentry) { d.HardLink, d.Attributes, d.ShortName = 7, 0x2, "LINKED~2" }),
		file("small", func(d *wimtest.Dentry) {
			d.Attributes = 0x800 | 0x1
			d.SecurityID = 0
			d.Hash = [20]byte{}
			d.Streams = []wimtest.StreamEntry{{Hash: text}, {Name: "Zone", Hash: zone}, {Name: "none"}}
		}),
		file("twin", func(d *wimtest.Dentry) {
			d.Streams = []wimtest.StreamEntry{{Name: "Zone", Hash: zone}}
			d.Times = [3]uint64{1 << 63, 1, 2}
		}),
		&wimtest.Dentry{Name: "junction", Attributes: 0x410, SecurityID: -1, Hash: junction, Reparse: &wimtest.Reparse{Tag: 0xA0000003}},
		&wimtest.Dentry{Name: "app", Attributes: 0x420, SecurityID: -1, Hash: app, Reparse: &wimtest.Reparse{Tag: 0x8000001B}})
	root.Attributes = 0x16
	root.Times = [3]uint64{91, 92, 93}
	root.Children[0].Streams = []wimtest.StreamEntry{{Name: "on a directory", Hash: zone}}
	root.Children[0].SecurityID = 0
	root.Children[0].Attributes = 0x12
	if change != nil {
		change(root)
	}
	w.AddImage(&wimtest.Metadata{Root: root, Security: [][]byte{descriptorBytes(t, nil)}})
	return w
}

// All is restored, in an order in which nothing undoes or prevents anything.
func TestHostMetadata(t *testing.T) {
	host := &fakeHost{streams: t.TempDir()}
	counts, report, err := extractTo(t, aWindowsImage(t, nil).Bytes(), host)
	require.NoError(t, err)
	require.Empty(t, counts)
	require.Equal(t, 5, report.Files)
	require.Equal(t, 1, report.Links)
	require.EqualValues(t, 4*len("text")+3*len("[ZoneTransfer]"), report.Bytes)

	// Reparse data of \??\C:\dir: 20 bytes from 0, and C:\dir: 12 from 22, each
	// with a terminator, so 44 = 0x2C bytes in all; 18 = 0x12 of "an app" are
	// 6.
	names := fmt.Sprintf("%x0000%x0000", wimtest.UTF16(`\??\C:\dir`), wimtest.UTF16(`C:\dir`))
	first := []string{
		"reparse app false 1b000080" + "0600" + "0000" + fmt.Sprintf("%x", "an app"),
		"reparse junction true 030000a0" + "2c00" + "0000" + "0000140016000c00" + names,
	}
	require.Equal(t, first, host.calls[:2])
	// Streams, in any order but for each file; then short names; then the rest.
	streams := slices.Clone(host.calls[2:6])
	slices.Sort(streams)
	require.Equal(t, []string{"stream dir:on a directory", "stream small:Zone", "stream small:none", "stream twin:Zone"}, streams)
	require.Equal(t, []string{
		`short linked 2 ""`, `short linked 1 ""`, `short linked 2 "LINKED~2"`, `short linked 1 "LINKED~1"`,
		"open twin false", "basic twin 20 0 1 2",
		"open small true", "compress small", "security small 80", "basic small 1 0 0 0",
		"open linked 1 false", "basic linked 1 2 0 0 0",
		"open junction false", "basic junction 80 0 0 0",
		"open inner.txt false", "basic inner.txt 20 31 32 33",
		"open dir true", "security dir 80", "basic dir 2 0 0 0",
		"open app false", "basic app 20 0 0 0",
		"open . false", "basic . 80 91 92 93", // neither hidden nor a system directory: it is the user's
	}, host.calls[6:])
	for name, want := range map[string]string{
		"dir--on a directory": "[ZoneTransfer]", "small--Zone": "[ZoneTransfer]", "twin--Zone": "[ZoneTransfer]", "small--none": "",
	} {
		data, err := os.ReadFile(filepath.Join(host.streams, name))
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
}

// What the host refuses is counted, as it is where there is no host, and ends
// nothing.
func TestHostRefuses(t *testing.T) {
	data := aWindowsImage(t, nil).Bytes()
	// Without the junction, which not every system takes from everybody.
	none, _, err := extractTo(t, aWindowsImage(t, func(root *wimtest.Dentry) {
		root.Children = slices.Delete(root.Children, 5, 6)
	}).Bytes(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]int{
		"named streams": 3, "security descriptors": 2, "short names": 2, "reparse points that are not links": 1,
		"hidden, system and other attributes": 5, // and compressed
	}, none)
	for refused, want := range map[string]map[string]int{
		"stream":              {"named streams": 3},
		"stream small":        {"named streams": 1},
		"security":            {"security descriptors": 2},
		"short":               {"short names": 2},
		"reparse app":         {"reparse points that are not links": 1},
		"compress":            {"hidden, system and other attributes": 1},
		"basic":               {"hidden, system and other attributes": 5, "times": 8, "times of symbolic links": 1},
		"basic twin 20 0 1 2": {"times": 1}, // and the attributes alone are not refused
		"open small":          {"hidden, system and other attributes": 1, "security descriptors": 1, "times": 1},
		"open linked 1":       {"hidden, system and other attributes": 2, "times": 2},
	} {
		host := &fakeHost{streams: t.TempDir(), refuse: func(what string) bool { return strings.HasPrefix(what, refused) }}
		counts, report, err := extractTo(t, data, host)
		require.NoError(t, err, refused)
		if linkTimes {
			delete(want, "times of symbolic links")
		}
		require.Equal(t, want, counts, refused)
		require.Equal(t, 5, report.Files)
	}
	// A link that cannot be made is an entry that is not there.
	host := &fakeHost{streams: t.TempDir(), refuse: func(what string) bool { return strings.HasPrefix(what, "reparse junction") }}
	_, report, err := extractTo(t, data, host)
	require.ErrorIs(t, err, errRefused)
	require.Len(t, report.Problems, 1)
	require.Equal(t, []string{"1:junction"}, wimtest.Texts(report.Problems[0].Affected))
}

// Streams whose content is damaged or missing are problems of their own, and
// removed.
func TestHostDamagedStreams(t *testing.T) {
	data := bytes.Replace(aWindowsImage(t, nil).Bytes(), []byte("[ZoneTransfer]"), []byte("[zonetransfer]"), 1)
	host := &fakeHost{streams: t.TempDir()}
	counts, report, err := extractTo(t, data, host)
	require.ErrorIs(t, err, ErrChecksum)
	require.Empty(t, counts)
	require.Equal(t, 5, report.Files)
	var affected []string
	for _, p := range report.Problems {
		affected = append(affected, wimtest.Paths(p.Affected)...)
	}
	slices.Sort(affected)
	require.Equal(t, []string{"dir:on a directory", "small:Zone", "twin:Zone"}, affected)
	// The content is read once, so that one stream was begun: and removed.
	require.Contains(t, host.calls, "stream dir:on a directory")
	require.Contains(t, host.calls, "remove dir--on a directory")
	require.NotContains(t, host.calls, "stream twin:Zone")
	require.Contains(t, host.calls, "security small 80")

	host = &fakeHost{streams: t.TempDir()}
	_, report, err = extractTo(t, aWindowsImage(t, func(root *wimtest.Dentry) {
		root.Children[4].Streams[0].Hash[0] ^= 1 // of "twin"
	}).Bytes(), host)
	require.Error(t, err)
	require.Len(t, report.Problems, 1)
	require.Equal(t, []string{"1:twin:Zone"}, wimtest.Texts(report.Problems[0].Affected))
}

// No name of a stream leads to another file or to another kind of stream, and
// two that are the same to Windows are not written into each other.
func TestHostileStreamNames(t *testing.T) {
	for _, name := range []string{`\up`, "a/b", `..\..\x`, "a:$INDEX_ALLOCATION", ":", "nul\x00", strings.Repeat("n", 256)} {
		host := &fakeHost{streams: t.TempDir()}
		counts, _, err := extractTo(t, aWindowsImage(t, func(root *wimtest.Dentry) { root.Children[4].Streams[0].Name = name }).Bytes(), host)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"named streams": 1}, counts, name)
		require.NotContains(t, strings.Join(host.calls, "\n"), "stream twin")
	}
	host := &fakeHost{streams: t.TempDir()}
	counts, _, err := extractTo(t, aWindowsImage(t, func(root *wimtest.Dentry) { root.Children[3].Streams[2].Name = "zONE" }).Bytes(), host)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"named streams": 1}, counts)
	require.Contains(t, host.calls, "stream small:Zone")
	require.NotContains(t, host.calls, "stream small:zONE")
}

// A descriptor that Windows must not see does not reach it, and neither does a
// short name that is none.
func TestHostileHostMetadata(t *testing.T) {
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("file", [20]byte{})
	file.SecurityID = 0
	file.ShortName = `..\SHORT`
	long := wimtest.RegularFile("long", [20]byte{})
	long.ShortName = "THIRTEEN.CHRS"
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file, long), Security: [][]byte{
		descriptorBytes(t, func(d []byte) { binary.LittleEndian.PutUint32(d[16:], 0x1000) }),
	}})
	host := &fakeHost{streams: t.TempDir()}
	counts, _, err := extractTo(t, w.Bytes(), host)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"security descriptors": 1, "short names": 2}, counts)
	require.Contains(t, host.calls, "open file false")
}

// With FlagReparseFix an absolute target is rooted where the image goes.
func TestLinkData(t *testing.T) {
	for _, c := range []struct{ dir, target, substitute, print string }{
		{`D:\out`, "/Users", `\??\D:\out\Users`, `D:\out\Users`},
		{`D:\`, "/Users", `\??\D:\Users`, `D:\Users`},
		{`D:\`, "/", `\??\D:\`, `D:\`},
		{`D:\out`, "/", `\??\D:\out`, `D:\out`},
		{`\\server\share\out`, "/a/b", `\??\UNC\server\share\out\a\b`, `\\server\share\out\a\b`},
		{`\\?\D:\out`, "/a", `\??\D:\out\a`, `D:\out\a`},
		{`\\?\UNC\server\share`, "/a", `\??\UNC\server\share\a`, `\\server\share\a`},
	} {
		for _, tag := range []ReparseTag{ReparseTagSymlink, ReparseTagMountPoint} {
			link, err := parseLink(tag, linkData(tag, windowsPath(c.dir, c.target)))
			require.NoError(t, err)
			require.Equal(t, &Link{Substitute: c.substitute, Print: c.print}, link, c.dir)
		}
	}
}
