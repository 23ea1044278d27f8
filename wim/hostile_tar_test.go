package wim

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// craftedTar writes the first image and reads the tar with archive/tar: the
// headers in order, and the contents by path.
func craftedTar(t *testing.T, r *Reader, opts ...ExtractOption) (headers []*tar.Header, contents map[string][]byte, report *TarReport, err error) {
	t.Helper()
	var out bytes.Buffer
	report, err = r.Images[0].WriteTar(t.Context(), &out, opts...)
	contents = make(map[string][]byte)
	for in := tar.NewReader(&out); ; {
		h, readErr := in.Next()
		if readErr == io.EOF {
			return headers, contents, report, err
		}
		require.NoError(t, readErr)
		data, readErr := io.ReadAll(in)
		require.NoError(t, readErr)
		headers = append(headers, h)
		contents[path.Clean(h.Name)] = data
	}
}

// Files of a solid resource are in the tar in the order in which they are
// stored, whatever the order of their names, and each chunk is read once.
func TestTarOfSolidReadsOnce(t *testing.T) {
	const size, count = 8 << 20, 400
	data := counted(size)
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
	var hashes [][20]byte
	for i := range count {
		hashes = append(hashes, w.AddSolidBlob(data[size/count*i:][:size/count-1], uint64(size/count*i)))
	}
	names := rand.New(rand.NewPCG(1, 2)).Perm(count) // which blob the file has
	shuffled := make([][20]byte, count)
	for name, i := range names {
		shuffled[name] = hashes[i]
	}
	withImage(w, shuffled...)
	source, length := w.Source()
	for _, workers := range []int{1, 4} {
		counting := &wimtest.CountingReader{ReaderAt: source}
		r, err := NewReader(counting, length, WithLimits(Limits{ChunkCache: 1}))
		require.NoError(t, err)
		craftedTree(t, r)
		counting.Bytes.Store(0)
		headers, contents, _, err := craftedTar(t, r, WithWorkers(workers), WithMemory(2<<20))
		require.NoError(t, err)
		require.Less(t, counting.Bytes.Load(), int64(size+size/10))
		require.Equal(t, "./", headers[0].Name)
		require.Equal(t, "./", headers[count+1].Name)
		for i, h := range headers[1 : count+1] {
			require.Equal(t, fmt.Sprint(slices.Index(names, i)), h.Name)
			require.True(t, bytes.Equal(data[size/count*i:][:size/count-1], contents[h.Name]))
		}
	}
}

// Blobs that overlap in a solid resource are each written as a whole.
func TestHostileTarOverlaps(t *testing.T) {
	data := counted(5 << 20)
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
	ranges := [][2]int{{0, 5 << 20}, {5, 10}, {0, 3}, {100, 4 << 20}, {4 << 20, 5 << 20}, {1, 2}, {5<<20 - 1, 5 << 20}, {70_000, 70_001}}
	var hashes [][20]byte
	for _, r := range ranges {
		hashes = append(hashes, w.AddSolidBlob(data[r[0]:r[1]], uint64(r[0])))
	}
	withImage(w, hashes...)
	var last Progress
	_, contents, report, err := craftedTar(t, openCrafted(t, w), WithProgress(func(p Progress) { last = p }))
	require.NoError(t, err)
	require.Equal(t, len(ranges), report.Files)
	require.Equal(t, report.Bytes, last.BytesDone)
	require.Equal(t, report.Bytes, last.BytesTotal)
	for i, r := range ranges {
		require.True(t, bytes.Equal(data[r[0]:r[1]], contents[fmt.Sprint(i)]), "file %d", i)
	}
}

// Files with one content that are no hard links each have it, whether it is
// small or large. Hard links follow their file.
func TestTarOfCopies(t *testing.T) {
	small, large := counted(3000), counted(tarCopy+1)
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	smallHash, largeHash := w.AddChunked(small), w.AddChunked(large)
	linked := func(name string, hash [20]byte) *wimtest.Dentry {
		d := wimtest.RegularFile(name, hash)
		d.HardLink = 7
		return d
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.RegularFile("a", largeHash), wimtest.RegularFile("b", smallHash),
		linked("c", largeHash), linked("d", largeHash),
		wimtest.Directory("z", wimtest.RegularFile("e", largeHash), wimtest.RegularFile("f", smallHash), linked("g", largeHash)),
	)})
	headers, contents, report, err := craftedTar(t, openCrafted(t, w))
	require.NoError(t, err)
	var order []string
	for _, h := range headers {
		order = append(order, strings.TrimSuffix(h.Name+">"+h.Linkname, ">"))
	}
	require.Equal(t, []string{"./", "z/", "b", "z/f", "a", "c", "d>c", "z/g>c", "z/e", "z/", "./"}, order)
	require.Equal(t, 7, report.Files)
	require.EqualValues(t, 2*len(small)+3*len(large), report.Bytes)
	for name, want := range map[string][]byte{"a": large, "b": small, "c": large, "z/e": large, "z/f": small} {
		require.True(t, bytes.Equal(want, contents[name]), name)
	}
}

// What an entry has beside its content goes into 512 KiB of records, each
// stream into one of at most 64 KiB. What is damaged or too large is reported,
// and the rest is there.
func TestHostileTarRecords(t *testing.T) {
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("file", w.AddBlob([]byte("content")))
	stream := func(name string, hash [20]byte) {
		file.Streams = append(file.Streams, wimtest.StreamEntry{Name: name, Hash: hash})
	}
	odd := "a=b%u003D\n\x7fc:ü🚀"
	stream(odd, w.AddBlob([]byte("odd")))
	stream("empty", [20]byte{})
	stream("largest", w.AddBlob(counted(64<<10)))
	stream("too large", w.AddBlob(counted(64<<10+1)))
	stream("missing", [20]byte{1})
	bad := []byte("damaged")
	sum := wimtest.SHA1(bad)
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{Size: 7, Offset: w.Place([]byte("Damaged")), USize: 7}, Part: 1, References: 1, SHA1: sum})
	stream("damaged", sum)
	for i := range 10 { // 10 of 60,000 bytes are 800,000 in base64
		stream(fmt.Sprintf("many %d", i), w.AddBlob(counted(60_000+i)))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file)})
	headers, contents, report, err := craftedTar(t, openCrafted(t, w))
	require.ErrorContains(t, err, "2 problems, the first: tar file:damaged: blob ")
	require.Len(t, report.Problems, 2)
	requireClear(t, report.Problems[0].Err, ErrChecksum)
	require.Equal(t, []string{"1:file:damaged"}, wimtest.Texts(report.Problems[0].Affected))
	requireClear(t, report.Problems[1].Err, ErrMissingBlob)
	require.ErrorContains(t, report.Problems[1].Err, `tar file:missing: blob 01`)
	require.Equal(t, "content", string(contents["file"]))
	require.Equal(t, 1, report.Files)

	records := headers[1].PAXRecords
	require.Equal(t, "b2Rk", records["WIMBLE.stream.a%u003Db%u0025u003D%u000A%u007Fc:ü🚀"]) // "odd" in base64
	empty, found := records["WIMBLE.stream.empty"]
	require.True(t, found)
	require.Empty(t, empty)
	largest, err := base64.StdEncoding.DecodeString(records["WIMBLE.stream.largest"])
	require.NoError(t, err)
	require.True(t, bytes.Equal(counted(64<<10), largest))
	// 64 KiB are 87,384 bytes in base64, which leaves 436,904 of 512 KiB less
	// some; 60,000 bytes are 80,000, so there is room for 5.
	require.Equal(t, []NotRestored{{"named streams", 5}, {"named streams larger than 64 KiB", 1}}, report.LeftOut)
}

// Hostile names and links do no more harm in a tar than in an extraction: no
// path leads out, and what no link can have is left out.
func TestHostileTarNames(t *testing.T) {
	w := wimtest.NewWIM()
	w.Header.Flags = wimtest.HeaderReparseFix
	evil := w.AddBlob([]byte("evil"))
	raw := func(name []byte) *wimtest.Dentry {
		d := wimtest.RegularFile("", evil)
		d.RawName = name
		return d
	}
	link := func(name, target string, relative bool) *wimtest.Dentry {
		return wimtest.Symlink(name, w.AddBlob(wimtest.SymlinkData(target, relative)))
	}
	short := wimtest.Symlink("short", w.AddBlob([]byte("short")))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.Directory("..", wimtest.RegularFile("evil", evil)), wimtest.Directory("."),
		raw(wimtest.UTF16("../evil")), raw(wimtest.UTF16("/evil")), raw(wimtest.UTF16("a\x00b")), raw(wimtest.Units(0xD800)), raw(nil),
		raw(wimtest.UTF16(`back\slash`)), raw(wimtest.UTF16("twice")), raw(wimtest.UTF16("twice")),
		wimtest.Directory("deep", wimtest.Directory("deeper", link("fixed", `\??\C:\..\..\Windows\x`, false), link("root", `\??\C:\`, false))),
		link("root", `\??\C:\`, false), link("relative", `..\outside`, true), link("share", `\??\UNC\server\share`, false),
		link("empty", "", true), link("nul", "a\x00b", true), link("long", strings.Repeat("x", 4096), true), short,
	)})
	headers, _, report, err := craftedTar(t, openCrafted(t, w))
	require.Error(t, err)
	links, files, directories := map[string]string{}, []string{}, []string{}
	for _, h := range headers {
		require.True(t, h.Name == "./" || path.Clean("/" + h.Name)[1:] == strings.TrimSuffix(h.Name, "/"), h.Name)
		switch h.Typeflag {
		case tar.TypeSymlink:
			links[h.Name] = h.Linkname
		case tar.TypeReg:
			files = append(files, h.Name)
		default:
			directories = append(directories, h.Name)
		}
	}
	require.Equal(t, map[string]string{
		"deep/deeper/fixed": "../../Windows/x", "deep/deeper/root": "../..", "root": ".", "relative": "../outside", "share": "//server/share",
	}, links)
	require.ElementsMatch(t, []string{"%u002E%u002E/evil", "..%u002Fevil", "%u002Fevil", "a%u0000b", "%uD800", "%u", `back\slash`, "twice", "twice~2"}, files)
	require.Subset(t, []string{"./", "%u002E%u002E/", "%u002E/", "deep/", "deep/deeper/"}, directories)
	require.Len(t, report.Escaped, 8)
	require.Len(t, report.Problems, 4)
	for _, p := range slices.Concat(report.Problems, report.Escaped) {
		require.NotContains(t, p.Err.Error(), "\n")
		require.NotContains(t, p.Err.Error(), "%!")
	}
}

// A path that is longer than a tar can hold is left out, with what is below it.
// A tree has no paths of more than 32,767 UTF-16 units, but each that is no
// character takes 6 bytes.
func TestHostileTarDeep(t *testing.T) {
	w := wimtest.NewWIM()
	d := wimtest.RegularFile("file", w.AddBlob([]byte("x")))
	for range 30 {
		d = wimtest.Directory("", d)
		d.RawName = bytes.Repeat(wimtest.Units(0xD800), 1000)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", d)})
	headers, _, report, err := craftedTar(t, openCrafted(t, w))
	require.ErrorIs(t, err, ErrLimit)
	require.Len(t, report.Problems, 1)
	requireClear(t, errors.Unwrap(report.Problems[0].Err), ErrLimit) // without the path
	require.Equal(t, 1+21, report.Directories)                       // 128 KiB are 21 times 6,001 bytes and some
	require.Len(t, headers, 1+21+1)
	require.Len(t, report.Escaped, 21)
	require.Zero(t, report.Files)
}

// Deep in a tree the names above are not looked up for each entry, nor for each
// hard link on another level: a header costs as many allocations at the bottom of
// 1,000 levels as at the top.
func TestHostileTarChain(t *testing.T) {
	const levels = 1000
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("x"))
	var d *wimtest.Dentry
	for level := range levels {
		file := wimtest.RegularFile("f", hash)
		file.HardLink = uint64(level%10 + 1)
		d = wimtest.Directory("d", append(children(d), file)...)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", d)})
	r := openCrafted(t, w)
	craftedTree(t, r)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report, err := r.Images[0].WriteTar(t.Context(), io.Discard)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, [2]int{levels, levels + 1}, [2]int{report.Files, report.Directories})
	if !wimtest.Race {
		// 3,000 headers, since directories of hard links come again. (It was
		// 1.7 million with all names above.)
		require.Less(t, after.Mallocs-before.Mallocs, uint64(3*levels*100))
	}
}

// children are those of a directory above another one, which may be nil.
func children(d *wimtest.Dentry) []*wimtest.Dentry {
	if d == nil {
		return nil
	}
	return []*wimtest.Dentry{d}
}

// An image of which there is nothing, not even a root, is an empty directory to
// Extract and an empty tar.
func TestImageWithoutRoot(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{})
	r := openCrafted(t, w)
	headers, _, report, err := craftedTar(t, r)
	require.NoError(t, err)
	require.Empty(t, headers)
	require.Equal(t, &TarReport{}, report)
	extracted, err := r.Images[0].Extract(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.Equal(t, &ExtractReport{}, extracted)
}

// A file that cannot be read at all is left out of a tar with its hard links,
// and the rest is there.
func TestHostileTarHardLinks(t *testing.T) {
	w := wimtest.NewWIM()
	bad, good := w.AddBlob([]byte("bad")), w.AddBlob([]byte("good"))
	w.Table[0].USize++ // stored raw in 3 bytes, but has 4
	linked := func(name string) *wimtest.Dentry {
		d := wimtest.RegularFile(name, bad)
		d.HardLink = 7
		return d
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", linked("a"), linked("b"), wimtest.RegularFile("c", good))})
	headers, contents, report, err := craftedTar(t, openCrafted(t, w))
	requireClear(t, err, ErrFormat)
	require.Len(t, report.Problems, 2)
	require.ErrorContains(t, report.Problems[0].Err, "tar a: ")
	require.EqualError(t, report.Problems[1].Err, "tar b: it is a hard link of a, which was left out")
	require.Equal(t, "good", string(contents["c"]))
	require.Len(t, headers, 3, "the root, the file, and the root again")
}
