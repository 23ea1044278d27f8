package wim_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// changes are what is different, one line each: kind, path, old path where it
// is another, aspects.
func changes(t testing.TB, old, new fs.FS, opts ...wim.DiffOption) []string {
	t.Helper()
	lines := []string{}
	for c, err := range wim.Diff(t.Context(), old, new, opts...) {
		require.NoError(t, err)
		line := c.Kind.String() + " " + c.Path
		switch c.Kind {
		case wim.ChangeAdded:
			require.Nil(t, c.Old)
			require.NotNil(t, c.New)
			require.Empty(t, c.OldPath)
		case wim.ChangeRemoved:
			require.NotNil(t, c.Old)
			require.Nil(t, c.New)
			require.Equal(t, c.Path, c.OldPath)
		default:
			require.NotNil(t, c.Old)
			require.NotNil(t, c.New)
			if c.OldPath != c.Path {
				line += " from " + c.OldPath
			}
		}
		if c.Aspects != 0 {
			line += ": " + c.Aspects.String()
		}
		lines = append(lines, line)
	}
	return lines
}

// twoTrees returns the trees of a file with two images.
func twoTrees(t testing.TB, make func(w *wimtest.WIM) (old, new *wimtest.Metadata)) (old, new *wim.FS) {
	t.Helper()
	w := wimtest.NewWIM()
	x, y := make(w)
	w.AddImage(x)
	w.AddImage(y)
	r := openBytes(t, w.Bytes())
	return imageFS(t, r, 1), imageFS(t, r, 2)
}

// Each aspect alone, and none where there is none.
func TestDiffAspects(t *testing.T) {
	hash, other := wimtest.SHA1([]byte("one")), wimtest.SHA1([]byte("two"))
	target, elsewhere := wimtest.SymlinkData("a", true), wimtest.SymlinkData("b", true)
	for _, test := range []struct {
		aspects string
		change  func(file, link *wimtest.Dentry)
	}{
		{"", func(file, link *wimtest.Dentry) {}},
		{"changed file: content", func(file, _ *wimtest.Dentry) { file.Hash = other }},
		{"changed file: content", func(file, _ *wimtest.Dentry) { file.Hash = wim.SHA1{} }},
		{"changed file: attributes", func(file, _ *wimtest.Dentry) { file.Attributes |= 1 }},
		{"changed file: security", func(file, _ *wimtest.Dentry) { file.SecurityID = 1 }},
		{"changed file: security", func(file, _ *wimtest.Dentry) { file.SecurityID = -1 }},
		{"", func(file, _ *wimtest.Dentry) { file.SecurityID = 2 }}, // the same descriptor again
		{"changed file: short name", func(file, _ *wimtest.Dentry) { file.ShortName = "FILE~2" }},
		{"changed file: extended", func(file, _ *wimtest.Dentry) { file.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: make([]byte, 16)}} }},
		{"changed file: streams", func(file, _ *wimtest.Dentry) { file.Streams = file.Streams[:2] }},
		{"changed file: streams", func(file, _ *wimtest.Dentry) { file.Streams[1].Hash = other }},
		{"changed file: streams", func(file, _ *wimtest.Dentry) { file.Streams[1].Name = "z" }},
		{"", func(file, _ *wimtest.Dentry) { file.Streams[1], file.Streams[2] = file.Streams[2], file.Streams[1] }},
		{"changed file: created", func(file, _ *wimtest.Dentry) { file.Times[0]++ }},
		{"changed file: modified", func(file, _ *wimtest.Dentry) { file.Times[2]++ }},
		{"changed file: accessed", func(file, _ *wimtest.Dentry) { file.Times[1]++ }},
		{"changed link: reparse", func(_, link *wimtest.Dentry) { link.Hash = wimtest.SHA1(elsewhere) }},
		{"changed link: reparse", func(_, link *wimtest.Dentry) { link.Reparse.Flags = 1 }},
		{"changed file: attributes, reparse", func(file, _ *wimtest.Dentry) {
			file.Attributes |= wimtest.AttributeReparsePoint
			file.Streams = append([]wimtest.StreamEntry{{Hash: wimtest.SHA1(target)}, {Hash: hash}}, file.Streams...)
			file.Hash, file.Reparse = wim.SHA1{}, &wimtest.Reparse{Tag: 0x80000017}
		}},
	} {
		make := func() (*wimtest.Metadata, *wimtest.Dentry, *wimtest.Dentry) {
			file := wimtest.RegularFile("file", hash)
			file.SecurityID, file.ShortName, file.Times = 0, "FILE~1", [3]uint64{7, 8, 9}
			file.Streams = []wimtest.StreamEntry{{Name: "x", Hash: hash}, {Name: "y", Hash: hash}, {Name: "Y", Hash: other}}
			link := wimtest.Symlink("link", wimtest.SHA1(target))
			return &wimtest.Metadata{Security: [][]byte{[]byte("first..."), []byte("second.."), []byte("first...")}, Root: wimtest.Directory("", file, link)}, file, link
		}
		old, new := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
			for _, content := range [][]byte{[]byte("one"), []byte("two"), target, elsewhere} {
				w.AddBlob(content)
			}
			x, _, _ := make()
			y, file, link := make()
			test.change(file, link)
			return x, y
		})
		want := []string{}
		if test.aspects != "" {
			want = append(want, test.aspects)
		}
		all := wim.WithAspects(^wim.Aspects(0))
		require.Equal(t, want, changes(t, old, new, all))
		require.Equal(t, want, changes(t, new, old, all), "the other way round")
		require.Empty(t, changes(t, old, old, all))
		for _, time := range []string{"created", "modified", "accessed"} {
			if strings.HasSuffix(test.aspects, time) {
				want = []string{}
			}
		}
		require.Equal(t, want, changes(t, old, new), "times do not count unless they are asked for")
	}
}

// files makes a directory tree of "path=content" texts; "path/" is a directory.
func files(w *wimtest.WIM, known map[string]bool, texts ...string) *wimtest.Metadata {
	root := wimtest.Directory("")
	for _, text := range texts {
		name, content, isFile := strings.Cut(text, "=")
		elements := strings.Split(strings.TrimSuffix(name, "/"), "/")
		dir := root
		for i, element := range elements {
			if i == len(elements)-1 && isFile {
				file := wimtest.RegularFile(element, [20]byte{})
				if content != "" {
					file.Hash = wimtest.SHA1([]byte(content))
					if !known[content] {
						known[content] = true
						w.AddBlob([]byte(content))
					}
				}
				dir.Children = append(dir.Children, file)
				break
			}
			at := -1
			for k, child := range dir.Children {
				if child.Name == element && child.Attributes == wimtest.AttributeDirectory {
					at = k
				}
			}
			if at < 0 {
				at = len(dir.Children)
				dir.Children = append(dir.Children, wimtest.Directory(element))
			}
			dir = dir.Children[at]
		}
	}
	return &wimtest.Metadata{Root: root}
}

func list(texts ...string) []string { return texts }

// How entries find their counterparts.
func TestDiffMatches(t *testing.T) {
	for _, test := range []struct {
		name           string
		old, new, want []string
	}{
		{"equal", list("a=1", "d/b=2"), list("a=1", "d/b=2"), []string{}},
		{"both empty", nil, nil, []string{}},
		{"all new", nil, list("a=1", "d/b=2"), list("added a", "added d", "added d/b")},
		{"all gone", list("a=1", "d/b=2"), nil, list("removed a", "removed d", "removed d/b")},
		{"order of paths", list("a/x=1", "c=5", "d/y=2"), list("a/x=3", "b=4", "d/y=6"),
			list("changed a/x: content", "added b", "removed c", "changed d/y: content")},
		{"in case", list("Readme=1"), list("README=1"), list("renamed README from Readme")},
		{"in case, and changed", list("Readme=1"), list("README=2"), list("renamed README from Readme: content")},
		{"exactly before in case", list("a=1", "A=2"), list("A=2", "a=3"), list("changed a: content")},
		{"in case, several", list("aa=1"), list("aA=2", "Aa=3"), list("added Aa", "added aA", "removed aa")},
		{"directory in case", list("Dir/x=1", "Dir/y=2"), list("DIR/x=1", "DIR/y=3"),
			list("renamed DIR from Dir", "changed DIR/y from Dir/y: content")},
		{"case beyond ASCII", list("straße ä=1"), list("straße Ä=1"), list("renamed straße Ä from straße ä")},
		{"file to directory", list("a=1"), list("a/b=2"), list("removed a", "added a", "added a/b")},
		{"file into directory of its name", list("a=1"), list("a/b=1"), list("added a", "renamed a/b from a")},
		{"directory in case to file", list("a/b=2"), list("A=1"), list("added A", "removed a", "removed a/b")},
		{"renamed", list("a=1", "b=2"), list("b=2", "c=1"), list("renamed c from a")},
		{"moved", list("a/x=1"), list("b/x=1"), list("removed a", "added b", "renamed b/x from a/x")},
		{"copied", list("a=1"), list("a=1", "b=1"), list("added b")},
		{"one of two copies removed", list("a=1", "b=1"), list("b=1"), list("removed a")},
		{"two removed, one added", list("a=1", "b=1"), list("c=1"), list("removed a", "removed b", "added c")},
		{"one removed, two added", list("a=1"), list("b=1", "c=1"), list("removed a", "added b", "added c")},
		{"two moved with their names", list("d/a=1", "d/b=1"), list("e/A=1", "e/b=1"),
			list("removed d", "added e", "renamed e/A from d/a", "renamed e/b from d/b")},
		{"two with one name", list("d/a=1", "e/a=1"), list("f/a=1"), list("removed d", "removed d/a", "removed e", "removed e/a", "added f", "added f/a")},
		{"empty files are not moved", list("a="), list("b="), list("removed a", "added b")},
		{"swapped", list("a=1", "b=2"), list("a=2", "b=1"), list("changed a: content", "changed b: content")},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, new := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
				known := map[string]bool{}
				return files(w, known, test.old...), files(w, known, test.new...)
			})
			require.Equal(t, test.want, changes(t, old, new))

			// A folder with the same files differs in the same way, whichever
			// of the two it is.
			require.Empty(t, changes(t, old, mapFS(test.old...)))
			require.Empty(t, changes(t, mapFS(test.new...), new))
			require.Equal(t, test.want, changes(t, old, mapFS(test.new...), wim.WithWorkers(3)))
			require.Equal(t, test.want, changes(t, mapFS(test.old...), new))
			require.Equal(t, test.want, changes(t, mapFS(test.old...), mapFS(test.new...), wim.WithWorkers(1)))
		})
	}
}

// mapFS is what files describes, as a file system that is no image.
func mapFS(texts ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, text := range texts {
		if name, content, isFile := strings.Cut(text, "="); isFile {
			m[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644, ModTime: time.Unix(1, 0)}
		} else {
			m[strings.TrimSuffix(name, "/")] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		}
	}
	return m
}

// Names of one file, before and after.
func TestDiffHardLinks(t *testing.T) {
	for _, test := range []struct {
		old, new string // name and group of each file
		want     []string
	}{
		{"a1 b1 c1", "a7 b7 c7", []string{}}, // numbers do not count
		{"a1 b1 c2 d2", "a2 b2 c1 d1", []string{}},
		{"a1 b1 c1", "a1 b1 c0", list("changed a: hard links", "changed b: hard links", "changed c: hard links")},
		{"a1 b1 c2 d2", "a1 c1 b2 d2", list("changed a: hard links", "changed b: hard links", "changed c: hard links", "changed d: hard links")},
		{"a1 b1 c1 d2 e2 f3 g3", "a1 b1 e1 c2 d2 f3 g3", list("changed a: hard links", "changed b: hard links", "changed c: hard links",
			"changed d: hard links", "changed e: hard links")},
		{"a1 b1", "a1 b1 c1", list("changed a: hard links", "changed b: hard links", "added c")},
		{"a1 b1 c1", "a1 b1", list("changed a: hard links", "changed b: hard links", "removed c")},
		{"a1 b0", "a0 b1", []string{}}, // a file with one name, whatever its number
	} {
		make := func(text string) *wimtest.Metadata {
			root := wimtest.Directory("")
			for name := range strings.FieldsSeq(text) {
				file := wimtest.RegularFile(name[:1], wimtest.SHA1([]byte("content")))
				file.HardLink = uint64(name[1] - '0')
				root.Children = append(root.Children, file)
			}
			return &wimtest.Metadata{Root: root}
		}
		old, new := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
			w.AddBlob([]byte("content"))
			return make(test.old), make(test.new)
		})
		require.Equal(t, test.want, changes(t, old, new), "%s -> %s", test.old, test.new)
	}
}

// An image and a folder: what of links and times can be compared is.
func TestDiffFolder(t *testing.T) {
	at := time.Date(2020, 10, 13, 17, 0, 0, 123456700, time.UTC)
	filetime := uint64(at.Unix()+11644473600)*1e7 + uint64(at.Nanosecond()/100) // 1601 to 1970: 11,644,473,600 s
	tree, _ := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
		file := wimtest.RegularFile("file", w.AddBlob([]byte("content")))
		file.Times = [3]uint64{1, 2, filetime}
		m := &wimtest.Metadata{Root: wimtest.Directory("", file,
			wimtest.Symlink("relative", w.AddBlob(wimtest.SymlinkData(`dir\x`, true))),
			wimtest.Symlink("rooted", w.AddBlob(wimtest.SymlinkData(`\??\C:\Users\x`, false))))}
		return m, m
	})
	folder := func() fstest.MapFS {
		return fstest.MapFS{
			"file":     {Data: []byte("content"), Mode: 0o600, ModTime: at.Add(99)}, // less than a FILETIME tells
			"relative": {Data: []byte("dir/x"), Mode: fs.ModeSymlink | 0o777},
			"rooted":   {Data: []byte("/mnt/disk/Users/x"), Mode: fs.ModeSymlink | 0o777},
		}
	}
	require.Empty(t, changes(t, tree, folder()))
	modified := wim.WithAspects(wim.AspectModified | wim.AspectContent)
	for name, want := range map[string]string{
		"file":     "changed file: content, modified",
		"relative": "changed relative: reparse",
		"rooted":   "changed rooted: reparse",
	} {
		m := folder()
		m[name].ModTime = at.Add(100)
		switch name {
		case "file":
			require.Empty(t, changes(t, tree, m))
			require.Contains(t, changes(t, tree, m, modified), "changed file: modified")
			m[name].Data = []byte("CONTENT")
			require.Contains(t, changes(t, tree, m, modified), want)
		default:
			m[name].Data = []byte("elsewhere")
			require.Equal(t, list(want), changes(t, tree, m))
			m[name] = &fstest.MapFile{Data: []byte("a file now"), Mode: 0o644}
			require.Equal(t, list(want), changes(t, tree, m))
		}
	}
	m := folder()
	m["file"].Mode = fs.ModeNamedPipe | 0o600
	require.Equal(t, list("changed file: content"), changes(t, tree, failingFS{m, map[string]bool{"file": true}}, wim.WithAspects(wim.AspectContent)), "a pipe is not opened")
}

// Of a file that has more bytes than its size one is read.
func TestDiffGrowingFile(t *testing.T) {
	tree, _ := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
		m := files(w, map[string]bool{}, "file=cccc")
		return m, m
	})
	grows := &endlessFS{FS: mapFS("file=cccc")}
	require.Equal(t, list("changed file: content"), changes(t, tree, grows))
	require.Equal(t, 5, grows.read)
}

// endlessFS has one file that does not end.
type endlessFS struct {
	fs.FS
	fs.File
	read int
}

func (f *endlessFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if name != "file" {
		return file, err
	}
	f.File = file
	return f, err
}

func (f *endlessFS) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'c'
	}
	f.read += len(p)
	return len(p), nil
}

// What cannot be read is told, and what follows it is compared.
func TestDiffFolderErrors(t *testing.T) {
	old, _ := twoTrees(t, func(w *wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) {
		m := files(w, map[string]bool{}, "a=1", "bad/x=2", "c=3", "d=4")
		return m, m
	})
	m := mapFS("a=1", "bad/x=2", "c=3", "d=5")
	var lines []string
	for c, err := range wim.Diff(t.Context(), old, failingFS{m, map[string]bool{"bad": true, "c": true}}) {
		if err != nil {
			require.ErrorIs(t, err, fs.ErrPermission)
			lines = append(lines, err.Error())
		} else {
			lines = append(lines, fmt.Sprint(c.Kind, " ", c.Path))
		}
	}
	require.Equal(t, list("open bad: permission denied", "open c: permission denied", "changed d"), lines)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("enough"))
	for _, new := range []fs.FS{old, m} {
		n := 0
		for _, err := range wim.Diff(ctx, old, new) {
			n++
			require.EqualError(t, err, "enough")
		}
		require.Equal(t, 1, n)
	}
	for _, err := range wim.Diff(t.Context(), old, failingFS{m, map[string]bool{".": true}}) {
		require.ErrorIs(t, err, fs.ErrPermission)
	}
}

// failingFS opens some names not.
type failingFS struct {
	fs.FS
	bad map[string]bool
}

func (f failingFS) Open(name string) (fs.File, error) {
	if f.bad[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}
