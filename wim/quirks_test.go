package wim

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Where programs that read WIM files disagree, these tests pin what this
// package does, and say why. The topics are those of the WIM format sheet,
// section 15. Where nothing else is said, the reason is: a file that some
// program has written and some program reads should be readable, and the SHA-1
// decides.

// quirk makes a file in which everything but the topic is usual.
func quirk(flags, chunkSize uint32) *wimtest.WIM {
	if flags == 0 {
		return wimtest.NewWIM()
	}
	return wimtest.NewCompressedWIM(flags, chunkSize)
}

// Pipable files are wimlib's own; they are read like others, from their last
// header.
func TestQuirkPipable(t *testing.T) {
	w := wimtest.NewPipableWIM(wimtest.HeaderXPRESS, 4096)
	hash := wimtest.SHA1(counted(10_000))
	withImage(w, hash, wimtest.SHA1([]byte("raw")))
	w.AddChunked(counted(10_000))
	w.AddBlob([]byte("raw"))
	w.IntegrityChunk = 4096
	r := openCrafted(t, w)
	require.True(t, r.Header.Pipable)
	requireClean(t, r)
	requireFile(t, craftedTree(t, r), "0", counted(10_000))
	requireFile(t, craftedTree(t, r), "1", []byte("raw"))
}

// The version says nothing about the codec: LZMS occurs in 1.13 as well, and
// XPRESS in the version for solid files. Versions that were never seen could
// have any layout, so they are refused (TestHostileHeader).
func TestQuirkVersionAndCodec(t *testing.T) {
	for _, version := range []uint32{wimtest.VersionNormal, wimtest.VersionSolid} {
		for _, codec := range []uint32{0, wimtest.HeaderXPRESS, wimtest.HeaderXPRESS2, wimtest.HeaderLZX, wimtest.HeaderLZMS} {
			w := quirk(codec, 32768)
			w.Header.Version = version
			var hash [20]byte
			if codec == 0 {
				hash = w.AddBlob(counted(50_000))
			} else {
				hash = w.AddChunked(counted(50_000))
			}
			r := openCrafted(t, withImage(w, hash))
			requireClean(t, r)
			require.False(t, r.Solid(), "LZMS does not mean solid")
		}
	}
	// And solid does not mean LZMS, whatever the header says.
	for _, codec := range []uint32{wimtest.CodecXPRESS, wimtest.CodecLZX, wimtest.CodecLZMS} {
		w := quirk(0, 0)
		w.AddSolid(wimtest.SolidOf(counted(50_000), codec, 32768))
		r := openCrafted(t, withImage(w, w.AddSolidBlob(counted(50_000), 0)))
		requireClean(t, r)
		require.True(t, r.Solid())
		require.Equal(t, CompressionNone, r.Header.Compression)
	}
}

// Chunk sizes are those that wimlib takes: LZX up to 2 MiB, although Windows
// reads 32 KiB only. XPRESS has no larger chunks than 64 KiB, since its offsets
// have 16 bits; 7-Zip opens such a file, wimlib does not. A chunk size of 0
// does not mean 32768 as in 7-Zip: no writer is known that leaves it out.
func TestQuirkChunkSizes(t *testing.T) {
	for codec, sizes := range map[uint32][2]int{
		wimtest.HeaderXPRESS: {12, 16}, wimtest.HeaderLZX: {15, 21}, wimtest.HeaderLZMS: {15, 30},
	} {
		for log := range 32 {
			w := quirk(codec, 1<<log)
			w.XML = wimtest.XML("<WIM/>")
			source, size := w.Source()
			_, err := NewReader(source, size)
			if log >= sizes[0] && log <= sizes[1] {
				require.NoError(t, err)
			} else {
				requireClear(t, err, ErrUnsupported)
			}
		}
	}
	for _, codec := range []uint32{wimtest.HeaderXPRESS, wimtest.HeaderLZX, wimtest.HeaderLZMS} {
		source, size := quirk(codec, 0).Source()
		_, err := NewReader(source, size)
		requireClear(t, err, ErrFormat)
	}
	// Without compression the field means nothing.
	w := quirk(0, 0)
	w.Header.ChunkSize = 12345
	requireClean(t, openCrafted(t, withImage(w, w.AddBlob([]byte("x")))))
}

// A chunk that has as many bytes as it has content is stored raw, wherever it
// stands. (One reader of others decodes such a chunk.)
func TestQuirkRawChunks(t *testing.T) {
	zeros := make([]byte, 32768)
	data := append(append(append([]byte(nil), zeros...), counted(32768)...), zeros...)
	w := quirk(wimtest.HeaderLZX, 32768)
	c := wimtest.Chunked{USize: uint64(len(data)), Chunks: [][]byte{wimtest.ZerosLZX32K, data[32768:65536], wimtest.ZerosLZX32K}}
	hash := w.AddStored(c.Bytes(), data, wimtest.ResourceCompressed)
	r := openCrafted(t, withImage(w, hash))
	requireClean(t, r)
	requireFile(t, craftedTree(t, r), "0", data)
}

// A chunk that is larger than its content is an error, the last one too, which
// 7-Zip reads if it is smaller than the chunk size: no writer makes such.
func TestQuirkLastChunkLargerThanContent(t *testing.T) {
	w := quirk(wimtest.HeaderXPRESS, 32768)
	c := wimtest.Chunked{USize: 32768 + 100, Chunks: [][]byte{counted(32768), make([]byte, 101)}}
	hash := [20]byte{1}
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: uint64(len(c.Bytes())), Flags: wimtest.ResourceCompressed, Offset: w.Place(c.Bytes()), USize: c.USize}, Part: 1, References: 1, SHA1: hash})
	tree := craftedTree(t, openCrafted(t, withImage(w, hash)))
	requireNoFile(t, tree, "0", ErrFormat)
	// The chunks before it can be read.
	file, err := tree.OpenStream("0", "")
	require.NoError(t, err)
	got := make([]byte, 32768)
	_, err = io.ReadFull(file, got)
	require.NoError(t, err)
	require.Equal(t, counted(32768), got)
}

// Of two entries with one hash the first wins, as in wimlib; 7-Zip refuses the
// file, and others take the last (also: TestHostileSameHash).
func TestQuirkHashTwice(t *testing.T) {
	w := quirk(wimtest.HeaderXPRESS, 32768)
	hash := w.AddBlob(counted(100))
	w.AddChunked(counted(100))
	withImage(w, hash)
	r := openCrafted(t, w)
	requireClean(t, r)
	info, err := craftedTree(t, r).Stat("0")
	require.NoError(t, err)
	require.EqualValues(t, 100, info.Size())
	require.Zero(t, r.index().byHash[hash].header.Flags)
}

// Resources may overlap, as in wimlib; 7-Zip refuses the file. Verify tells.
func TestQuirkOverlap(t *testing.T) {
	w := quirk(0, 0)
	data := counted(1000)
	at := w.Place(data)
	var hashes [][20]byte
	for _, cut := range [][2]int{{0, 1000}, {10, 500}, {400, 900}} {
		content := data[cut[0]:cut[1]]
		hash := wimtest.SHA1(content)
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
			Size: uint64(len(content)), Offset: at + uint64(cut[0]), USize: uint64(len(content))}, Part: 1, References: 1, SHA1: hash})
		hashes = append(hashes, hash)
	}
	r := openCrafted(t, withImage(w, hashes...))
	requireFile(t, craftedTree(t, r), "2", data[400:900])
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 1)
	require.ErrorContains(t, report.Problems[0].Err, "2 resources overlap others, the first at offset 218")
	require.Equal(t, 4, report.Blobs)
}

// Entries of a table for other parts are not this file's blobs, but they tell
// which part has them.
func TestQuirkOtherPartsInTable(t *testing.T) {
	w := quirk(0, 0)
	w.Header.Parts = 3
	hash := w.AddBlob([]byte("elsewhere"))
	w.Table[0].Part = 2
	r := openCrafted(t, withImage(w, hash))
	_, err := craftedTree(t, r).ReadFile("0")
	requireClear(t, err, ErrMissingPart)
	require.ErrorContains(t, err, "is in part 2 of 3")
}

// There are as many images as the table has metadata, if the header does not
// say fewer. The XML may have others: it only names them.
func TestQuirkImageCount(t *testing.T) {
	for _, test := range []struct{ header, xml, table, want int }{
		{2, 2, 2, 2}, {2, 1, 2, 2}, {2, 3, 2, 2}, {3, 3, 2, 2}, {1, 2, 2, 1}, {2, 0, 2, 2}, {0, 0, 0, 0}, {0, 1, 1, 0},
	} {
		w := quirk(0, 0)
		for range test.table {
			withImage(w)
		}
		var xml strings.Builder
		for i := range test.xml {
			fmt.Fprintf(&xml, `<IMAGE INDEX="%d"><NAME>name %d</NAME></IMAGE>`, i+1, i+1)
		}
		w.XML = wimtest.XML("<WIM>" + xml.String() + "</WIM>")
		w.Header.Images = uint32(test.header)
		r := openCrafted(t, w)
		require.Len(t, r.Images, test.want)
		for i, image := range r.Images {
			require.Equal(t, i+1, image.Index)
			if i < test.xml {
				require.Equal(t, fmt.Sprintf("name %d", i+1), image.Info.Name)
			} else {
				require.Empty(t, image.Info.Name)
			}
		}
	}
}

// The boot metadata in the header is for the boot loader; one that is wrong is
// worth a note (TestVerifyNotesBootMetadata) and nothing more. A boot index
// without it is one all the same.
func TestQuirkBootMetadata(t *testing.T) {
	w := withHeader(func(h *wimtest.Header) {
		h.BootIndex = 1
		h.Boot = wimtest.ResourceHeader{Size: 1 << 40, Offset: math.MaxUint64, USize: 5, Flags: 6}
	})
	r := openCrafted(t, w)
	requireClean(t, r)
	require.Equal(t, 1, r.BootIndex())
}

// Broken XML costs the names only (TestHostileXML), a byte order mark is not
// needed, IMAGE elements may come in any order, and what they say is passed on:
// DIRCOUNT with the root by wimlib and without by Microsoft, PRODUCTNAME as
// fixed text or out of the registry.
func TestQuirkXML(t *testing.T) {
	w := quirk(0, 0)
	withImage(w)
	withImage(w)
	w.XML = wimtest.UTF16(`<?xml version="1.0" encoding="UTF-16"?>
		<WIM><IMAGE INDEX="2"><NAME> second </NAME><DIRCOUNT>7</DIRCOUNT></IMAGE>
		<!-- <IMAGE INDEX="1"><NAME>comment</NAME></IMAGE> -->
		<IMAGE INDEX=" 1 "><NAME/><WINDOWS><PRODUCTNAME>Windows 10 Pro</PRODUCTNAME></WINDOWS></IMAGE></WIM>`)
	r := openCrafted(t, w)
	require.Empty(t, r.Warnings())
	require.Empty(t, r.Images[0].Info.Name)
	require.Equal(t, "Windows 10 Pro", r.Images[0].Info.Windows.ProductName)
	require.Equal(t, "second", r.Images[1].Info.Name)
	require.EqualValues(t, 7, r.Images[1].Info.DirCount)
}

// Where the security data's total length differs from what its parts have, the
// length says where the root is, as in wimlib; 7-Zip refuses the file.
func TestQuirkSecurityTotal(t *testing.T) {
	w := quirk(0, 0)
	m := &wimtest.Metadata{Security: [][]byte{[]byte("one"), []byte("three")}, Root: wimtest.Directory("", wimtest.RegularFile("f", [20]byte{}))}
	m.Root.SecurityID = 1
	// Eight bytes of something between the descriptors and the root.
	m.Security = append(m.Security, make([]byte, 8))
	m.SecurityCount, m.SecuritySizes, m.SecurityTotal = wimtest.Of(uint32(2)), []uint64{3, 5}, wimtest.Of(uint32(40))
	w.AddImage(m)
	tree := craftedTree(t, openCrafted(t, w))
	requireWarning(t, tree.Warnings(), "security data: its parts have 32 bytes together, it says 40")
	requireFile(t, tree, "f", nil)
	info, err := tree.Stat(".")
	require.NoError(t, err)
	require.Equal(t, "three", string(info.Sys().(*Entry).SecurityDescriptor))

	// A total below 8 is 8, as in wimlib.
	for total := range uint32(8) {
		w := quirk(0, 0)
		w.AddImage(&wimtest.Metadata{SecurityTotal: wimtest.Of(total), Root: wimtest.Directory("", wimtest.RegularFile("f", [20]byte{}))})
		requireFile(t, craftedTree(t, openCrafted(t, w)), "f", nil)
	}
}

// A list of children ends where a length rounds up to 8 or less, as in wimlib;
// 7-Zip takes 0 only, which is what all writers write. A length that wraps
// around when it is rounded up is none of those (TestHostileMetadata).
func TestQuirkEndOfDirectory(t *testing.T) {
	for end := range uint64(9) {
		w := quirk(0, 0)
		root := wimtest.Directory("", wimtest.RegularFile("f", [20]byte{}))
		root.ListEnd = wimtest.Of(end)
		w.AddImage(&wimtest.Metadata{Root: root, Trailer: make([]byte, 200)})
		r := openCrafted(t, w)
		require.Len(t, craftedTree(t, r).meta.nodes, 2)
		requireClean(t, r)
	}
	// An end in place of the root: an empty image.
	w := quirk(0, 0)
	w.AddImage(&wimtest.Metadata{})
	tree := craftedTree(t, openCrafted(t, w))
	entries, err := tree.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
}

// Lengths of dentries and stream entries that are not multiples of 8 are
// rounded up, as in wimlib; 7-Zip refuses the file.
func TestQuirkUnalignedLengths(t *testing.T) {
	w := quirk(0, 0)
	hello := w.AddBlob([]byte("hello"))
	f := wimtest.RegularFile("f", [20]byte{}) // of 102 + 4 bytes, which is 112 when rounded up
	f.Length = wimtest.Of(uint64(106))
	f.Streams = []wimtest.StreamEntry{{Hash: hello, Length: wimtest.Of(uint64(38))}, {Name: "s", Hash: hello, Length: wimtest.Of(uint64(42))}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", f, wimtest.RegularFile("g", hello))})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, "f", []byte("hello"))
	requireFile(t, tree, "g", []byte("hello"))
	_, err := tree.OpenStream("f", "s")
	require.NoError(t, err)
}

// The reserved field of a stream entry is ignored; 7-Zip wants 0.
func TestQuirkReservedFields(t *testing.T) {
	w := quirk(0, 0)
	f := wimtest.RegularFile("f", [20]byte{})
	f.Streams = []wimtest.StreamEntry{{Hash: w.AddBlob([]byte("hello")), Reserved: math.MaxUint64}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", f)})
	r := openCrafted(t, w)
	requireClean(t, r)
	requireFile(t, craftedTree(t, r), "f", []byte("hello"))
}

// A name of the root is dropped; 7-Zip shows a folder of that name.
func TestQuirkNamedRoot(t *testing.T) {
	w := quirk(0, 0)
	root := wimtest.Directory("root", wimtest.RegularFile("f", [20]byte{}))
	w.AddImage(&wimtest.Metadata{Root: root})
	tree := craftedTree(t, openCrafted(t, w))
	requireWarning(t, tree.Warnings(), "the root has a name")
	requireFile(t, tree, "f", nil)
	info, err := tree.Stat(".")
	require.NoError(t, err)
	require.Equal(t, ".", info.Name())
}

// Names with NUL or "/", "." and ".." are shown in an escaped form
// (TestHostileNames); others drop the entry or refuse the file. Dropping would
// hide what a scanner looks for. A name without its terminator is good as well.
func TestQuirkNameWithoutTerminator(t *testing.T) {
	w := quirk(0, 0)
	f := wimtest.RegularFile("name", [20]byte{})
	f.Names = append(wimtest.UTF16("name"), 'x', 'y') // where the terminator should be
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", f)})
	requireFile(t, craftedTree(t, openCrafted(t, w)), "name", nil)
}

// A name and a short name of the greatest size: 2 * 65534 bytes and the fixed
// part do not fit in 16 bits. (One reader of others adds them there.)
func TestQuirkLongNames(t *testing.T) {
	w := quirk(0, 0)
	f := wimtest.RegularFile(strings.Repeat("x", 32767), w.AddBlob([]byte("hello")))
	f.ShortName = strings.Repeat("y", 32767)
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", f, wimtest.RegularFile("next", f.Hash))})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, strings.Repeat("x", 32767), []byte("hello"))
	requireFile(t, tree, "next", []byte("hello"))
	info, err := tree.Stat(strings.Repeat("X", 32767))
	require.NoError(t, err)
	require.Equal(t, f.ShortName, info.Sys().(*Entry).ShortName)
}

// A list of children that two directories name is the first one's; the other is
// shown empty. wimlib shows it twice, which is exponential, 7-Zip refuses the
// image. (Also: TestHostileTreeShapes.)
func TestQuirkSharedSubtree(t *testing.T) {
	w := quirk(0, 0)
	a, b := wimtest.Directory("a", wimtest.RegularFile("f", [20]byte{})), wimtest.Directory("b")
	b.SharesList = a
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", a, b)})
	tree := craftedTree(t, openCrafted(t, w))
	requireWarning(t, tree.Warnings(), `directory "b": its list of children`)
	requireFile(t, tree, "a/f", nil)
	entries, err := tree.ReadDir("b")
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A directory with a stream without a name, which wimlib wrote before 1.14.2:
// the stream means nothing. Named streams of directories are kept.
func TestQuirkDirectoryWithStream(t *testing.T) {
	w := quirk(0, 0)
	hello := w.AddBlob([]byte("hello"))
	d := wimtest.Directory("d")
	d.Streams = []wimtest.StreamEntry{{}, {Name: "s", Hash: hello}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", d)})
	r := openCrafted(t, w)
	requireClean(t, r)
	tree := craftedTree(t, r)
	info, err := tree.Stat("d")
	require.NoError(t, err)
	require.True(t, info.IsDir())
	require.Equal(t, []Stream{{"s", 5, hello}}, info.Sys().(*Entry).Streams)
	_, err = tree.OpenStream("d", "s")
	require.NoError(t, err)
}

// The reparse data is in the main hash, as Microsoft writes it, or in the first
// entry without a name, as old wimlib does. A second one is content.
func TestQuirkReparseStreamPlace(t *testing.T) {
	w := quirk(0, 0)
	data := w.AddBlob(wimtest.SymlinkData("target", true))
	hello := w.AddBlob([]byte("hello"))
	inMain := wimtest.Symlink("main", data)
	inEntry := wimtest.Symlink("entry", [20]byte{})
	inEntry.Streams = []wimtest.StreamEntry{{Hash: data}, {}}
	behindNamed := wimtest.Symlink("behind named", [20]byte{})
	behindNamed.Streams = []wimtest.StreamEntry{{Name: "s", Hash: hello}, {Hash: data}}
	both := wimtest.RegularFile("both", data)
	both.Attributes |= wimtest.AttributeReparsePoint
	both.Reparse = &wimtest.Reparse{Tag: uint32(ReparseTagWOF)}
	both.Streams = []wimtest.StreamEntry{{Hash: hello}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", inMain, inEntry, behindNamed, both, wimtest.RegularFile("target", hello))})
	tree := craftedTree(t, openCrafted(t, w))
	for _, name := range []string{"main", "entry", "behind named"} {
		target, err := tree.ReadLink(name)
		require.NoError(t, err)
		require.Equal(t, "target", target)
		content, err := tree.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, "hello", string(content))
	}
	// A file with a reparse point that is no link has its content.
	content, err := tree.ReadFile("both")
	require.NoError(t, err)
	require.Equal(t, "hello", string(content))
	info, err := tree.Lstat("both")
	require.NoError(t, err)
	require.Equal(t, fs.ModeIrregular, info.Mode().Type())
	require.Equal(t, SHA1(data), info.Sys().(*Entry).Reparse.SHA1)
}

// The stream without a name may be any of the extra entries; one reader of
// others looks at the first only. Further ones are ignored, and an empty main
// hash in front of it does not count.
func TestQuirkUnnamedStreamPlace(t *testing.T) {
	w := quirk(0, 0)
	hello, other := w.AddBlob([]byte("hello")), w.AddBlob([]byte("other"))
	late := wimtest.RegularFile("late", [20]byte{})
	late.Streams = []wimtest.StreamEntry{{Name: "s", Hash: other}, {Hash: hello}, {Hash: other}}
	main := wimtest.RegularFile("main", hello)
	main.Streams = []wimtest.StreamEntry{{Name: "s", Hash: other}, {Hash: other}}
	empty := wimtest.RegularFile("empty", [20]byte{})
	empty.Streams = []wimtest.StreamEntry{{Name: "s", Hash: other}, {}, {Hash: other}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", late, main, empty)})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, "late", []byte("hello"))
	requireFile(t, tree, "main", []byte("hello"))
	requireFile(t, tree, "empty", nil)
}

// Of an encrypted file the first stream with content is the raw data of EFS;
// named ones are inside it.
func TestQuirkEncryptedFile(t *testing.T) {
	w := quirk(0, 0)
	raw, other := w.AddBlob([]byte("raw EFS data")), w.AddBlob([]byte("other"))
	f := wimtest.RegularFile("f", [20]byte{})
	f.Attributes |= wimtest.AttributeEncrypted
	f.Streams = []wimtest.StreamEntry{{}, {Name: "s", Hash: other}, {Hash: raw}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", f)})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, "f", []byte("raw EFS data"))
	info, err := tree.Stat("f")
	require.NoError(t, err)
	require.Len(t, info.Sys().(*Entry).Streams, 1)
}

// Old Microsoft tools gave different files one hard link id. Names are links of
// one file only if their content is equal, as in wimlib and DISM; 7-Zip links
// none of them.
func TestQuirkHardLinkIDs(t *testing.T) {
	w := quirk(0, 0)
	a, b := w.AddBlob([]byte("a")), w.AddBlob([]byte("b"))
	root := wimtest.Directory("")
	for i, f := range []struct {
		id   uint64
		hash [20]byte
	}{{7, a}, {7, a}, {7, b}, {7, b}, {1, a}, {2, a}, {math.MaxUint64, b}, {math.MaxUint64, b}, {0, a}, {0, a}} {
		d := wimtest.RegularFile(fmt.Sprint(i), f.hash)
		d.HardLink = f.id
		root.Children = append(root.Children, d)
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	tree := craftedTree(t, openCrafted(t, w))
	var groups []uint64
	for i := range root.Children {
		info, err := tree.Stat(fmt.Sprint(i))
		require.NoError(t, err)
		groups = append(groups, info.Sys().(*Entry).HardLinkGroup)
	}
	// The second file with id 7 gets the first number that is no id.
	require.Equal(t, []uint64{7, 7, 3, 3, 0, 0, math.MaxUint64, math.MaxUint64, 0, 0}, groups)
}

// Reference counts mean nothing for files: Windows 8 wrote too low ones, which
// are worth a note (TestVerifyNotesReferenceCounts). For metadata 0 means
// deleted, in files of WAIK and of Vista's betas; the images are the others, in
// the order of the table.
func TestQuirkReferenceCounts(t *testing.T) {
	w := quirk(0, 0)
	hello := w.AddBlob([]byte("hello"))
	w.Table[0].References = 0
	withImage(w)
	w.Table[1].References = 0
	withImage(w, hello, hello, hello)
	w.Header.Images = 1
	r := openCrafted(t, w)
	require.Len(t, r.Images, 1)
	requireClean(t, r)
	requireFile(t, craftedTree(t, r), "2", []byte("hello"))
}

// The order of metadata in the table is the order of images, whatever the order
// in the file.
func TestQuirkMetadataOrder(t *testing.T) {
	w := quirk(0, 0)
	one, two := w.AddBlob([]byte("one")), w.AddBlob([]byte("two"))
	withImage(w, two)
	withImage(w, one)
	w.Table[2], w.Table[3] = w.Table[3], w.Table[2]
	requireFile(t, craftedTree(t, openCrafted(t, w)), "0", []byte("one"))
}

// Metadata may be stored raw in a file whose header names a codec, and any blob
// may.
func TestQuirkRawMetadata(t *testing.T) {
	w := quirk(wimtest.HeaderLZX, 32768)
	r := openCrafted(t, withImage(w, w.AddBlob([]byte("hello"))))
	requireClean(t, r)
	require.Equal(t, CompressionLZX, r.Header.Compression)
}

// Blob table and XML may be compressed, although nobody writes such. A size of
// 0 is a table without entries.
func TestQuirkCompressedTables(t *testing.T) {
	w := quirk(wimtest.HeaderXPRESS, 4096)
	var hashes [][20]byte
	for i := range 100 {
		hashes = append(hashes, w.AddBlob(counted(i+1)))
	}
	withImage(w, hashes...)
	place := func(content []byte) wimtest.ResourceHeader {
		c := wimtest.Chunked{USize: uint64(len(content)), Chunks: wimtest.Split(content, 4096)}
		stored := c.Bytes()
		return wimtest.ResourceHeader{Size: uint64(len(stored)), Flags: wimtest.ResourceCompressed | wimtest.ResourceMetadata, Offset: w.Place(stored), USize: c.USize}
	}
	table, xml := place(w.TableData()), place(wimtest.XML("<WIM>"+imageName+strings.Repeat(" ", 5000)+"</WIM>"))
	w.Edit = func(h *wimtest.Header) { h.BlobTable, h.XML = table, xml }
	r := openCrafted(t, w)
	requireClean(t, r)
	require.Equal(t, "good", r.Images[0].Info.Name)
	requireFile(t, craftedTree(t, r), "99", counted(100))

	w.Edit = func(h *wimtest.Header) {
		h.BlobTable = wimtest.ResourceHeader{Flags: wimtest.ResourceCompressed}
	}
	require.Empty(t, openCrafted(t, w).Images)
}

// A solid resource without a codec is read where its chunks are raw, as in
// 7-Zip (TestHostileSolidCodecNone). Solid entries in a file of version 1.13
// are left out, and the others are read: wimlib drops the flag and so makes
// nonsense of them, 7-Zip refuses the file.
func TestQuirkSolidInNormalVersion(t *testing.T) {
	w := quirk(0, 0)
	hello := w.AddBlob([]byte("hello"))
	w.AddSolid(wimtest.SolidOf(counted(100), wimtest.CodecXPRESS, 4096))
	solid := w.AddSolidBlob(counted(100), 0)
	w.Header.Version = wimtest.VersionNormal
	r := openCrafted(t, withImage(w, hello, solid))
	require.Len(t, r.Warnings(), 2)
	require.False(t, r.Solid())
	requireFile(t, craftedTree(t, r), "0", []byte("hello"))
	requireNoFile(t, craftedTree(t, r), "1", ErrMissingBlob)
}

// The integrity table is where the header says, right after the boot index at
// 0x7C. (One reader of others looks 4 bytes after that.)
func TestQuirkIntegrityPlace(t *testing.T) {
	w := craftedHello()
	w.IntegrityChunk = 100
	r := openCrafted(t, w)
	require.Equal(t, IntegrityGood, verifyCrafted(t, r).Integrity)
}

// A first use by many goroutines at once finds one state, made once: trees,
// indices, placements and links. (Field notes: lazy state without a lock. Run
// with -race this is the test.)
func TestConcurrentFirstUse(t *testing.T) {
	w := quirk(wimtest.HeaderXPRESS, 4096)
	data := counted(50_000)
	hashes := [][20]byte{w.AddChunked(data), w.AddBlob([]byte("raw"))}
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
	hashes = append(hashes, w.AddSolidBlob(data[1:40_000], 1), w.AddSolidBlob(data[100:], 100))
	root := wimtest.Directory("Dir", wimtest.Symlink("Link", w.AddBlob(wimtest.SymlinkData(`..\3`, true))))
	for i, hash := range hashes {
		f := wimtest.RegularFile(fmt.Sprint(i), hash)
		f.HardLink = uint64(i / 2)
		root.Children = append(root.Children, f)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", root, wimtest.RegularFile("3", hashes[3]))})
	for range 20 {
		r := openCrafted(t, w)
		var wait sync.WaitGroup
		for k := range 8 {
			wait.Go(func() {
				tree, err := r.Images[0].FS()
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 8 {
					name := []string{"dir/0", "DIR/1", "dIR/2", "Dir/3", "dir/link", "3", "DIR", "Dir/0"}[(i+k)%8]
					info, err := tree.Stat(name)
					if err != nil {
						t.Error(err)
						return
					}
					_ = info.Sys()
					if !info.IsDir() {
						if _, err := tree.ReadFile(name); err != nil {
							t.Error(err)
						}
					}
				}
				if k%4 == 0 {
					if report, err := r.Verify(t.Context()); err != nil || !report.OK() {
						t.Error(err, report)
					}
				}
				if r.MissingBlobs() != 0 {
					t.Error("missing blobs")
				}
			})
		}
		wait.Wait()
	}
}
