package wim_test

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// Names that only differ in case are all there; others are found whatever
// their case.
func TestLookupIgnoresCase(t *testing.T) {
	small, names := fixtureFS(t, "none.wim", 1), fixtureFS(t, "names.wim", 1)
	for _, c := range []struct {
		tree       *wim.FS
		path, want string
	}{
		{small, "names/Case.txt", "one\n"},
		{small, "names/case.TXT", "two\n"},
		{small, "names/CASE.TXT", "one\n"}, // the first in exact order: C is before c
		{small, "NAMES/case.TXT", "two\n"},
		{small, "README.TXT", "A fixture of wimble. Each line ends as on Windows.\r\n"},
		{small, "names/GRÜßE AUS KÖLN.TXT", "umlauts\n"},
		{small, "Deep/A/B/C/D/E/F/G/H/I/J/K/L/M/N/O/P/Leaf.Txt", "sixteen levels down\n"},
		{small, "LINKS/DIRECTORY/HARD-3.TXT", "linked\n"}, // through a link
		{names, "ss.txt", "p\n"},                          // SS.txt: one letter never becomes two
		{names, "ß.TXT", "o\n"},
		{names, "Ǆ-titlecase.txt", "n\n"},
		{names, "ǆ-titlecase.txt", "m\n"},
		{names, "ǅ-titlecase.txt", "n\n"}, // U+01C5 in upper case is U+01C4, like the other two
		{names, "con/NUL.TXT", "g\n"},
	} {
		data, err := c.tree.ReadFile(c.path)
		require.NoError(t, err, c.path)
		require.Equal(t, c.want, string(data), c.path)
	}
	for _, c := range []struct {
		tree *wim.FS
		path string
	}{
		{small, "names/GRÜSSE AUS KÖLN.TXT"},
		{names, "istanbul ispanak.txt"}, // neither dotted nor dotless i is an i
		{small, "readme.txt "},
	} {
		_, err := c.tree.Stat(c.path)
		require.ErrorIs(t, err, fs.ErrNotExist, c.path)
	}
	info, err := small.Stat("README.TXT")
	require.NoError(t, err)
	require.Equal(t, "readme.txt", info.Name())
}

func TestPathsThatLeadNowhere(t *testing.T) {
	tree := fixtureFS(t, "none.wim", 1)
	for _, name := range []string{"", "/", "/readme.txt", "readme.txt/", "./readme.txt", "deep//a", "deep/../readme.txt", "..", "\xff"} {
		_, err := tree.Open(name)
		require.ErrorIs(t, err, fs.ErrInvalid, "%q", name)
		var pathError *fs.PathError
		require.ErrorAs(t, err, &pathError)
		require.Equal(t, name, pathError.Path)
	}
	for _, name := range []string{"nothing", "deep/nothing", "nothing/deep", `deep\a`, "links/directory/nothing"} {
		_, err := tree.Open(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = tree.Stat(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = tree.Lstat(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = tree.ReadFile(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = tree.ReadDir(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = tree.ReadLink(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := tree.Open("readme.txt/below")
	require.EqualError(t, err, "open readme.txt/below: not a directory")
	_, err = tree.ReadDir("readme.txt")
	require.EqualError(t, err, "readdir readme.txt: not a directory")
	_, err = tree.ReadFile("deep")
	require.EqualError(t, err, "read deep: is a directory")
	_, err = tree.ReadLink("readme.txt")
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// Every name of names.wim is reached by one valid path; where the stored name
// cannot be an element of one, it is written out in numbers. RawName is the
// name as it was captured.
func TestOddNames(t *testing.T) {
	want := map[string]string{ // stored (WTF-8) to shown
		"back\\slash":                       "back%u005Cslash",
		"unpaired-high-\xed\xa0\x80":        "unpaired-high-%uD800",
		"unpaired-low-\xed\xbf\xbf-end":     "unpaired-low-%uDFFF-end",
		"control-\x01-\x1f":                 "control-\x01-\x1f",
		"colon:stream":                      "colon:stream",
		"star*question?quote\"angle<>pipe|": "star*question?quote\"angle<>pipe|",
		"trailing dot.":                     "trailing dot.",
		"trailing space ":                   "trailing space ",
		"replacement-\ufffd":                "replacement-\ufffd",
		"...":                               "...",
		strings.Repeat("n", 255):            strings.Repeat("n", 255),
	}
	tree := fixtureFS(t, "names.wim", 1)
	seen := 0
	for _, w := range walk(t, tree) {
		stored := path.Base(w.stored)
		shown, odd := want[stored]
		if !odd {
			shown = stored
		} else {
			seen++
		}
		if w.path != "." {
			require.Equal(t, shown, w.entry.Name)
			require.Equal(t, stored, wimtest.WTF8(w.entry.RawName))
		}
	}
	require.Equal(t, len(want), seen)
	for name, content := range map[string]string{
		"back%u005Cslash": "a\n", "unpaired-high-%uD800": "i\n", "unpaired-low-%uDFFF-end": "j\n",
		"replacement-\ufffd": "k\n", "dir with dot./...": "h\n", "trailing space ": "e\n", "trailing dot.": "d\n",
	} {
		data, err := tree.ReadFile(name)
		require.NoError(t, err, name)
		require.Equal(t, content, string(data), name)
	}
	info, err := tree.Stat("unpaired-low-%uDFFF-end")
	require.NoError(t, err)
	raw := info.Sys().(*wim.Entry).RawName
	require.Equal(t, uint16(0xDFFF), raw[len("unpaired-low-")])
	require.Len(t, raw, len("unpaired-low-X-end"))
}

func TestLinks(t *testing.T) {
	small, ntfs, unix := fixtureFS(t, "none.wim", 1), fixtureFS(t, "ntfs.wim", 1), fixtureFS(t, "unix.wim", 1)
	for _, c := range []struct {
		tree              *wim.FS
		link, target, end string // end is a file or directory that the link leads to
	}{
		{small, "links/relative", "../readme.txt", "readme.txt"},
		{small, "links/absolute-inside", "/readme.txt", "readme.txt"},
		{small, "links/directory", "../deep/a", "deep/a"},
		{small, "links/through-link", "directory/b", "deep/a/b"},
		{small, "links/self", ".", "links"},
		{ntfs, "junction", "/plain", "plain"},
		{ntfs, "directory-link", "plain", "plain"},
		{ntfs, "symlink-relative.txt", "plain/file.txt", "plain/file.txt"},
		{ntfs, "symlink-absolute.txt", "/plain/file.txt", "plain/file.txt"},
		{ntfs, "wsl-symlink", "plain/file.txt", "plain/file.txt"},
		{unix, "link", "owned.txt", "owned.txt"},
	} {
		target, err := c.tree.ReadLink(c.link)
		require.NoError(t, err, c.link)
		require.Equal(t, c.target, target, c.link)

		linkInfo, err := c.tree.Lstat(c.link)
		require.NoError(t, err)
		require.Equal(t, fs.ModeSymlink, linkInfo.Mode().Type(), c.link)
		require.Zero(t, linkInfo.Size(), c.link)
		require.Equal(t, path.Base(c.link), linkInfo.Name())

		info, err := c.tree.Stat(c.link)
		require.NoError(t, err)
		endInfo, err := c.tree.Lstat(c.end)
		require.NoError(t, err)
		require.Equal(t, endInfo, info, c.link)

		if info.IsDir() {
			entries, err := c.tree.ReadDir(c.link)
			require.NoError(t, err, c.link)
			want, err := c.tree.ReadDir(c.end)
			require.NoError(t, err)
			require.Equal(t, want, entries, c.link)
			_, err = c.tree.ReadFile(c.link)
			require.ErrorContains(t, err, "is a directory")
			continue
		}
		data, err := c.tree.ReadFile(c.link)
		require.NoError(t, err, c.link)
		want, err := c.tree.ReadFile(c.end)
		require.NoError(t, err)
		require.Equal(t, want, data, c.link)
		require.NotEmpty(t, data)
	}
	data, err := ntfs.ReadFile("junction/file.txt")
	require.NoError(t, err)
	require.Equal(t, "plain\r\n", string(data))
	data, err = small.ReadFile("links/through-link/c/d/e/f/g/h/i/j/k/l/m/n/o/p/leaf.txt")
	require.NoError(t, err)
	require.Equal(t, "sixteen levels down\n", string(data))
}

func TestLinkText(t *testing.T) {
	ntfs, small := fixtureFS(t, "ntfs.wim", 1), fixtureFS(t, "none.wim", 1)
	link := func(tree *wim.FS, name string) *wim.Link {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		link, err := info.Sys().(*wim.Entry).Reparse.Link()
		require.NoError(t, err)
		return link
	}
	require.Equal(t, &wim.Link{Substitute: `\??\C:\plain`, Print: `C:\plain`}, link(ntfs, "junction"))
	require.Equal(t, &wim.Link{Substitute: `plain\file.txt`, Print: `plain\file.txt`, Relative: true}, link(ntfs, "symlink-relative.txt"))
	require.Equal(t, &wim.Link{Substitute: `\??\C:\plain\file.txt`, Print: `C:\plain\file.txt`}, link(ntfs, "symlink-absolute.txt"))
	require.Equal(t, &wim.Link{Substitute: "plain/file.txt", Print: "plain/file.txt", Relative: true}, link(ntfs, "wsl-symlink"))
	require.Equal(t, `..\readme.txt`, link(small, "links/relative").Substitute)
	require.True(t, link(small, "links/relative").Relative)
	require.False(t, link(small, "links/absolute-inside").Relative)

	info, err := ntfs.Lstat("unknown-tag.bin")
	require.NoError(t, err)
	_, err = info.Sys().(*wim.Entry).Reparse.Link()
	require.ErrorIs(t, err, wim.ErrUnsupported)
	_, err = ntfs.ReadLink("unknown-tag.bin")
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// How NT paths read as targets (WIM format sheet, section 9.2).
func TestLinkTarget(t *testing.T) {
	for _, c := range []struct {
		link wim.Link
		want string
	}{
		{wim.Link{Substitute: `\??\C:\Users`}, "/Users"},
		{wim.Link{Substitute: `\??\d:\a\b\`}, "/a/b/"},
		{wim.Link{Substitute: `\??\C:\`}, "/"},
		{wim.Link{Substitute: `\??\C:`}, "/"},
		{wim.Link{Substitute: `\??\Volume{00112233-4455-6677-8899-aabbccddeeff}\x`}, "//?/Volume{00112233-4455-6677-8899-aabbccddeeff}/x"},
		{wim.Link{Substitute: `\??\UNC\server\share`}, "//server/share"},
		{wim.Link{Substitute: `..\a b\c`, Relative: true}, "../a b/c"},
		{wim.Link{Substitute: `\rooted`, Relative: true}, "/rooted"},
		{wim.Link{}, ""},
	} {
		require.Equal(t, c.want, c.link.Target(), c.link.Substitute)
	}
}

// A link that leads nowhere is there, and says what is wrong when it is read.
func TestLinksThatLeadNowhere(t *testing.T) {
	tree := fixtureFS(t, "none.wim", 1)
	for name, message := range map[string]string{
		"links/dangling":         "file does not exist",
		"links/absolute-outside": "file does not exist", // "/outside" is looked for in the image
		"links/loop-1":           "too many levels of links",
		"links/loop-2":           "too many levels of links",
	} {
		info, err := tree.Stat(name)
		require.NoError(t, err, name)
		require.Equal(t, fs.ModeSymlink, info.Mode().Type(), name)
		file, err := tree.Open(name)
		require.NoError(t, err, name)
		info, err = file.Stat()
		require.NoError(t, err)
		require.Equal(t, path.Base(name), info.Name())
		_, err = io.ReadAll(file)
		require.EqualError(t, err, "read "+name+": "+message)
		_, err = tree.ReadFile(name)
		require.ErrorContains(t, err, message)
		_, err = tree.ReadDir(name)
		require.ErrorContains(t, err, message)
		// What is behind it does not exist at all.
		_, err = tree.Stat(name + "/below")
		require.ErrorContains(t, err, message)
	}
	target, err := tree.ReadLink("links/absolute-outside")
	require.NoError(t, err)
	require.Equal(t, "/outside/of/the/tree", target)
}

// A path may lead through forty links, as on Linux.
func TestLinkLimit(t *testing.T) {
	tree := fixtureFS(t, "none.wim", 1)
	through := func(n int) string { return "links" + strings.Repeat("/self", n) + "/hard-1.txt" }
	data, err := tree.ReadFile(through(40))
	require.NoError(t, err)
	require.Equal(t, "linked\n", string(data))
	_, err = tree.ReadFile(through(41))
	require.ErrorContains(t, err, "too many levels of links")
}

func TestNamedStreams(t *testing.T) {
	tree := fixtureFS(t, "ntfs.wim", 1)
	for _, c := range []struct{ path, stream, want string }{
		{"streams/both.txt", "", "unnamed\r\n"},
		{"streams/both.txt", "Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3\r\n"},
		{"streams/both.txt", "zone.identifier", "[ZoneTransfer]\r\nZoneId=3\r\n"},
		{"Streams/Both.txt", "ÜNÏCODE 🚀", "second\r\n"},
		{"streams/both.txt", "empty", ""},
		{"streams", "on-directory", "of a directory\r\n"},
		{"streams/only-named.txt", "", ""},
		{"streams/linked-1.txt", "shared", "shared\r\n"},
		{"streams/linked-2.txt", "shared", "shared\r\n"},
	} {
		file, err := tree.OpenStream(c.path, c.stream)
		require.NoError(t, err, c.stream)
		data, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, c.want, string(data), c.stream)
		info, err := file.Stat()
		require.NoError(t, err)
		require.EqualValues(t, len(c.want), info.Size(), c.stream)
		require.Equal(t, path.Base(strings.ToLower(c.path)), info.Name())
		require.NoError(t, file.Close())
	}
	for _, c := range []struct{ path, stream string }{
		{"streams/both.txt", "nothing"}, {"plain", "on-directory"}, {"nothing", "Zone.Identifier"}, {"streams/both.txt", "both.txt"},
	} {
		_, err := tree.OpenStream(c.path, c.stream)
		require.ErrorIs(t, err, fs.ErrNotExist, c.stream)
	}
	_, err := tree.OpenStream("streams", "")
	require.ErrorContains(t, err, "is a directory")

	info, err := tree.Stat("streams/both.txt")
	require.NoError(t, err)
	e := info.Sys().(*wim.Entry)
	require.EqualValues(t, 26, e.Stream("Zone.Identifier").Size)
	require.EqualValues(t, 9, e.Stream("").Size)
	require.Nil(t, e.Stream("nothing"))
}

func TestDirectoryIsReadInPieces(t *testing.T) {
	tree := fixtureFS(t, "none.wim", 1)
	all, err := tree.ReadDir("links")
	require.NoError(t, err)
	for _, step := range []int{1, 3, len(all), len(all) + 1} {
		dir, err := tree.Open("links")
		require.NoError(t, err)
		var names []string
		for {
			entries, err := dir.(fs.ReadDirFile).ReadDir(step)
			if err == io.EOF {
				require.Empty(t, entries)
				break
			}
			require.NoError(t, err)
			require.LessOrEqual(t, len(entries), step)
			for _, e := range entries {
				names = append(names, e.Name())
			}
		}
		require.Len(t, names, len(all))
		require.IsIncreasing(t, names)
		rest, err := dir.(fs.ReadDirFile).ReadDir(-1)
		require.NoError(t, err)
		require.Empty(t, rest)
		_, err = dir.Read(make([]byte, 1))
		require.EqualError(t, err, "read links: is a directory")
		info, err := dir.Stat()
		require.NoError(t, err)
		require.Equal(t, "links", info.Name())
		require.NoError(t, dir.Close())
	}
}

// An empty image has a root, and nothing else.
func TestEmptyImage(t *testing.T) {
	tree := fixtureFS(t, "multi.wim", 3)
	entries, err := tree.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
	info, err := tree.Stat(".")
	require.NoError(t, err)
	require.Equal(t, ".", info.Name())
	require.True(t, info.IsDir())
}

// Sub, Glob and ReadFile of io/fs work on a tree as on any other.
func TestToolsOfIOFS(t *testing.T) {
	tree := fixtureFS(t, "install.wim", 1)
	names, err := fs.Glob(tree, "Windows/System32/*.exe")
	require.NoError(t, err)
	require.Equal(t, []string{
		"Windows/System32/cmd.exe", "Windows/System32/notepad.exe", "Windows/System32/ntoskrnl.exe", "Windows/System32/reg.exe",
	}, names)
	sub, err := fs.Sub(tree, "Windows/System32/drivers")
	require.NoError(t, err)
	data, err := fs.ReadFile(sub, "etc/hosts")
	require.NoError(t, err)
	require.Equal(t, "# localhost name resolution is handled within DNS itself.\r\n", string(data))
}

func TestFiletime(t *testing.T) {
	require.True(t, wim.Filetime(0).Time().IsZero())
	require.Equal(t, time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), wim.Filetime(1).Time())
	require.Equal(t, time.Unix(0, 0).UTC(), wim.Filetime(116444736000000000).Time())
	require.Equal(t, 60056, wim.Filetime(1<<64-1).Time().Year())
}

// An error of the source comes through, with the path and the place.
func TestSourceFails(t *testing.T) {
	data := wimtest.FixtureBytes(t, "lzx-32k.wim")
	source := &failingSource{data: data}
	r, err := wim.NewReader(source, int64(len(data)))
	require.NoError(t, err)
	tree := imageFS(t, r, 1)
	source.err = errors.New("the disk is on fire")
	_, err = tree.ReadFile("large/cbs.log")
	require.ErrorIs(t, err, source.err)
	require.ErrorContains(t, err, "read large/cbs.log: blob 5f25d9c201a7d27e2dec3894c1a59b9ea6f38748: ")
	file, err := tree.Open("readme.txt")
	require.NoError(t, err)
	_, err = file.Read(make([]byte, 10))
	require.ErrorIs(t, err, source.err)

	// Nothing of a failure is kept.
	source.err = nil
	_, err = tree.ReadFile("large/cbs.log")
	require.NoError(t, err)
}

type failingSource struct {
	data []byte
	err  error
}

func (s *failingSource) ReadAt(p []byte, offset int64) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if offset >= int64(len(s.data)) {
		return 0, io.EOF
	}
	n := copy(p, s.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// The chunk size of a file is that of the resource that it is in: of the
// header, or of the solid resource, as the names of the fixtures say.
func TestFileChunkSize(t *testing.T) {
	for fixture, want := range map[string]int64{"none.wim": 0, "lzx-32k.wim": 32 << 10, "xpress-4k.wim": 4 << 10, "solid-lzms-2m.esd": 2 << 20} {
		tree := fixtureFS(t, fixture, 1)
		sizes := make(map[int64]bool)
		for name, stream := range tree.StorageOrder() {
			file, err := tree.OpenStream(name, stream)
			require.NoError(t, err)
			sizes[file.ChunkSize()] = true
			require.NoError(t, file.Close())
			require.Zero(t, file.ChunkSize())
		}
		delete(sizes, 0) // small files may be stored as they are
		if want == 0 {
			require.Empty(t, sizes)
		} else {
			require.Equal(t, map[int64]bool{want: true}, sizes, fixture)
		}
	}
}
