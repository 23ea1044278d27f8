package wim

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A compressed document, or blob table, that unfolds to more than the file has
// bytes is a bomb. The chunks of this one are not decoded.
func TestHostileCompressedTables(t *testing.T) {
	const usize = 20 << 20
	for _, table := range []bool{false, true} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
		withImage(w, w.AddBlob([]byte("hello")))
		bomb := wimtest.Chunked{USize: usize, Chunks: make([][]byte, usize/4096)}
		for i := range bomb.Chunks {
			bomb.Chunks[i] = wimtest.ZerosXPRESS4096
		}
		stored := bomb.Bytes()
		at := w.Place(stored)
		w.Edit = func(h *wimtest.Header) {
			header := wimtest.ResourceHeader{Size: uint64(len(stored)), Flags: wimtest.ResourceCompressed, Offset: at, USize: usize}
			if table {
				h.BlobTable = header
			} else {
				h.XML = header
			}
		}
		source, size := w.Source()
		require.Less(t, size, int64(usize))
		var r *Reader
		var err error
		requireMemory(t, 1<<20, func() { r, err = NewReader(source, size) })
		if table {
			requireClear(t, err, ErrFormat)
			require.ErrorContains(t, err, fmt.Sprintf("blob table: %d bytes, in a file of %d", usize, size))
		} else {
			require.NoError(t, err)
			requireClear(t, r.Warnings()[0], ErrFormat)
			requireHello(t, r)
		}
	}
}

// A table of a size that is no multiple of 50 loses the rest of it.
func TestHostileTableRemainder(t *testing.T) {
	for rest := 1; rest < blobEntrySize; rest += 16 {
		w := craftedHello()
		w.TableBytes = append(w.TableData(), make([]byte, rest)...)
		r := openCrafted(t, w)
		require.Len(t, r.Warnings(), 1)
		requireClear(t, r.Warnings()[0], ErrFormat)
		requireWarning(t, r.Warnings(), fmt.Sprintf("%d bytes are left over", rest))
		requireFile(t, craftedTree(t, r), "0", []byte("hello"))
	}
}

// Entries that break a rule: each is left out, or unusable, and what is beside
// them stays readable.
func TestHostileTableEntries(t *testing.T) {
	hello := wimtest.SHA1([]byte("hello"))
	for _, test := range []struct {
		name    string
		change  func(e *wimtest.TableEntry)
		version uint32
		warning string
		kind    error // of reading the blob
	}{
		{"raw entry whose size is not its usize", func(e *wimtest.TableEntry) { e.USize = 6 }, 0, "stored raw in 5 bytes, but has 6", ErrFormat},
		{"raw entry with usize 2^63", func(e *wimtest.TableEntry) { e.USize = 1 << 63 }, 0, "9223372036854775808", ErrFormat},
		{"offset and size wrap around", func(e *wimtest.TableEntry) { e.Offset = math.MaxUint64 - 3 }, 0, "offset 18446744073709551612", ErrFormat},
		{"offset past EOF", func(e *wimtest.TableEntry) { e.Offset = 1 << 40 }, 0, "", ErrFormat},
		{"end past EOF", func(e *wimtest.TableEntry) { e.Offset += 1000 }, 0, "", ErrFormat},
		{"size 2^56-1", func(e *wimtest.TableEntry) { e.Size, e.USize = 1<<56-1, 1<<56-1 }, 0, "", ErrFormat},
		{"zero hash", func(e *wimtest.TableEntry) { e.SHA1 = [20]byte{} }, 0, "without a hash", ErrMissingBlob},
		{"usize 0", func(e *wimtest.TableEntry) { e.Size, e.USize = 0, 0 }, 0, "without bytes", ErrMissingBlob},
		{"compressed without a codec", func(e *wimtest.TableEntry) { e.Flags = wimtest.ResourceCompressed; e.USize = 9 }, 0, "", ErrUnsupported},
		{"SOLID in version 0x10D00", func(e *wimtest.TableEntry) { e.Flags = wimtest.ResourceSolid }, 0, "solid, in a file of version 0x10d00", ErrMissingBlob},
		{"SOLID and METADATA", func(e *wimtest.TableEntry) { e.Flags = wimtest.ResourceSolid | wimtest.ResourceMetadata }, wimtest.VersionSolid, "mix solid", ErrMissingBlob},
		{"SOLID and COMPRESSED", func(e *wimtest.TableEntry) { e.Flags = wimtest.ResourceSolid | wimtest.ResourceCompressed }, wimtest.VersionSolid, "mix solid", ErrMissingBlob},
		{"SOLID without a resource", func(e *wimtest.TableEntry) { e.Flags, e.Offset, e.USize = wimtest.ResourceSolid, 0, 0 }, wimtest.VersionSolid, "", ErrFormat},
		{"METADATA with refcount 2^32-1", func(e *wimtest.TableEntry) { e.Flags, e.References = wimtest.ResourceMetadata, math.MaxUint32 }, 0, "metadata with reference count 4294967295", ErrMissingBlob},
		{"METADATA with refcount 0", func(e *wimtest.TableEntry) { e.Flags, e.References = wimtest.ResourceMetadata, 0 }, 0, "", ErrMissingBlob},
		{"METADATA of another part", func(e *wimtest.TableEntry) { e.Flags, e.Part = wimtest.ResourceMetadata, 2 }, 0, "metadata in part 2", ErrMissingBlob},
		{"more metadata than images", func(e *wimtest.TableEntry) { e.Flags = wimtest.ResourceMetadata }, 0, "metadata of 2 images, the header says 1; the surplus is ignored", ErrMissingBlob},
		{"part number 0", func(e *wimtest.TableEntry) { e.Part = 0 }, 0, "", ErrMissingBlob},
		{"part number 65535", func(e *wimtest.TableEntry) { e.Part = math.MaxUint16 }, 0, "", ErrMissingBlob},
		{"refcount 0", func(e *wimtest.TableEntry) { e.References = 0 }, 0, "", nil},
		{"all other flags", func(e *wimtest.TableEntry) { e.Flags = 0xE9 }, 0, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			if test.version != 0 {
				w.Header.Version = test.version
			}
			withImage(w, wimtest.SHA1([]byte("before")), hello, wimtest.SHA1([]byte("after")))
			w.AddBlob([]byte("before"))
			w.AddBlob([]byte("hello"))
			w.AddBlob([]byte("after"))
			test.change(&w.Table[2])
			r := openCrafted(t, w)
			tree := craftedTree(t, r)
			requireFile(t, tree, "0", []byte("before"))
			requireFile(t, tree, "2", []byte("after"))
			if test.warning != "" {
				require.Len(t, r.Warnings(), 1)
				requireClear(t, r.Warnings()[0], ErrFormat)
				requireWarning(t, r.Warnings(), test.warning)
			}
			var report *VerifyReport
			requireMemory(t, 4<<20, func() { report = verifyCrafted(t, r) })
			if test.kind == nil {
				requireFile(t, tree, "1", []byte("hello"))
				require.True(t, report.OK())
				return
			}
			requireNoFile(t, tree, "1", test.kind)
			require.Contains(t, wimtest.Texts(report.Problems[len(report.Problems)-1].Affected), "1:1")
			_, err := tree.Stat("1")
			require.NoError(t, err, "what cannot be read can be listed")
		})
	}
}

// The size of the table is bounded by the file's: a file that says that it has
// 100 million entries fails before anything is allocated for them.
func TestHostileTableSize(t *testing.T) {
	const entries = 100_000_000
	if maxInt < 50*entries {
		t.Skip("no limit can be raised beyond what 32 bits address")
	}
	// Within a raised limit, in a file that is too short.
	w := withHeader(func(h *wimtest.Header) { h.BlobTable.Size, h.BlobTable.USize = 50*entries, 50*entries })
	source, size := w.Source()
	requireMemory(t, 256<<10, func() {
		_, err := NewReader(source, size, WithLimits(Limits{BlobTable: 1 << 40}))
		requireClear(t, err, ErrFormat)
	})
	// In a file that is as long as it says, but ends earlier: memory grows with
	// what was really read.
	requireMemory(t, 64<<20, func() {
		_, err := NewReader(source, 51*entries, WithLimits(Limits{BlobTable: 1 << 40}))
		require.ErrorContains(t, err, "unexpected EOF")
	})
	// In a file that really has them, all zeros.
	w = craftedHello()
	at := uint64(w.Body().Size())
	w.Body().Skip(50 * entries)
	w.Edit = func(h *wimtest.Header) {
		h.BlobTable.Offset, h.BlobTable.Size, h.BlobTable.USize = at, 50*entries, 50*entries
	}
	source, size = w.Source()
	requireMemory(t, 256<<10, func() {
		_, err := NewReader(source, size)
		requireClear(t, err, ErrLimit)
		require.ErrorContains(t, err, "5000000000 bytes, the limit is 536870912")
	})
}

// Of entries with one hash the first wins, everywhere, and it is the only one
// that is remembered.
func TestHostileSameHash(t *testing.T) {
	w := wimtest.NewWIM()
	hello := w.AddBlob([]byte("hello"))
	for range 100_000 {
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{Size: 3, Offset: 0, USize: 3}, Part: 1, References: 1, SHA1: hello})
	}
	withImage(w, hello)
	r := openCrafted(t, w)
	require.Len(t, r.index().byHash, 1)
	require.Equal(t, []Blob{{hello, 5}}, slices.Collect(r.Blobs()))
	tree := craftedTree(t, r)
	requireFile(t, tree, "0", []byte("hello"))
	info, err := tree.Stat("0")
	require.NoError(t, err)
	require.EqualValues(t, 5, info.Size())

	// The other way around the wrong one wins, and nothing looks for a better
	// one.
	w = wimtest.NewWIM()
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{Size: 3, Offset: 0, USize: 3}, Part: 1, References: 1, SHA1: hello})
	w.AddBlob([]byte("hello"))
	withImage(w, hello)
	requireNoFile(t, craftedTree(t, openCrafted(t, w)), "0", ErrChecksum)
}

// The zero hash stands for empty content, whatever the table says of it.
func TestHostileZeroHash(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddBlob([]byte("trap"))
	w.Table[0].SHA1 = [20]byte{}
	withImage(w, [20]byte{})
	tree := craftedTree(t, openCrafted(t, w))
	requireFile(t, tree, "0", nil)
	info, err := tree.Stat("0")
	require.NoError(t, err)
	require.Zero(t, info.Size())
}

// Entries that share the bytes of one compressed resource multiply what can be
// read, not the memory that reading takes. Verify tells that they overlap.
func TestHostileOverlap(t *testing.T) {
	const size = 8 << 20
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	zeros := make([]byte, size)
	kernel := wimtest.Chunked{USize: size}
	for range size / 32768 {
		kernel.Chunks = append(kernel.Chunks, wimtest.ZerosLZX32K)
	}
	var hashes [][20]byte
	stored := kernel.Bytes()
	header := wimtest.ResourceHeader{Size: uint64(len(stored)), Flags: wimtest.ResourceCompressed, Offset: w.Place(stored), USize: size}
	for i := range 20 {
		hash := wimtest.SHA1(zeros)
		hash[0] += byte(i)
		w.Add(wimtest.TableEntry{ResourceHeader: header, Part: 1, References: 1, SHA1: hash})
		hashes = append(hashes, hash)
	}
	withImage(w, hashes...)
	r := openCrafted(t, w)
	var report *VerifyReport
	requireMemory(t, 40<<20, func() { report = verifyCrafted(t, r, WithWorkers(2), WithMemory(4<<20)) })
	require.Len(t, report.Problems, 1+19)
	requireClear(t, report.Problems[0].Err, ErrFormat)
	require.ErrorContains(t, report.Problems[0].Err, "19 resources overlap others")
	requireFile(t, craftedTree(t, r), "0", zeros)
	requireNoFile(t, craftedTree(t, r), "1", ErrChecksum)
}

// Any number of names may have one blob. Reading the tree does not read it.
func TestHostileMillionDentriesOneBlob(t *testing.T) {
	const names = 1_000_000
	w := wimtest.NewWIM()
	hello := w.AddBlob([]byte("hello"))
	// Dentries of 112 bytes, with names of three units: written by hand, since
	// there are so many.
	one := (&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("abc", hello))}).Bytes()
	root, dentry := one[:len(one)-112-8], one[len(one)-112-8:len(one)-8]
	metadata := append([]byte(nil), root...)
	for i := range names {
		dentry[102], dentry[103] = byte(i), 1 // U+0100 and above
		dentry[104], dentry[105] = byte(i>>8), 1
		dentry[106], dentry[107] = byte(i>>16), 1
		metadata = append(metadata, dentry...)
	}
	w.AddMetadata(append(metadata, make([]byte, 8)...))
	r := openCrafted(t, w)
	var tree *FS
	requireMemory(t, 6*names*112, func() { tree = craftedTree(t, r) })
	entries, err := tree.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, entries, names)
	file, err := tree.ReadFile(entries[names/2].Name())
	require.NoError(t, err)
	require.Equal(t, "hello", string(file))
	report := verifyCrafted(t, r)
	require.True(t, report.OK())
	require.Equal(t, 2, report.Blobs)
	require.EqualValues(t, 5+len(metadata)+8, report.Bytes)
}
