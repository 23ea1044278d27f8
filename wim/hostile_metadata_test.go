package wim

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// chain makes directories, one in the other, and returns the outermost and the
// innermost.
func chain(levels int, name string) (root, last *wimtest.Dentry) {
	root = wimtest.Directory("")
	last = root
	for range levels {
		next := wimtest.Directory(name)
		last.Children = append(last.Children, next)
		last = next
	}
	return root, last
}

// deepMetadata is a tree of so many directories "d", one in the other: dentries
// of 112 bytes (102, the name, and its terminator, in a multiple of 8), each a
// list of children with an end marker of 8. It is written by hand, since there
// can be so many.
func deepMetadata(levels int) []byte {
	one, _ := chain(1, "d")
	raw := (&wimtest.Metadata{Root: one}).Bytes()
	const list = 112 + 8
	first := len(raw) - list
	dentry := raw[first:][:list]
	raw = raw[:first]
	for i := range levels {
		binary.LittleEndian.PutUint64(dentry[0x10:], uint64(first+(i+1)*list))
		raw = append(raw, dentry...)
	}
	return append(raw, make([]byte, 8)...)
}

// A tree of a million levels is cut where Windows has no longer paths, without
// recursion and in linear time. What is above stays readable.
func TestHostileDeepTree(t *testing.T) {
	for _, test := range []struct {
		levels, kept int
		name         string
	}{
		{16383, 16383, "d"}, // the deepest tree that a path of 32767 units can reach: 16383 times "d/", and a name
		{100_000, 16384, "d"},
		{400, 164, strings.Repeat("x", 199)}, // 164 times 200 is more than 32767
		{100_000, 32767, ""},                 // entries without names
	} {
		root, last := chain(test.levels, test.name)
		last.Children = append(last.Children, wimtest.RegularFile("f", [20]byte{}))
		top := wimtest.RegularFile("top", [20]byte{})
		root.Children = append(root.Children, top)
		raw := (&wimtest.Metadata{Root: root}).Bytes()
		meta, err := parseMetadata(raw)
		require.NoError(t, err)
		tree := newFS(&Reader{}, meta)

		deepest := int32(0)
		levels := 0
		for meta.nodes[deepest].childCount > 0 {
			next := int32(-1)
			for k := range meta.nodes[deepest].childCount {
				if child := meta.nodes[deepest].firstChild + k; meta.nodes[child].isDirectory() {
					next = child
				}
			}
			if next < 0 {
				break
			}
			deepest = next
			levels++
		}
		require.Equal(t, test.kept, levels)
		require.Equal(t, test.kept < test.levels, len(tree.Warnings()) > 0)
		_, err = fs.Stat(tree, "top")
		require.NoError(t, err)
		require.LessOrEqual(t, len(meta.pathOf(deepest)), 4*maxPath) // "%u" for an entry without a name
	}

	raw := deepMetadata(1_000_000)
	requireMemory(t, 16<<20, func() { // the nodes of 16,384 levels, and what making them takes
		meta, err := parseMetadata(raw)
		require.NoError(t, err)
		require.Len(t, meta.nodes, 1+16384)
		require.NotEmpty(t, newFS(&Reader{}, meta).Warnings())
	})
}

// Walking a deep tree does not cost the square of its depth in lookups.
func TestHostileDeepWalk(t *testing.T) {
	root := wimtest.Directory("")
	last := root
	const levels = 4000
	for range levels {
		next := wimtest.Directory("d")
		last.Children = append(last.Children, next, wimtest.Directory("e"))
		last = next
	}
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: root})
	tree := craftedTree(t, openCrafted(t, w))
	steps, elements := 0, 0
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.True(t, entry.IsDir())
		steps++
		_, rest := tree.nearest(path) // what opening the directory has to look up
		elements += 1 + strings.Count(rest, "/")
		return nil
	}))
	require.Equal(t, 1+2*levels, steps)
	require.LessOrEqual(t, elements, 2*steps)
}

// What a lookup remembers of the one before changes no result: every path of a
// tree with links is found from wherever the last lookup ended.
func TestLookupAfterLookup(t *testing.T) {
	w := wimtest.NewWIM()
	link := w.AddBlob(wimtest.SymlinkData(`b\c`, true))
	up := w.AddBlob(wimtest.SymlinkData(`..\..\..\ab`, true))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Directory("a", wimtest.Directory("b", wimtest.Directory("c", wimtest.RegularFile("f", [20]byte{}), wimtest.Symlink("up", up))), wimtest.Symlink("l", link)),
		wimtest.Directory("ab", wimtest.Directory("c", wimtest.RegularFile("g", [20]byte{}))),
		wimtest.RegularFile("f", [20]byte{}),
	)})
	r := openCrafted(t, w)
	paths := map[string]string{ // to where they lead, "" for nowhere
		".": ".", "a": "a", "a/b": "a/b", "a/b/c": "a/b/c", "a/b/c/f": "a/b/c/f", "a/l": "a/b/c", "a/l/f": "a/b/c/f", "A/B": "a/b", "A/L/F": "a/b/c/f",
		"ab": "ab", "ab/c": "ab/c", "ab/c/g": "ab/c/g", "a/l/up/c/g": "ab/c/g", "a/b/c/up": "ab", "f": "f",
		"a/bc": "", "abc": "", "a/b/c/f/x": "", "b": "", "a/b/c/g": "", "ab/c/f": "",
	}
	for first := range paths {
		for second, want := range paths {
			tree := newFS(r, craftedTree(t, r).meta)
			tree.resolve(first, true)
			at, err := tree.resolve(second, true)
			if want == "" {
				require.Error(t, err, "%s after %s", second, first)
			} else {
				require.NoError(t, err, "%s after %s", second, first)
				require.Equal(t, want, tree.meta.pathOf(at), "%s after %s", second, first)
			}
		}
	}
}

// Metadata that breaks a rule beyond repair: an error for its image, and for no
// other. Nothing is allocated on its word.
func TestHostileMetadata(t *testing.T) {
	max64, max32, max16 := wimtest.Of(uint64(math.MaxUint64)), wimtest.Of(uint32(math.MaxUint32)), wimtest.Of(uint16(math.MaxUint16))
	tree := func(change func(file *wimtest.Dentry)) *wimtest.Metadata {
		file := wimtest.RegularFile("file", [20]byte{})
		change(file)
		return &wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("before", [20]byte{}), file, wimtest.RegularFile("last", [20]byte{}))}
	}
	directory := func(change func(d *wimtest.Dentry)) *wimtest.Metadata {
		d := wimtest.Directory("dir", wimtest.RegularFile("inside", [20]byte{}))
		change(d)
		return &wimtest.Metadata{Root: wimtest.Directory("", d)}
	}
	for _, test := range []struct {
		name string
		meta *wimtest.Metadata
		text string
	}{
		{"security count 2^31 with a small total", &wimtest.Metadata{Root: wimtest.Directory(""), SecurityCount: wimtest.Of(uint32(1 << 31))}, "8 bytes cannot hold 2147483648 descriptors"},
		{"security count 2^32-1", &wimtest.Metadata{Root: wimtest.Directory(""), SecurityCount: max32, SecurityTotal: wimtest.Of(uint32(16))}, "cannot hold 4294967295 descriptors"},
		{"security total 2^32-1", &wimtest.Metadata{Root: wimtest.Directory(""), SecurityTotal: max32}, "security data: 4294967295 bytes"},
		{"security descriptor of 2^64-1 bytes", &wimtest.Metadata{Root: wimtest.Directory(""), Security: [][]byte{{1}, {2}}, SecuritySizes: []uint64{1, math.MaxUint64}}, "descriptor 1 has 18446744073709551615 bytes, 1 are left"},
		{"security descriptors that wrap around", &wimtest.Metadata{Root: wimtest.Directory(""), Security: [][]byte{{1}, {2}}, SecuritySizes: []uint64{math.MaxUint64, 3}}, "descriptor 0 has 18446744073709551615 bytes, 2 are left"},
		{"dentry length 9", tree(func(f *wimtest.Dentry) { f.Length = wimtest.Of(uint64(9)) }), "length 9"},
		{"dentry length 96", tree(func(f *wimtest.Dentry) { f.Length = wimtest.Of(uint64(96)) }), "length 96"},
		{"dentry length beyond the buffer", tree(func(f *wimtest.Dentry) { f.Length = wimtest.Of(uint64(1000)) }), "length 1000"},
		{"dentry length 2^64-1", tree(func(f *wimtest.Dentry) { f.Length = max64 }), "length 18446744073709551615"},
		{"dentry length 2^63", tree(func(f *wimtest.Dentry) { f.Length = wimtest.Of(uint64(1 << 63)) }), "length 9223372036854775808"},
		{"root of 9 bytes", &wimtest.Metadata{Root: &wimtest.Dentry{Length: wimtest.Of(uint64(9))}}, "root: dentry at offset 8: length 9"},
		{"root that is no directory", &wimtest.Metadata{Root: wimtest.RegularFile("", [20]byte{})}, "not a directory"},
		{"root that is a reparse point", &wimtest.Metadata{Root: &wimtest.Dentry{Attributes: wimtest.AttributeDirectory | wimtest.AttributeReparsePoint}}, "not a directory"},
		{"name that exceeds the length", tree(func(f *wimtest.Dentry) { f.NameSize = wimtest.Of(uint16(100)) }), "names of 100 and 0 bytes in a dentry of"},
		{"short name that exceeds the length", tree(func(f *wimtest.Dentry) { f.ShortSize = wimtest.Of(uint16(100)) }), "names of 8 and 100 bytes in a dentry of"},
		{"name of an odd size", tree(func(f *wimtest.Dentry) { f.NameSize = wimtest.Of(uint16(7)) }), "names of 7 and 0 bytes, not whole UTF-16 units"},
		{"short name of an odd size", tree(func(f *wimtest.Dentry) { f.ShortSize = wimtest.Of(uint16(1)) }), "not whole UTF-16 units"},
		{"name sizes 0xFFFE and 0xFFFE, more than 16 bits together", tree(func(f *wimtest.Dentry) {
			f.NameSize, f.ShortSize = wimtest.Of(uint16(0xFFFE)), wimtest.Of(uint16(0xFFFE))
		}), "names of 65534 and 65534 bytes in a dentry of"},
		{"65535 stream entries that are not there", tree(func(f *wimtest.Dentry) { f.StreamCount = max16 }), "stream entry"},
		{"stream entry of 2^64-1 bytes", tree(func(f *wimtest.Dentry) { f.Streams = []wimtest.StreamEntry{{Length: max64}} }), "stream entry 0 of the dentry at offset"},
		{"stream entry of 37 bytes", tree(func(f *wimtest.Dentry) { f.Streams = []wimtest.StreamEntry{{Length: wimtest.Of(uint64(32))}} }), "length 32"},
		{"stream entry of no bytes", tree(func(f *wimtest.Dentry) { f.Streams = []wimtest.StreamEntry{{Length: wimtest.Of(uint64(0))}} }), "length 0"},
		{"stream name that exceeds its entry", tree(func(f *wimtest.Dentry) {
			f.Streams = []wimtest.StreamEntry{{Name: "s", NameSize: wimtest.Of(uint16(40))}}
		}), "a name of 40 bytes"},
		{"stream name of an odd size", tree(func(f *wimtest.Dentry) {
			f.Streams = []wimtest.StreamEntry{{Name: "s", NameSize: wimtest.Of(uint16(1))}}
		}), "a name of 1 bytes"},
		{"list of children beyond the metadata", directory(func(d *wimtest.Dentry) { d.Subdir = wimtest.Of(uint64(1 << 20)) }), "runs beyond the metadata"},
		{"list of children at 2^64-8", directory(func(d *wimtest.Dentry) { d.Subdir = wimtest.Of(uint64(math.MaxUint64 - 7)) }), "list of children at offset 18446744073709551608"},
		{"list of children that is not aligned", directory(func(d *wimtest.Dentry) { d.Subdir = wimtest.Of(uint64(0x7C)) }), "list of children at offset 124"},
		{"list of children in the security data", func() *wimtest.Metadata {
			m := directory(func(d *wimtest.Dentry) { d.Subdir = wimtest.Of(uint64(8)) })
			m.Security = [][]byte{make([]byte, 100)}
			return m
		}(), "list of children at offset 8"},
		// 8 bytes of security data, 104 + 8 of the root, 112 + 8 of "dir", 120
		// of "inside"; then 8 bytes in place of the end.
		{"list of children that ends in 8 bytes of a dentry", directory(func(d *wimtest.Dentry) { d.ListEnd = wimtest.Of(uint64(104)) }), "dentry at offset 360 runs beyond the metadata"},
		{"list of children without an end", directory(func(d *wimtest.Dentry) { d.NoListEnd = true }), "runs beyond the metadata"},
		{"list of children that starts in the middle of another", func() *wimtest.Metadata {
			d := wimtest.Directory("dir", wimtest.RegularFile("1", [20]byte{}), wimtest.RegularFile("2", [20]byte{}), wimtest.RegularFile("3", [20]byte{}))
			m := &wimtest.Metadata{Root: wimtest.Directory("", d, wimtest.Directory("a"), wimtest.Directory("b"))}
			m.Bytes()
			m.Root.Children[1].Subdir = wimtest.Of(d.Children[1].Offset)
			m.Root.Children[2].Subdir = wimtest.Of(d.Children[2].Offset)
			return m
		}(), "overlaps others"},
		{"one byte", nil, "1 bytes of metadata"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			hello := w.AddBlob([]byte("hello"))
			if test.meta != nil {
				w.AddImage(test.meta)
			} else {
				w.AddMetadata([]byte{1})
			}
			withImage(w, hello)
			r := openCrafted(t, w)
			require.Len(t, r.Images, 2)
			requireMemory(t, 1<<20, func() {
				_, err := r.Images[0].FS()
				requireClear(t, err, ErrFormat)
				require.ErrorContains(t, err, "image 1: metadata: ")
				require.ErrorContains(t, err, test.text)
			})
			good, err := r.Images[1].FS()
			require.NoError(t, err)
			requireFile(t, good, "0", []byte("hello"))
			report := verifyCrafted(t, r)
			require.Len(t, report.Problems, 1)
			requireClear(t, report.Problems[0].Err, ErrFormat)
			require.Equal(t, []string{"1:"}, wimtest.Texts(report.Problems[0].Affected))
		})
	}
}

// Metadata resources that are wrong as resources.
func TestHostileMetadataResource(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(e *wimtest.TableEntry)
		kind   error
		text   string
	}{
		{"usize 2^40", func(e *wimtest.TableEntry) { e.Flags |= wimtest.ResourceCompressed; e.USize = 1 << 40 }, ErrFormat, "1099511627776 bytes, in a file of"},
		{"usize 2^63-1", func(e *wimtest.TableEntry) { e.Flags |= wimtest.ResourceCompressed; e.USize = math.MaxInt64 }, ErrFormat, "bytes, in a file of"},
		{"usize that its bytes cannot have", func(e *wimtest.TableEntry) { e.Flags |= wimtest.ResourceCompressed; e.USize, e.Size = 100_000, 10 }, ErrFormat, "10 bytes cannot hold the 25 chunks"},
		{"wrong SHA-1", func(e *wimtest.TableEntry) { e.SHA1[7] ^= 1 }, ErrChecksum, "the content has SHA-1"},
		{"past EOF", func(e *wimtest.TableEntry) { e.Offset = 1 << 30 }, ErrFormat, "outside of the file"},
		{"size is not usize", func(e *wimtest.TableEntry) { e.USize++ }, ErrFormat, "stored raw"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
			hello := w.AddBlob([]byte("hello"))
			withImage(w, hello)
			withImage(w, hello)
			test.change(&w.Table[1])
			r := openCrafted(t, w)
			requireMemory(t, 1<<20, func() {
				_, err := r.Images[0].FS()
				requireClear(t, err, test.kind)
				require.ErrorContains(t, err, test.text)
			})
			good, err := r.Images[1].FS()
			require.NoError(t, err)
			requireFile(t, good, "0", []byte("hello"))
		})
	}
	w := craftedHello()
	r := openCrafted(t, w, WithLimits(Limits{Metadata: int64(w.Table[1].Size) - 1}))
	_, err := r.Images[0].FS()
	requireClear(t, err, ErrLimit)
}

// Trees that would be endless, or exponential, if each list of children were
// followed wherever it is named.
func TestHostileTreeShapes(t *testing.T) {
	file := func() *wimtest.Dentry { return wimtest.RegularFile("file", [20]byte{}) }
	for _, test := range []struct {
		name  string
		build func() *wimtest.Dentry
		nodes int
	}{
		{"cycle", func() *wimtest.Dentry {
			a := wimtest.Directory("a", file())
			b := wimtest.Directory("b")
			a.Children = append(a.Children, b)
			b.SharesList = a
			return wimtest.Directory("", a)
		}, 4},
		{"self-reference", func() *wimtest.Dentry {
			root := wimtest.Directory("", file())
			self := wimtest.Directory("self")
			self.SharesList = root
			root.Children = append(root.Children, self)
			return root
		}, 3},
		{"shared subtree, 2^60 entries if it is unfolded", func() *wimtest.Dentry {
			root := wimtest.Directory("")
			last := root
			for range 60 {
				next, twin := wimtest.Directory("a"), wimtest.Directory("b")
				twin.SharesList = next
				last.Children = []*wimtest.Dentry{next, twin}
				last = next
			}
			last.Children = []*wimtest.Dentry{file()}
			return root
		}, 1 + 2*60 + 1},
		{"the root's own offset", func() *wimtest.Dentry {
			d := wimtest.Directory("d")
			d.Subdir = wimtest.Of(uint64(8)) // where the root is
			return wimtest.Directory("", d, file())
		}, 3},
		{"a file with children", func() *wimtest.Dentry {
			f := file()
			f.Children = []*wimtest.Dentry{wimtest.RegularFile("child", [20]byte{})}
			return wimtest.Directory("", f)
		}, 2},
		{"a junction with children", func() *wimtest.Dentry {
			j := wimtest.Directory("junction", file())
			j.Attributes |= wimtest.AttributeReparsePoint
			j.Reparse = &wimtest.Reparse{Tag: uint32(ReparseTagMountPoint)}
			return wimtest.Directory("", j)
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			w.AddImage(&wimtest.Metadata{Root: test.build()})
			r := openCrafted(t, w)
			tree := craftedTree(t, r)
			require.Len(t, tree.meta.nodes, test.nodes)
			require.NotEmpty(t, tree.Warnings())
			for _, warning := range tree.Warnings() {
				requireClear(t, warning, ErrFormat)
			}
			count := 0
			require.NoError(t, fs.WalkDir(tree, ".", func(_ string, entry fs.DirEntry, err error) error {
				require.NoError(t, err)
				count++
				return nil
			}))
			require.Equal(t, test.nodes, count)
		})
	}
}

// 65535 stream entries on each of many dentries take the bytes that they have
// in the metadata, and so time in proportion.
func TestHostileStreamEntries(t *testing.T) {
	w := wimtest.NewWIM()
	hello := w.AddBlob([]byte("hello"))
	streams := make([]wimtest.StreamEntry, math.MaxUint16)
	streams[0].Hash = hello
	streams[math.MaxUint16-1] = wimtest.StreamEntry{Name: "last", Hash: hello}
	root := wimtest.Directory("")
	for _, name := range []string{"a", "b", "c", "d"} {
		f := wimtest.RegularFile(name, [20]byte{})
		f.Streams = streams
		root.Children = append(root.Children, f)
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	requireFile(t, tree, "d", []byte("hello"))
	file, err := tree.OpenStream("d", "last")
	require.NoError(t, err)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, "hello", string(content))
	info, err := tree.Stat("a")
	require.NoError(t, err)
	require.Len(t, info.Sys().(*Entry).Streams, 2)
	require.True(t, verifyCrafted(t, r).OK())
}

// Names that are no names: each entry is reachable by one path, and where
// several have one name the first in the list has it.
func TestHostileNames(t *testing.T) {
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	var want []string
	add := func(raw []byte, path string) {
		content := []byte(path)
		f := wimtest.RegularFile("", w.AddBlob(content))
		f.RawName = raw
		root.Children = append(root.Children, f)
		want = append(want, path)
	}
	text := wimtest.UTF16
	add(text(".."), "%u002E%u002E")
	add(text("."), "%u002E")
	add([]byte{}, "%u")
	add([]byte{}, "%u~2")
	add(text("a/b"), "a%u002Fb")
	add(text(`a\b`), "a%u005Cb")
	add(text("a\x00b"), "a%u0000b")
	add(text("\x00"), "%u0000")
	add(text("C:"), "C:")
	add(text("CON"), "CON")
	add(text("trailing. "), "trailing. ")
	add(wimtest.Units('x', 0xD800), "x%uD800")
	add(wimtest.Units(0xDC00, 0xD800, 'y'), "%uDC00%uD800y")
	add(text("x%uD800"), "x%uD800~2") // as another is shown
	add(text("same"), "same")
	add(text("same"), "same~3")
	add(text("same~2"), "same~2") // stored names win over made-up ones
	add(text("same"), "same~4")
	add(text("Same"), "Same")
	add(text("SAME"), "SAME")
	add(text("\U0001F600"), "\U0001F600")
	add(text(strings.Repeat("n", 32767)), strings.Repeat("n", 32767))
	w.AddImage(&wimtest.Metadata{Root: root})
	tree := craftedTree(t, openCrafted(t, w))
	entries, err := tree.ReadDir(".")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		require.True(t, fs.ValidPath(e.Name()))
		require.True(t, utf8.ValidString(e.Name()))
		names = append(names, e.Name())
	}
	require.ElementsMatch(t, want, names)
	for i, path := range want {
		content, err := tree.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, path, string(content))
		info, err := tree.Stat(path)
		require.NoError(t, err)
		require.Equal(t, string(root.Children[i].RawName), string(wimtest.Units(info.Sys().(*Entry).RawName...)))
	}
	// Nothing that is asked for as the outside does leads to those entries.
	for _, path := range []string{"../x", "a/b", `a\b`, "/"} {
		_, err := tree.Open(path)
		require.Error(t, err)
	}
	content, err := tree.ReadFile("sAmE") // no exact match: the first by folded name
	require.NoError(t, err)
	require.Equal(t, "SAME", string(content))
}

// Many entries with one name, and others that have the names that those would
// get, are named in linear time.
func TestHostileDuplicateNames(t *testing.T) {
	const count = 20_000
	root := wimtest.Directory("")
	for i := range count {
		root.Children = append(root.Children, wimtest.RegularFile("a", [20]byte{}), wimtest.RegularFile(fmt.Sprintf("a~%d", i+2), [20]byte{}))
	}
	meta, err := parseMetadata((&wimtest.Metadata{Root: root}).Bytes())
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, n := range meta.children(0) {
		require.False(t, seen[n.name])
		seen[n.name] = true
	}
	require.Len(t, seen, 2*count)
	require.Len(t, meta.warnings.all(), maxWarnings+1)
}

// Fields of a dentry that make no sense cost that field, not the entry.
func TestHostileDentryFields(t *testing.T) {
	w := wimtest.NewWIM()
	hello, other := w.AddBlob([]byte("hello")), w.AddBlob([]byte("other"))
	short := w.AddBlob([]byte{0, 0, 1})                                     // too short for a link
	beyond := w.AddBlob(wimtest.Units(0, 200, 0, 0, 0, 0, 'x'))             // a name of 200 bytes
	odd := w.AddBlob(wimtest.Units(0, 1, 0, 0, 0, 0, 'x'))                  // a name of one byte
	wraps := w.AddBlob(wimtest.Units(0xFFFF, 0xFFFF, 0xFFFE, 2, 0, 0, 'x')) // offset and size beyond 16 bits together
	large := w.AddBlob(make([]byte, maxReparseData+1))
	wsl := func(name string, data ...byte) *wimtest.Dentry {
		link := wimtest.Symlink(name, w.AddBlob(data))
		link.Reparse.Tag = uint32(ReparseTagWSLSymlink)
		return link
	}
	file := func(name string, change func(f *wimtest.Dentry)) *wimtest.Dentry {
		f := wimtest.RegularFile(name, hello)
		change(f)
		return f
	}
	directory := wimtest.Directory("directory", wimtest.RegularFile("child", hello))
	directory.Hash, directory.HardLink = other, 7
	w.AddImage(&wimtest.Metadata{
		Security: [][]byte{[]byte("first"), {}, []byte("third")},
		Root: wimtest.Directory("",
			file("id 0", func(f *wimtest.Dentry) { f.SecurityID = 0 }),
			file("id 1", func(f *wimtest.Dentry) { f.SecurityID = 1 }),
			file("id 2", func(f *wimtest.Dentry) { f.SecurityID = 2 }),
			file("id 3", func(f *wimtest.Dentry) { f.SecurityID = 3 }),
			file("id -2", func(f *wimtest.Dentry) { f.SecurityID = -2 }),
			file("id 2^31-1", func(f *wimtest.Dentry) { f.SecurityID = math.MaxInt32 }),
			file("tagged size 2^32-1", func(f *wimtest.Dentry) {
				f.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: []byte("0123456789abcdef")}, {Tag: 0x337DD873, Data: make([]byte, 16), Size: wimtest.Of(uint32(math.MaxUint32))}}
			}),
			file("tagged too short", func(f *wimtest.Dentry) {
				f.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: make([]byte, 8)}, {Tag: 0x337DD873, Data: make([]byte, 15)}, {Tag: 2, Data: []byte{255, 255, 255, 0}}, {Tag: 0x337DD874, Data: []byte{255, 255, 0, 0, 255, 255, 255, 255}}}
				f.Extra = []byte{1, 2, 3}
			}),
			file("time 2^64-1", func(f *wimtest.Dentry) { f.Times = [3]uint64{math.MaxUint64, 1 << 63, math.MaxUint64} }),
			directory,
			file("link 7", func(f *wimtest.Dentry) { f.HardLink = 7 }),
			file("link 7 too", func(f *wimtest.Dentry) { f.HardLink = 7 }),
			file("link 7 but other", func(f *wimtest.Dentry) { f.HardLink, f.Hash = 7, other }),
			wimtest.Symlink("short", short), wimtest.Symlink("beyond", beyond), wimtest.Symlink("odd", odd), wimtest.Symlink("wraps", wraps),
			wimtest.Symlink("large", large), wimtest.Symlink("empty", [20]byte{}), wimtest.Symlink("missing", [20]byte{1}),
			wsl("wsl short", 2, 0, 0), wsl("wsl not UTF-8", 2, 0, 0, 0, 0xFF),
		),
	})
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	entry := func(name string) *Entry {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		return info.Sys().(*Entry)
	}
	require.Equal(t, "first", string(entry("id 0").SecurityDescriptor))
	require.Empty(t, entry("id 1").SecurityDescriptor)
	require.Equal(t, "third", string(entry("id 2").SecurityDescriptor), "an empty descriptor counts")
	for _, name := range []string{"id 3", "id -2", "id 2^31-1"} {
		require.Nil(t, entry(name).SecurityDescriptor)
		requireFile(t, tree, name, []byte("hello"))
	}
	require.Equal(t, "0123456789abcdef", string(entry("tagged size 2^32-1").ObjectID))
	require.Nil(t, entry("tagged size 2^32-1").Unix)
	e := entry("tagged too short")
	require.Nil(t, e.ObjectID)
	require.Nil(t, e.Unix)
	require.Nil(t, e.Xattrs)
	// 2^64-1 = 18446744073709551615 ticks: 1844674407370 s and 9551615 ticks
	// after 1601.
	require.Equal(t, int64(1844674407370-11644473600), entry("time 2^64-1").CreationTime.Time().Unix())
	require.Equal(t, 955161500, entry("time 2^64-1").LastWriteTime.Time().Nanosecond())

	// An id links files of one content only, and no directory.
	require.Zero(t, entry("directory").HardLinkGroup)
	require.Empty(t, entry("directory").Streams)
	require.EqualValues(t, 7, entry("link 7").HardLinkGroup)
	require.EqualValues(t, 7, entry("link 7 too").HardLinkGroup)
	require.Zero(t, entry("link 7 but other").HardLinkGroup)
	requireFile(t, tree, "link 7 but other", []byte("other"))

	for name, kind := range map[string]error{"short": ErrFormat, "beyond": ErrFormat, "odd": ErrFormat, "wraps": ErrFormat, "empty": ErrFormat, "wsl short": ErrFormat, "wsl not UTF-8": ErrFormat, "large": ErrLimit, "missing": ErrMissingBlob} {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		require.Equal(t, fs.ModeSymlink, info.Mode().Type())
		_, err = tree.ReadLink(name)
		requireClear(t, err, kind)
		_, err = tree.ReadFile(name)
		requireClear(t, err, kind)
		_, err = tree.Stat(name)
		require.NoError(t, err, "a link that leads nowhere stands for itself")
		if kind == ErrFormat {
			_, err = entry(name).Reparse.Data()
			require.NoError(t, err, "the data can be had as it is")
		}
	}
}

// Links whose targets lead above the root, to another machine, or through a
// file.
func TestHostileLinkTargets(t *testing.T) {
	w := wimtest.NewWIM()
	hello := w.AddBlob([]byte("hello"))
	link := func(name, target string, relative bool) *wimtest.Dentry {
		return wimtest.Symlink(name, w.AddBlob(wimtest.SymlinkData(target, relative)))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("f", hello), wimtest.Directory("d",
		link("good", `..\f`, true), link("above", `..\..\f`, true), link("share", `\??\UNC\server\f`, false), link("through", `..\f\..\f`, true),
	))})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, "d/good", []byte("hello"))
	for name, kind := range map[string]error{"above": errOutside, "share": errOutside, "through": errNotDirectory} {
		requireNoFile(t, tree, "d/"+name, kind)
	}
	requireNoFile(t, tree, "f/g", errNotDirectory)
}
