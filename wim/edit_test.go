package wim_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// openEdit writes a file, and opens its first image to edit it.
func openEdit(t testing.TB, data []byte) (file string, u *wim.Update, e *wim.Edit) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "edit.wim")
	require.NoError(t, os.WriteFile(file, data, 0o666))
	u, err := wim.OpenUpdate(file, wim.WithTime(time.Unix(1.6e9, 0)))
	require.NoError(t, err)
	t.Cleanup(func() { u.Close() })
	e, err = u.Images()[0].Edit()
	require.NoError(t, err)
	return file, u, e
}

// commit writes what was changed, and opens the file anew.
func commit(t testing.TB, file string, u *wim.Update) *wim.Reader {
	t.Helper()
	_, err := u.Commit(t.Context())
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	requireInvariants(t, data, true)
	requireClean(t, data)
	return openFile(t, file)
}

// pathsOf lists a tree, directories with a slash at the end, files with their
// content.
func pathsOf(t testing.TB, fsys fs.FS) []string {
	t.Helper()
	var list []string
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case d.IsDir():
			list = append(list, name+"/")
		case d.Type() == fs.ModeSymlink:
			target, err := fs.ReadLink(fsys, name)
			list = append(list, name+" -> "+target)
			return err
		default:
			data, err := fs.ReadFile(fsys, name)
			list = append(list, name+" = "+string(data))
			return err
		}
		return nil
	}))
	return list
}

// TestEditKeepsAll changes random images and changes them back. Every entry
// has then what it had, though all of the metadata was written anew.
func TestEditKeepsAll(t *testing.T) {
	images := 30
	if testing.Short() {
		images = 6
	}
	data := madeFile(7, images)
	want := contentsOf(t, openBytes(t, data))
	file := filepath.Join(t.TempDir(), "edit.wim")
	require.NoError(t, os.WriteFile(file, data, 0o666))
	listing := listingOf(t, file)
	u, err := wim.OpenUpdate(file)
	require.NoError(t, err)
	for _, image := range u.Images() {
		e, err := image.Edit()
		require.NoError(t, err)
		again, err := image.Edit()
		require.NoError(t, err)
		require.Same(t, e, again)
		require.NoError(t, e.WriteFile("new/file", []byte("content")))
		require.NoError(t, e.RemoveAll("new"))
	}
	r := commit(t, file, u)
	require.Equal(t, want, contentsOf(t, r))
	require.Equal(t, listing, listingOf(t, file))
}

// TestEditKeepsOddities changes an image whose metadata has what no sane one
// has, but nothing that is lost: it is copied byte by byte.
func TestEditKeepsOddities(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	odd := wimtest.RegularFile("odd", hash)
	odd.Tagged = []wimtest.TaggedItem{{Tag: 0x77, Data: []byte("unknown")}, {Tag: 1, Data: []byte("short"), Size: wimtest.Of(uint32(1 << 30))}}
	odd.Extra = []byte("no item at all..")
	odd.SecurityID = 77
	odd.Streams = []wimtest.StreamEntry{{Name: "a", Hash: hash, Reserved: 5}, {Name: "A", Hash: hash}, {Hash: hash}}
	twin := wimtest.RegularFile("odd", hash)
	dir := wimtest.Directory("z", wimtest.RegularFile("b", hash), wimtest.RegularFile("a", hash))
	meta := &wimtest.Metadata{Root: wimtest.Directory("", odd, twin, dir)}
	meta.Security = [][]byte{{1, 2, 3}, {1, 2, 3}, {}} // equal ones, and no descriptors
	w.AddImage(meta)
	file, u, e := openEdit(t, w.Bytes())
	require.NoError(t, e.WriteFile("new", nil))
	_, err := u.Commit(t.Context())
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	requireInvariants(t, data, true)
	// The dentries as they were, except for the offset of the list of children.
	old := meta.Bytes()
	for _, d := range []*wimtest.Dentry{odd, twin, dir.Children[0], dir.Children[1]} {
		end := d.Offset
		for range 1 + len(d.Streams) {
			end += uint64(old[end]) | uint64(old[end+1])<<8
			end = (end + 7) &^ 7
		}
		require.True(t, bytes.Contains(data, old[d.Offset:end]), d.Name)
	}
	first := dir.Children[0].Offset
	require.True(t, bytes.Contains(data, old[first:dir.Children[1].Offset+102]), "a list that is not sorted stays so")
	require.True(t, bytes.Contains(data[len(w.Bytes()):], []byte{3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 1, 2, 3}))
}

// linkedImage has what a changed file must not lose.
func linkedImage(t testing.TB) []byte {
	t.Helper()
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32<<10)
	hash, other := w.AddBlob([]byte("old content")), w.AddBlob([]byte("a stream"))
	one := wimtest.RegularFile("Long Name.txt", hash)
	one.ShortName, one.SecurityID, one.HardLink = "LONGNA~1.TXT", 0, 5
	two := *one
	two.Name, two.ShortName = "other.txt", "OTHER.TXT"
	three := *one
	three.Name, three.ShortName = "third.txt", ""
	streams := wimtest.RegularFile("streams", [20]byte{})
	streams.Streams = []wimtest.StreamEntry{{Hash: hash}, {Name: "ads", Hash: other}}
	streams.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: make([]byte, 64)}}
	link := wimtest.Symlink("link", w.AddBlob(wimtest.SymlinkData(`Dir\in`, true)))
	dir := wimtest.Directory("Dir", wimtest.RegularFile("in", hash), wimtest.Directory("empty"))
	dir.ShortName, dir.SecurityID = "DIR~1", 0
	root := wimtest.Directory("", dir, link, one, &two, streams, &three)
	w.AddImage(&wimtest.Metadata{Security: [][]byte{testDescriptor}, Root: root})
	return w.Bytes()
}

// testDescriptor is O:BAG:SYD:(A;OICI;FA;;;SY)(A;CI;FR;;;BU).
var testDescriptor = slices.Concat(
	[]byte{1, 0, 0x04, 0x80, 20, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0},
	sidAdministrators, sidSystem,
	[]byte{2, 0, 52, 0, 2, 0, 0, 0},
	[]byte{0, 3, 20, 0, 0xFF, 1, 0x1F, 0}, sidSystem,
	[]byte{0, 2, 24, 0, 0x89, 0, 0x12, 0}, sidUsers,
)

var (
	sidSystem         = []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
	sidAdministrators = []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	sidUsers          = []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0}
)

func entryOf(t testing.TB, fsys fs.FS, name string) *wim.Entry {
	t.Helper()
	info, err := fs.Lstat(fsys, name)
	require.NoError(t, err)
	return info.Sys().(*wim.Entry)
}

// both runs checks on the tree before it is written, and on what a reader then
// makes of it.
func both(t *testing.T, file string, u *wim.Update, e *wim.Edit, check func(t *testing.T, fsys fs.FS)) {
	t.Helper()
	t.Run("edit", func(t *testing.T) { check(t, e) })
	r := commit(t, file, u)
	t.Run("written", func(t *testing.T) { check(t, imageFS(t, r, 1)) })
}

func TestEditReplace(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.WriteFile("LONG name.txt", []byte("new content")))
	old := time.Unix(1.2e9, 0)
	require.NoError(t, e.Add(t.Context(), fstest.MapFS{"src": {Data: []byte("added"), ModTime: old}}, "src", "streams"))
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		require.Equal(t, []string{"Dir/", "Dir/empty/", "Dir/in = old content", "LONG name.txt = new content", "link -> Dir/in",
			"other.txt = old content", "streams = added", "third.txt = old content"}, pathsOf(t, fsys))
		one, two, three := entryOf(t, fsys, "long name.txt"), entryOf(t, fsys, "other.txt"), entryOf(t, fsys, "third.txt")
		require.Equal(t, "LONGNA~1.TXT", one.ShortName)
		require.Equal(t, testDescriptor, one.SecurityDescriptor)
		require.Equal(t, wim.FiletimeOf(time.Unix(1.6e9, 0)), one.LastWriteTime)
		require.Zero(t, one.CreationTime, "as it was")
		require.Zero(t, one.HardLinkGroup)
		require.Equal(t, 1, one.HardLinkCount)
		require.Equal(t, "OTHER.TXT", two.ShortName)
		require.EqualValues(t, 5, two.HardLinkGroup)
		require.Equal(t, 2, two.HardLinkCount)
		require.Equal(t, two.HardLinkGroup, three.HardLinkGroup)
		added := entryOf(t, fsys, "streams")
		require.Len(t, added.Streams, 1, "the file is another one")
		require.Nil(t, added.ObjectID)
		require.Equal(t, wim.FiletimeOf(old), added.LastWriteTime)
	})
}

func TestEditStreams(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.SetStream("other.TXT", "zone", []byte("internet")))
	require.NoError(t, e.SetStream("streams", "ADS", []byte("new")))
	require.NoError(t, e.SetStream("streams", "second", nil))
	require.NoError(t, e.SetStream("dir", "of a directory", []byte("x")))
	require.NoError(t, e.SetStream("link", "of a link", []byte("y")))
	require.NoError(t, e.AddStream(fstest.MapFS{"f": {Data: []byte("from a file")}}, "f", "dir/in", "s"))
	require.NoError(t, e.SetStream("Dir/empty", "gone", []byte("soon")))
	require.NoError(t, e.RemoveStream("Dir/empty", "GONE"))
	for name, err := range map[string]error{
		"":                       e.SetStream("dir", "", nil),
		"a:b":                    e.SetStream("dir", "a:b", nil),
		"NUL":                    e.SetStream("dir", "a\x00", nil),
		strings.Repeat("n", 256): e.SetStream("dir", strings.Repeat("n", 256), nil),
		"no UTF-8":               e.SetStream("dir", "\xff", nil),
		"a directory's content":  e.AddStream(fstest.MapFS{"f/g": {}}, "f", "dir/in", "s"),
	} {
		require.ErrorIs(t, err, fs.ErrInvalid, name)
	}
	require.ErrorIs(t, e.SetStream("nothing", "s", nil), fs.ErrNotExist)
	require.ErrorIs(t, e.RemoveStream("streams", "s"), fs.ErrNotExist)
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		read := func(name, stream string) string {
			file, err := fsys.(interface {
				OpenStream(name, stream string) (fs.File, error)
			}).OpenStream(name, stream)
			require.NoError(t, err)
			defer file.Close()
			data, err := io.ReadAll(file)
			require.NoError(t, err)
			info, err := file.Stat()
			require.NoError(t, err)
			require.EqualValues(t, len(data), info.Size())
			return string(data)
		}
		if _, ok := fsys.(*wim.FS); ok {
			tree := fsys.(*wim.FS)
			read = func(name, stream string) string {
				file, err := tree.OpenStream(name, stream)
				require.NoError(t, err)
				data, err := io.ReadAll(file)
				require.NoError(t, err)
				return string(data)
			}
		}
		for _, name := range []string{"Long Name.txt", "other.txt", "third.txt"} {
			require.Equal(t, "internet", read(name, "zone"), "under all names of the file")
			require.Equal(t, "old content", read(name, ""))
			require.Equal(t, 3, entryOf(t, fsys, name).HardLinkCount)
		}
		require.Equal(t, "new", read("streams", "ads"))
		require.Equal(t, "old content", read("streams", ""))
		require.Empty(t, read("streams", "second"))
		require.NotNil(t, entryOf(t, fsys, "streams").ObjectID)
		require.Equal(t, "x", read("Dir", "of a directory"))
		require.Equal(t, "from a file", read("Dir/in", "s"))
		require.Empty(t, entryOf(t, fsys, "Dir/empty").Streams)
		link := entryOf(t, fsys, "link")
		require.NotNil(t, link.Stream("of a link"))
		target, err := fs.ReadLink(fsys, "link")
		require.NoError(t, err)
		require.Equal(t, "Dir/in", target)
	})
}

func TestEditRename(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.Rename("LONG name.txt", "Dir/moved"))
	require.NoError(t, e.Rename("dir/in", "Dir/IN"))
	require.NoError(t, e.Rename("streams", "third.txt"))
	require.NoError(t, e.Rename("other.txt", "OTHER.TXT"))
	require.NoError(t, e.Rename("OTHER.TXT", "OTHER.TXT"))
	require.NoError(t, e.MkdirAll("new/sub"))
	require.NoError(t, e.MkdirAll("NEW/SUB"))
	require.NoError(t, e.Rename("new", "dir/empty"))
	before := pathsOf(t, e)
	for _, c := range []struct {
		err  error
		kind error
	}{
		{e.Rename("Dir", "Dir/empty/sub/x"), fs.ErrInvalid},
		{e.Rename("Dir", "Dir/x"), fs.ErrInvalid},
		{e.Rename("Dir", "."), fs.ErrInvalid},
		{e.Rename(".", "x"), fs.ErrInvalid},
		{e.Rename("Dir", "a/../b"), fs.ErrInvalid},
		{e.Rename("Dir", "/x"), fs.ErrInvalid},
		{e.Rename("Dir", "x\x00"), fs.ErrInvalid},
		{e.Rename("Dir", `x\y`), fs.ErrInvalid},
		{e.Rename("Dir", "\xff"), fs.ErrInvalid},
		{e.Rename("Dir", strings.Repeat("𝄞", 128)), fs.ErrInvalid},
		{e.Rename("nothing", "x"), fs.ErrNotExist},
		{e.Rename("Dir", "nothing/x"), fs.ErrNotExist},
		{e.Rename("Dir", "OTHER.TXT/x"), fs.ErrNotExist},
		{e.Rename("Dir", "OTHER.TXT"), fs.ErrExist},
		{e.Rename("OTHER.TXT", "Dir"), fs.ErrExist},
		{e.Rename("Dir/empty/sub", "Dir"), fs.ErrExist},
		{e.Remove("Dir"), fs.ErrExist},
		{e.Remove("."), fs.ErrInvalid},
		{e.Remove("nothing"), fs.ErrNotExist},
		{e.RemoveAll("../x"), fs.ErrInvalid},
		{e.WriteFile("Dir", nil), fs.ErrExist},
		{e.WriteFile("OTHER.TXT/x", nil), fs.ErrNotExist},
		{e.WriteFile(strings.Repeat("n", 256), nil), fs.ErrInvalid},
		{e.WriteFile("a/"+strings.Repeat("n", 256)+"/b", nil), fs.ErrInvalid},
		{e.MkdirAll("OTHER.TXT"), fs.ErrNotExist},
		{e.Add(t.Context(), fstest.MapFS{"a": {}}, "a", "."), fs.ErrExist},
		{e.Add(t.Context(), fstest.MapFS{"a": {}}, "a", "Dir"), fs.ErrExist},
		{e.Add(t.Context(), fstest.MapFS{"a": {}}, ".", "OTHER.TXT"), fs.ErrExist},
		{e.Add(t.Context(), fstest.MapFS{"a": {}}, "b", "x"), fs.ErrNotExist},
		{e.Add(t.Context(), fstest.MapFS{"dir": {}, "OTHER.TXT": {}}, ".", "."), fs.ErrExist},
		{e.Add(t.Context(), fstest.MapFS{"other.TXT": {}}, ".", ".", wim.WithoutReplacing()), fs.ErrExist},
		{e.Add(t.Context(), fstest.MapFS{"new": {}, "OTHER.TXT/x": {}}, ".", "."), fs.ErrExist},
	} {
		require.ErrorIs(t, c.err, c.kind)
		var at *fs.PathError
		require.ErrorAs(t, c.err, &at)
	}
	require.Equal(t, before, pathsOf(t, e), "what fails changes nothing")
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		require.Equal(t, []string{"Dir/", "Dir/IN = old content", "Dir/empty/", "Dir/empty/sub/", "Dir/moved = old content",
			"OTHER.TXT = old content", "link -> Dir/in", "third.txt = old content"}, pathsOf(t, fsys))
		moved := entryOf(t, fsys, "Dir/moved")
		require.Empty(t, moved.ShortName)
		require.Equal(t, testDescriptor, moved.SecurityDescriptor)
		require.Equal(t, 2, moved.HardLinkCount)
		require.NotNil(t, entryOf(t, fsys, "third.txt").ObjectID, "a renamed file has all that it had")
		require.NotNil(t, entryOf(t, fsys, "third.txt").Stream("ads"))
		require.Equal(t, "DIR~1", entryOf(t, fsys, "Dir").ShortName)
		_, err := fs.Stat(fsys, "link")
		require.NoError(t, err, "the link leads somewhere still, though the case is another")
	})
}

// TestEditOverlay lays folders over directories.
func TestEditOverlay(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	source := fstest.MapFS{
		"DIR/In": {Data: []byte("laid over")}, "dir2/a": {Data: []byte("a")}, "dir2/A": {Data: []byte("A")}, "top": {Data: []byte("top")},
	}
	require.NoError(t, e.Add(t.Context(), source, ".", "."))
	require.NoError(t, e.Add(t.Context(), source, "dir2", "DIR2"))
	require.NoError(t, e.Add(t.Context(), source, "dir2", "deep/er/dir"))
	require.NoError(t, e.RemoveAll("Dir/empty"))
	require.NoError(t, e.RemoveAll("Dir/empty"))
	require.NoError(t, e.RemoveAll("no/such"))
	require.NoError(t, e.RemoveAll("top/x"))
	require.NoError(t, e.Remove("streams"))
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		require.Equal(t, []string{"Dir/", "Dir/In = laid over", "Long Name.txt = old content", "deep/", "deep/er/", "deep/er/dir/",
			"deep/er/dir/A = A", "deep/er/dir/a = a", "dir2/", "dir2/A = A", "dir2/a = a", "link -> Dir/in",
			"other.txt = old content", "third.txt = old content", "top = top"}, pathsOf(t, fsys))
		require.Equal(t, "DIR~1", entryOf(t, fsys, "Dir").ShortName)
	})
}

// TestEditInherits has new entries have the security descriptors that Windows
// gives them in such a directory ([MS-DTYP], section 2.5.3.4).
func TestEditInherits(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.Add(t.Context(), fstest.MapFS{"sub/file": {}}, ".", "Dir"))
	require.NoError(t, e.WriteFile("without", nil))
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		require.Equal(t, "O:BAG:SYD:AI(A;ID;FA;;;SY)", sddlOf(t, fsys, "Dir/sub/file"))
		require.Equal(t, "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;CIID;FR;;;BU)", sddlOf(t, fsys, "Dir/sub"))
		require.Nil(t, entryOf(t, fsys, "without").SecurityDescriptor, "the root has none")
	})
}

// TestEditFromImage adds a directory of another image: all that it has comes
// along, and hard links stay together, apart from those that were there.
func TestEditFromImage(t *testing.T) {
	other := imageFS(t, openBytes(t, linkedImage(t)), 1)
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.Add(t.Context(), other, ".", "copy"))
	both(t, file, u, e, func(t *testing.T, fsys fs.FS) {
		require.Equal(t, 3, entryOf(t, fsys, "other.txt").HardLinkCount)
		one := entryOf(t, fsys, "copy/Long Name.txt")
		require.Equal(t, 3, one.HardLinkCount)
		require.NotEqual(t, entryOf(t, fsys, "other.txt").HardLinkGroup, one.HardLinkGroup)
		require.Equal(t, "LONGNA~1.TXT", one.ShortName)
		require.Equal(t, testDescriptor, one.SecurityDescriptor)
		require.NotNil(t, entryOf(t, fsys, "copy/streams").Stream("ads"))
		target, err := fs.ReadLink(fsys, "copy/link")
		require.NoError(t, err)
		require.Equal(t, "Dir/in", target)
	})
}

// TestEditIsAFileSystem runs the tests of package fstest on changed trees.
func TestEditIsAFileSystem(t *testing.T) {
	for seed := range uint64(3) {
		_, _, e := openEdit(t, madeFile(seed, 1))
		require.NoError(t, e.WriteFile("new/File", []byte("content")))
		require.NoError(t, e.Rename("new", "NEWER"))
		require.NoError(t, e.Add(t.Context(), fstest.MapFS{"x/y": {Data: []byte("y")}}, "x", "NEWER/x"))
		require.NoError(t, fstest.TestFS(e, "NEWER/File", "NEWER/x/y"))
	}
	_, _, e := openEdit(t, linkedImage(t))
	require.NoError(t, fstest.TestFS(e, "Dir/in", "link"))
}

// TestEditStatistics has the XML tell of the tree as it is then: of 3 names of
// one file with 11 bytes two are left.
func TestEditStatistics(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.Remove("third.txt"))
	require.NoError(t, e.RemoveAll("streams"))
	require.NoError(t, e.WriteFile("a/b", make([]byte, 1000)))
	r := commit(t, file, u)
	info := r.Images[0].Info
	require.EqualValues(t, 3, info.DirCount, "Dir, Dir/empty, a")
	require.EqualValues(t, 5, info.FileCount, "Dir/in, Long Name.txt, a/b, link, other.txt")
	link := entryOf(t, imageFS(t, r, 1), "link")
	require.EqualValues(t, 3*11+1000+link.Reparse.Size, info.TotalBytes)
	require.EqualValues(t, 11, info.HardLinkBytes)
	require.Equal(t, wim.FiletimeOf(time.Unix(1.6e9, 0)), info.Modified)
}

// TestEditUnchanged opens an image to edit it, and changes nothing.
func TestEditUnchanged(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	require.NoError(t, e.RemoveAll("nothing"))
	require.NoError(t, e.Rename("Dir", "Dir"))
	before := contentsOf(t, openFile(t, file))
	report, err := u.Commit(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Bytes)
	require.Equal(t, before, contentsOf(t, openFile(t, file)))
}

// TestEditLongPaths makes more than a path can have.
func TestEditLongPaths(t *testing.T) {
	_, u, e := openEdit(t, linkedImage(t))
	name := strings.Repeat("n", 255)
	long := strings.TrimSuffix(strings.Repeat(name+"/", 128), "/") // 128 times 256 units is 32,768
	require.NoError(t, e.MkdirAll(path.Dir(long)))
	require.NoError(t, e.WriteFile(long+"/x", nil))
	_, err := u.Commit(t.Context())
	require.ErrorIs(t, err, wim.ErrLimit)
}

// TestEditDeep changes a tree of many levels, and moves all of it a level down.
func TestEditDeep(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	levels := 10_000
	if testing.Short() {
		levels = 1000
	}
	deep := strings.TrimSuffix(strings.Repeat("d/", levels), "/")
	require.NoError(t, e.WriteFile(deep+"/file", []byte("down here")))
	require.NoError(t, e.MkdirAll("top"))
	require.NoError(t, e.Rename("d", "top/d"))
	r := commit(t, file, u)
	data, err := imageFS(t, r, 1).ReadFile("top/" + deep + "/file")
	require.NoError(t, err)
	require.Equal(t, "down here", string(data))
}

// TestEditDamaged refuses to write metadata anew of which a part would be lost.
func TestEditDamaged(t *testing.T) {
	w := wimtest.NewWIM()
	one := wimtest.Directory("one", wimtest.RegularFile("f", [20]byte{}))
	two := wimtest.Directory("two")
	two.SharesList = one
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", one, two)})
	file := filepath.Join(t.TempDir(), "damaged.wim")
	require.NoError(t, os.WriteFile(file, w.Bytes(), 0o666))
	u, err := wim.OpenUpdate(file)
	require.NoError(t, err)
	defer u.Close()
	_, err = u.Images()[0].Edit()
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "two")
}

// TestEditSourceChanges has a source be no more what it was when it is read.
func TestEditSourceChanges(t *testing.T) {
	file, u, e := openEdit(t, linkedImage(t))
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	source := fstest.MapFS{"f": {Data: []byte("content")}}
	require.NoError(t, e.Add(t.Context(), source, "f", "f"))
	source["f"].Data = []byte("shorter"[:3])
	_, err = u.Commit(t.Context())
	require.ErrorIs(t, err, wim.ErrChanged)
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after))
}

// TestEditAddEnds ends the context of an Add.
func TestEditAddEnds(t *testing.T) {
	_, _, e := openEdit(t, linkedImage(t))
	before := pathsOf(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.Add(ctx, fstest.MapFS{"a/b": {}}, ".", "x"), context.Canceled)
	require.Equal(t, before, pathsOf(t, e))
}

// TestEditLikeModel changes a tree at random, and a map of paths with it.
func TestEditLikeModel(t *testing.T) {
	rounds, steps := 6, 300
	if testing.Short() {
		rounds, steps = 2, 60
	}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 1900))
		file, u, e := openEdit(t, linkedImage(t))
		require.NoError(t, e.RemoveAll("."))
		model := map[string]string{} // content by path, "/" for directories
		name := func() string {
			names := []string{"a", "b", "c"}
			parts := []string{names[random.IntN(3)]}
			for random.IntN(2) == 0 {
				parts = append(parts, names[random.IntN(3)])
			}
			return path.Join(parts...)
		}
		below := func(dir string) (list []string) {
			for p := range model {
				if p == dir || strings.HasPrefix(p, dir+"/") {
					list = append(list, p)
				}
			}
			return list
		}
		for step := range steps {
			p, q := name(), name()
			switch random.IntN(5) {
			case 0, 1:
				content := fmt.Sprint(step)
				if e.WriteFile(p, []byte(content)) == nil {
					require.NotEqual(t, "/", model[p])
					model[p] = content
				} else {
					blocked := model[p] == "/"
					for up := path.Dir(p); up != "."; up = path.Dir(up) {
						blocked = blocked || model[up] != "" && model[up] != "/"
					}
					require.True(t, blocked, p)
					continue
				}
				for up := path.Dir(p); up != "."; up = path.Dir(up) {
					model[up] = "/"
				}
			case 2:
				err := e.Remove(p)
				require.Equal(t, len(below(p)) == 1, err == nil, p)
				if err == nil {
					delete(model, p)
				}
			case 3:
				require.NoError(t, e.RemoveAll(p))
				for _, q := range below(p) {
					delete(model, q)
				}
			case 4:
				err := e.Rename(p, q)
				up := path.Dir(q)
				ok := model[p] != "" && (up == "." || model[up] == "/") && !strings.HasPrefix(q, p+"/")
				if ok && p != q && model[q] != "" {
					ok = (model[p] == "/") == (model[q] == "/") && len(below(q)) == 1
				}
				require.Equal(t, ok, err == nil, "%s to %s: %v", p, q, err)
				if err == nil && p != q {
					moved := map[string]string{}
					for _, r := range below(p) {
						moved[q+strings.TrimPrefix(r, p)] = model[r]
						delete(model, r)
					}
					for r, content := range moved {
						model[r] = content
					}
				}
			}
		}
		var want []string
		for p, content := range model {
			if content == "/" {
				want = append(want, p+"/")
			} else {
				want = append(want, p+" = "+content)
			}
		}
		slices.Sort(want)
		sorted := func(list []string) []string { slices.Sort(list); return list }
		require.Equal(t, want, sorted(pathsOf(t, e)))
		require.Equal(t, want, sorted(pathsOf(t, imageFS(t, commit(t, file, u), 1))))
	}
}

func sddlOf(t testing.TB, fsys fs.FS, name string) string {
	t.Helper()
	text, err := sddl.Format(entryOf(t, fsys, name).SecurityDescriptor)
	require.NoError(t, err)
	return text
}

// TestEditManyStreams gives a file one stream more than a dentry can count.
func TestEditManyStreams(t *testing.T) {
	w := wimtest.NewWIM()
	odd := wimtest.RegularFile("odd", [20]byte{})
	for i := range 0xFFFF - 2 {
		odd.Streams = append(odd.Streams, wimtest.StreamEntry{Name: fmt.Sprint(i)})
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", odd)})
	_, _, e := openEdit(t, w.Bytes())
	require.ErrorIs(t, e.SetStream("odd", "one more", nil), wim.ErrLimit)
	require.NoError(t, e.RemoveStream("odd", "7"))
	require.NoError(t, e.SetStream("odd", "7", nil))
}

// TestEditKeepsUnixData replaces a file of an image of Linux.
func TestEditKeepsUnixData(t *testing.T) {
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("file", w.AddBlob([]byte("old")))
	unix := []byte{1, 0, 0, 0, 2, 0, 0, 0, 0xED, 0x81, 0, 0, 0, 0, 0, 0} // uid 1, gid 2, -rwxr-xr-x
	file.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: make([]byte, 64)}, {Tag: 0x337DD873, Data: unix}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file)})
	name, u, e := openEdit(t, w.Bytes())
	require.NoError(t, e.WriteFile("file", []byte("new")))
	both(t, name, u, e, func(t *testing.T, fsys fs.FS) {
		entry := entryOf(t, fsys, "file")
		require.Equal(t, &wim.UnixData{UID: 1, GID: 2, Mode: 0o100755}, entry.Unix)
		require.Nil(t, entry.ObjectID, "the file is another one")
	})
}
