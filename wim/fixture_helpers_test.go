package wim_test

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// openFixture opens a file of testdata. A delta gets the file that it was made
// against, a part of a split set its siblings.
func openFixture(t testing.TB, file string) *wim.Reader {
	t.Helper()
	r := openFile(t, wimtest.FixturePath(t, file))
	if reference := wimtest.FixtureReference(file); reference != "" {
		r.Reference(openFile(t, wimtest.FixturePath(t, reference)))
	}
	return r
}

// openFile opens a file for the duration of the test.
func openFile(t testing.TB, name string, opts ...wim.Option) *wim.Reader {
	t.Helper()
	r, err := wim.OpenReader(name, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	require.Empty(t, r.Warnings())
	return r.Reader
}

// openBytes opens a file that is in memory.
func openBytes(t testing.TB, data []byte, opts ...wim.Option) *wim.Reader {
	t.Helper()
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)), opts...)
	require.NoError(t, err)
	return r
}

// imageFS returns the tree of an image, by index.
func imageFS(t testing.TB, r *wim.Reader, index int) *wim.FS {
	t.Helper()
	require.LessOrEqual(t, index, len(r.Images))
	tree, err := r.Images[index-1].FS()
	require.NoError(t, err)
	return tree
}

// fixtureFS returns the tree of an image of a fixture.
func fixtureFS(t testing.TB, file string, index int) *wim.FS {
	t.Helper()
	return imageFS(t, openFixture(t, file), index)
}

// A walked is an entry as a walk through a tree meets it.
type walked struct {
	path   string // in the tree
	stored string // the stored names, as wimlib prints them: "/" for the root
	info   fs.FileInfo
	entry  *wim.Entry
}

// tooSlow says of a file that to read it byte by byte takes too long under the
// race detector.
func tooSlow(size int64) bool { return wimtest.Race && size > 90_000 }

// walk walks a whole tree with what io/fs offers, and checks what every path
// of a tree has to be: valid, unique, and the way to the entry that was met.
func walk(t testing.TB, tree *wim.FS) []walked {
	t.Helper()
	var list []walked
	stored := map[string]string{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		require.True(t, fs.ValidPath(name), "%q", name)
		require.Empty(t, stored[name], "%q is met twice", name)
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := info.Sys().(*wim.Entry)
		switch parent := path.Dir(name); {
		case name == ".":
			stored[name] = "/"
			require.Empty(t, e.RawName)
		default:
			stored[name] = path.Join(stored[parent], wimtest.WTF8(e.RawName))
			require.Equal(t, path.Base(name), d.Name())
		}
		require.Equal(t, d.Name(), info.Name())
		require.Equal(t, d.Name(), e.Name)
		require.Equal(t, d.IsDir(), info.IsDir())
		require.Equal(t, d.Type(), info.Mode().Type())
		again, err := tree.Lstat(name)
		require.NoError(t, err)
		require.Equal(t, e, again.Sys())
		list = append(list, walked{name, stored[name], info, e})
		return nil
	})
	require.NoError(t, err)
	return list
}

// byStoredPath is a walk's entries by stored path.
func byStoredPath(t testing.TB, list []walked) map[string]walked {
	t.Helper()
	m := make(map[string]walked, len(list))
	for _, w := range list {
		m[w.stored] = w
	}
	require.Len(t, m, len(list))
	return m
}

// noSHA1 is how wimlib prints the hash of an empty stream.
const noSHA1 = "0000000000000000000000000000000000000000"

// listed puts an entry in the terms of wimlib's listing, except for hard links,
// which are compared as groups.
func listed(t testing.TB, w walked) wimtest.ListedEntry {
	e := w.entry
	second := func(t wim.Filetime) time.Time { return t.Time().Truncate(time.Second) }
	l := wimtest.ListedEntry{
		Path: w.stored, ShortName: e.ShortName, Attributes: uint32(e.Attributes), SecurityDescriptor: e.SecurityDescriptor,
		Created: second(e.CreationTime), Written: second(e.LastWriteTime), Accessed: second(e.LastAccessTime),
	}
	if e.ObjectID != nil {
		// wimlib prints the id alone; there is room for three birth ids after
		// it.
		l.ObjectID = e.ObjectID[:16]
		require.Contains(t, []int{16, 64}, len(e.ObjectID))
	}
	if e.Unix != nil {
		l.Unix = &wimtest.ListedUnix{UID: e.Unix.UID, GID: e.Unix.GID, Mode: e.Unix.Mode, Rdev: e.Unix.Rdev}
	}
	if e.Reparse != nil {
		l.ReparseTag = uint32(e.Reparse.Tag)
		l.Streams = append(l.Streams, wimtest.ListedStream{
			Kind: wimtest.ReparseStream, SHA1: e.Reparse.SHA1.String(), Size: e.Reparse.Size,
		})
	}
	for _, s := range e.Streams {
		kind := wimtest.NamedStream
		if s.Name == "" {
			kind = wimtest.UnnamedStream
		}
		l.Streams = append(l.Streams, wimtest.ListedStream{Kind: kind, Name: s.Name, SHA1: s.SHA1.String(), Size: s.Size})
	}
	return l
}

// requireListing compares a tree with what wimlib lists: the names, and for
// each everything that wimlib prints.
func requireListing(t testing.TB, tree *wim.FS, listing []wimtest.ListedEntry) {
	t.Helper()
	ours := walk(t, tree)
	byPath := byStoredPath(t, ours)
	require.Len(t, ours, len(listing))
	for _, theirs := range listing {
		w, found := byPath[theirs.Path]
		require.True(t, found, "%q is not in our walk", theirs.Path)
		l := listed(t, w)
		theirs.LinkGroup, theirs.LinkCount = 0, 0
		switch {
		case theirs.ReparseTag != 0:
			// wimlib has an empty unnamed stream beside the reparse data, and
			// does not list any.
			l.Streams = slices.DeleteFunc(l.Streams, func(s wimtest.ListedStream) bool { return s.Kind == wimtest.UnnamedStream })
		case theirs.Attributes&0x10 != 0:
			// It lists an empty unnamed stream for each directory.
			require.Equal(t, &wimtest.ListedStream{Kind: wimtest.UnnamedStream, SHA1: noSHA1}, theirs.Stream(wimtest.UnnamedStream))
			theirs.Streams = slices.DeleteFunc(slices.Clone(theirs.Streams), func(s wimtest.ListedStream) bool { return s.Kind == wimtest.UnnamedStream })
			if len(theirs.Streams) == 0 {
				theirs.Streams = nil
			}
		}
		byName := func(a, b wimtest.ListedStream) int {
			return bytes.Compare([]byte(a.Kind+a.Name), []byte(b.Kind+b.Name))
		}
		slices.SortFunc(l.Streams, byName)
		slices.SortFunc(theirs.Streams, byName)
		require.Equal(t, theirs, l, theirs.Path)
		requireInfo(t, w)
	}
	requireHardLinks(t, byPath, listing)
}

// requireInfo checks that fs.FileInfo agrees with the entry.
func requireInfo(t testing.TB, w walked) {
	t.Helper()
	e, mode := w.entry, w.info.Mode()
	link := e.Reparse != nil && e.Reparse.IsLink()
	require.Equal(t, e.Attributes&wim.AttributeReparsePoint != 0, e.Reparse != nil, w.path)
	require.Equal(t, link, mode&fs.ModeSymlink != 0, w.path)
	require.Equal(t, e.Reparse != nil && !link, mode&fs.ModeIrregular != 0, w.path)
	require.Equal(t, e.Attributes&wim.AttributeDirectory != 0 && e.Reparse == nil, mode.IsDir(), w.path)
	require.Equal(t, mode.IsDir(), w.info.IsDir(), w.path)
	require.Equal(t, e.LastWriteTime.Time(), w.info.ModTime(), w.path)
	size := int64(0)
	if s := e.Stream(""); s != nil {
		size = s.Size
	}
	require.Equal(t, size, w.info.Size(), w.path)
}

// requireHardLinks checks that the same names are names of one file. What
// number such a group has is nobody's business.
func requireHardLinks(t testing.TB, ours map[string]walked, listing []wimtest.ListedEntry) {
	t.Helper()
	theirGroups, ourGroups := make(map[uint64][]string), make(map[uint64][]string)
	for _, l := range listing {
		if l.LinkCount > 1 {
			require.NotZero(t, l.LinkGroup)
			theirGroups[l.LinkGroup] = append(theirGroups[l.LinkGroup], l.Path)
		}
		if group := ours[l.Path].entry.HardLinkGroup; group != 0 {
			ourGroups[group] = append(ourGroups[group], l.Path)
		}
	}
	groups := func(m map[uint64][]string) [][]string {
		var list [][]string
		for _, names := range m {
			slices.Sort(names)
			list = append(list, names)
		}
		slices.SortFunc(list, slices.Compare)
		return list
	}
	require.Equal(t, groups(theirGroups), groups(ourGroups))
	for _, l := range listing {
		if l.LinkCount > 1 {
			require.Len(t, theirGroups[l.LinkGroup], l.LinkCount, l.Path)
		}
	}
}

// sha1Of parses a hash.
func sha1Of(t testing.TB, text string) wim.SHA1 {
	t.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	return wim.SHA1(raw)
}
