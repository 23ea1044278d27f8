package wim

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A solid resource without a codec can be read where its chunks are stored raw.
// A chunk that is not is unsupported, whatever decoders are at hand from
// earlier reads.
func TestHostileSolidCodecNone(t *testing.T) {
	data := counted(1000)
	w := wimtest.NewWIM()
	// LZMS chunks that cannot be decoded leave a decoder behind for later ones.
	w.AddSolid(wimtest.Solid{USize: 32768, ChunkSize: 32768, Codec: wimtest.CodecLZMS, Chunks: [][]byte{make([]byte, 100)}})
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecNone, 256))
	w.AddSolid(wimtest.Solid{USize: 32768, ChunkSize: 32768, Codec: wimtest.CodecNone, Chunks: [][]byte{make([]byte, 100)}})
	bad := w.AddSolidBlob(counted(20), 0)
	good := w.AddSolidBlob(data[100:900], 32768+100)
	packed := w.AddSolidBlob(counted(10), 32768+1000)
	withImage(w, bad, good, packed)
	tree := craftedTree(t, openCrafted(t, w))
	for range 10 {
		_, err := tree.ReadFile("0")
		require.Error(t, err)
		requireNoFile(t, tree, "2", ErrUnsupported)
	}
	requireFile(t, tree, "1", data[100:900])

	// Chunks of few bytes would cost more memory than they hold.
	for _, size := range []uint32{0, 1, 128, 300} {
		w := wimtest.NewWIM()
		solid := wimtest.SolidOf(data[:256], wimtest.CodecNone, 256)
		solid.ChunkSize = size
		w.AddSolid(solid)
		withImage(w, w.AddSolidBlob(data[:10], 0))
		_, err := craftedTree(t, openCrafted(t, w)).ReadFile("0")
		require.Error(t, err)
		require.ErrorContains(t, err, "chunk size")
	}
}

// A solid resource that cannot be read takes its own blobs with it, not those
// of the resources after it in the run.
func TestHostileSolidNeighbours(t *testing.T) {
	data := counted(100_000)
	for name, damage := range map[string]struct {
		solid func(s *wimtest.Solid)
		entry func(e *wimtest.TableEntry)
		kind  error
	}{
		"size in the table too large": {entry: func(e *wimtest.TableEntry) { e.Size += 90_000 }, kind: ErrFormat},
		"size in the table too small": {entry: func(e *wimtest.TableEntry) { e.Size -= 1 }, kind: ErrFormat},
		"chunk sizes that do not add up": {solid: func(s *wimtest.Solid) {
			s.Sizes = []uint32{32768, 32768, 32768, 9}
		}, kind: ErrFormat},
		"chunk size above the limit": {solid: func(s *wimtest.Solid) {
			s.ChunkSize, s.Codec, s.Chunks = 1<<30, wimtest.CodecLZMS, [][]byte{data}
		}, kind: ErrLimit},
		"unknown codec": {solid: func(s *wimtest.Solid) { s.Codec = 4 }, kind: ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			w := wimtest.NewWIM()
			first := wimtest.SolidOf(data, wimtest.CodecLZX, 32768)
			if damage.solid != nil {
				damage.solid(&first)
			}
			i := w.AddSolid(first)
			if damage.entry != nil {
				damage.entry(&w.Table[i])
			}
			w.AddSolid(wimtest.SolidOf(data[1:], wimtest.CodecXPRESS, 4096))
			lost := w.AddSolidBlob(data[7:77], 7)
			good := w.AddSolidBlob(data[2:80_000], 100_001)
			withImage(w, lost, good)
			r := openCrafted(t, w)
			requireNoFile(t, craftedTree(t, r), "0", damage.kind)
			requireFile(t, craftedTree(t, r), "1", data[2:80_000])
			problems := verifyCrafted(t, r).Problems
			if name == "size in the table too large" {
				require.ErrorContains(t, problems[0].Err, "1 resources overlap others")
				problems = problems[1:]
			}
			require.Len(t, problems, 1)
			requireClear(t, problems[0].Err, damage.kind)
			require.Equal(t, []string{"1:0"}, wimtest.Texts(problems[0].Affected))
		})
	}
}

// Blobs of a solid run that lie outside of its resources, or do not fit in one.
func TestHostileSolidBlobs(t *testing.T) {
	data := counted(50_000)
	for _, test := range []struct {
		name         string
		offset, size uint64
		text         string
	}{
		{"offset and size wrap around", math.MaxUint64 - 5, 10, "ends beyond 2^63"},
		{"end at 2^63", math.MaxInt64 - 5, 10, "ends beyond 2^63"},
		{"end at 2^63-1", math.MaxInt64 - 10, 10, "its offset 9223372036854775797 is beyond the 100000 bytes"},
		{"past the run's end", 100_000, 1, "its offset 100000 is beyond the 100000 bytes"},
		{"across the run's end", 99_999, 2, "2 bytes at offset 49999 of a solid resource of 50000 bytes"},
		{"across two resources", 49_999, 2, "2 bytes at offset 49999 of a solid resource of 50000 bytes"},
		{"larger than all resources", 0, 1 << 40, "1099511627776 bytes at offset 0"},
		{"size 2^56-1", 0, 1<<56 - 1, "72057594037927935 bytes at offset 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			w.AddSolid(wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096))
			w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
			before := w.AddSolidBlob(data[:100], 0)
			bad := w.AddSolidBlob([]byte("bad"), 7)
			w.Table[3].Offset, w.Table[3].Size = test.offset, test.size
			after := w.AddSolidBlob(data[1:], 50_001)
			withImage(w, before, bad, after)
			r := openCrafted(t, w)
			tree := craftedTree(t, r)
			requireMemory(t, 1<<20, func() { requireNoFile(t, tree, "1", ErrFormat) })
			_, err := tree.ReadFile("1")
			require.ErrorContains(t, err, test.text)
			requireFile(t, tree, "0", data[:100])
			requireFile(t, tree, "2", data[1:])
			report := verifyCrafted(t, r)
			require.Len(t, report.Problems, 1)
			require.ErrorContains(t, report.Problems[0].Err, test.text)
			require.Equal(t, []string{"1:1"}, wimtest.Texts(report.Problems[0].Affected))
		})
	}
}

// Blobs that overlap within a solid resource are read as they are.
func TestHostileSolidOverlap(t *testing.T) {
	data := counted(100_000)
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096))
	var hashes [][20]byte
	for i := range 50 {
		hashes = append(hashes, w.AddSolidBlob(data[i*100:100_000-i*900], uint64(i*100)))
	}
	withImage(w, hashes...)
	r := openCrafted(t, w)
	requireClean(t, r)
	for i := range 50 {
		requireFile(t, craftedTree(t, r), fmt.Sprint(i), data[i*100:100_000-i*900])
	}
}

// Headers of solid resources whose numbers are wrong. Each is refused before
// memory is taken on its word.
func TestHostileSolidHeader(t *testing.T) {
	data := counted(10_000)
	for _, test := range []struct {
		name  string
		solid wimtest.Solid
		kind  error
		text  string
	}{
		{"usize 2^63 with one size", wimtest.Solid{USize: 1 << 63, ChunkSize: 4096, Codec: 1, Sizes: []uint32{4096}, Chunks: [][]byte{data}}, ErrFormat, "uncompressed size 9223372036854775808"},
		{"usize 2^63-1 with one size", wimtest.Solid{USize: 1<<63 - 1, ChunkSize: 4096, Codec: 1, Sizes: []uint32{4096}, Chunks: [][]byte{data}}, ErrFormat, "10020 bytes cannot hold 2251799813685248 chunk sizes"},
		{"usize 2^64-1", wimtest.Solid{USize: 1<<64 - 1, ChunkSize: 4096, Codec: 1, Chunks: [][]byte{data}}, ErrFormat, "uncompressed size 18446744073709551615"},
		{"chunk size 256 with usize 2^40", wimtest.Solid{USize: 1 << 40, ChunkSize: 256, Chunks: [][]byte{data}}, ErrFormat, "cannot hold 4294967296 chunk sizes"},
		{"codec 4", wimtest.Solid{USize: 10_000, ChunkSize: 16384, Codec: 4, Chunks: [][]byte{data}}, ErrUnsupported, "1: codec 4: "},
		{"codec 2^32-1", wimtest.Solid{USize: 10_000, ChunkSize: 16384, Codec: math.MaxUint32, Chunks: [][]byte{data}}, ErrUnsupported, "codec 4294967295"},
		{"XPRESS chunk of 2^17", wimtest.Solid{USize: 10_000, ChunkSize: 1 << 17, Codec: 1, Chunks: [][]byte{data}}, ErrUnsupported, "chunk size 131072"},
		{"LZX chunk of 2^14", wimtest.Solid{USize: 10_000, ChunkSize: 1 << 14, Codec: 2, Chunks: [][]byte{data}}, ErrUnsupported, "chunk size 16384"},
		{"LZMS chunk of 2^31", wimtest.Solid{USize: 10_000, ChunkSize: 1 << 31, Codec: 3, Chunks: [][]byte{data}}, ErrUnsupported, "chunk size 2147483648"},
		{"LZMS chunk of 2^30", wimtest.Solid{USize: 10_000, ChunkSize: 1 << 30, Codec: 3, Chunks: [][]byte{data}}, ErrLimit, "chunks of 1073741824 bytes"},
		{"chunk size 0", wimtest.Solid{USize: 10_000, ChunkSize: 0, Codec: 3, Chunks: [][]byte{data}}, ErrFormat, "chunk size 0"},
		{"chunk size 2^32-1", wimtest.Solid{USize: 10_000, ChunkSize: math.MaxUint32, Codec: 3, Chunks: [][]byte{data}}, ErrFormat, "chunk size 4294967295"},
		{"sizes that do not add up", wimtest.Solid{USize: 10_000, ChunkSize: 4096, Codec: 1, Sizes: []uint32{4096, 4096, 1807}, Chunks: [][]byte{data}}, ErrFormat, "its chunks have 9999 bytes together, the resource has 10000"},
		{"sizes that add up to more than 2^32", wimtest.Solid{USize: 10_000, ChunkSize: 4096, Codec: 1, Sizes: []uint32{math.MaxUint32, 10_001, 0}, Chunks: [][]byte{data}}, ErrFormat, "its chunks have 4294977296 bytes together"},
		{"a chunk of no bytes", wimtest.Solid{USize: 10_000, ChunkSize: 4096, Codec: 1, Sizes: []uint32{0, 8192, 1808}, Chunks: [][]byte{data}}, ErrFormat, "chunk 0 of 3: bytes 0 to 0"},
		{"a chunk that is larger than its content", wimtest.Solid{USize: 10_000, ChunkSize: 4096, Codec: 1, Sizes: []uint32{4097, 4095, 1808}, Chunks: [][]byte{data}}, ErrFormat, "chunk 0 of 3: bytes 0 to 4097"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			w.AddSolid(test.solid)
			bad := w.AddSolidBlob(data[:1000], 0)
			good := w.AddBlob([]byte("good")) // ends the run
			w.AddSolid(wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096))
			other := w.AddSolidBlob(data[1:2000], 1)
			withImage(w, bad, good, other)
			r := openCrafted(t, w)
			tree := craftedTree(t, r)
			requireMemory(t, 1<<20, func() { requireNoFile(t, tree, "0", test.kind) })
			_, err := tree.ReadFile("0")
			require.ErrorContains(t, err, test.text)
			requireFile(t, tree, "1", []byte("good"))
			requireFile(t, tree, "2", data[1:2000])
			report := verifyCrafted(t, r)
			require.Len(t, report.Problems, 1)
			requireClear(t, report.Problems[0].Err, test.kind)
		})
	}
	// Entries that are too short for the header, or lie outside of the file.
	for _, test := range []struct {
		change func(e *wimtest.TableEntry)
		text   string
	}{
		{func(e *wimtest.TableEntry) { e.Size = 15 }, "15 bytes are less than its header has"},
		{func(e *wimtest.TableEntry) { e.Size = 0 }, "0 bytes are less than its header has"},
		{func(e *wimtest.TableEntry) { e.Size = 1<<56 - 1 }, "outside of the file"},
		{func(e *wimtest.TableEntry) { e.Offset = math.MaxUint64 }, "outside of the file"},
	} {
		w := wimtest.NewWIM()
		i := w.AddSolid(wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096))
		test.change(&w.Table[i])
		withImage(w, w.AddSolidBlob(data[:10], 0))
		r := openCrafted(t, w)
		requireNoFile(t, craftedTree(t, r), "0", ErrFormat)
		_, err := craftedTree(t, r).ReadFile("0")
		require.ErrorContains(t, err, test.text)
	}
}

// Thousands of solid resources that all point at the same bytes: what is read
// to open them is at most as large as the file.
func TestHostileSolidResourcesOfSameBytes(t *testing.T) {
	const chunks = 100_000
	data := make([]byte, chunks)
	w := wimtest.NewWIM()
	solid := wimtest.Solid{USize: chunks * 256, ChunkSize: 256, Chunks: [][]byte{data}, Sizes: make([]uint32, chunks)}
	for i := range solid.Sizes {
		solid.Sizes[i] = 1
	}
	first := w.AddSolid(solid)
	for i := range uint64(3000) { // each with another size, so that none is another
		e := w.Table[first]
		e.Size -= i + 1
		w.Add(e)
	}
	good := w.AddSolidBlob(make([]byte, 1), 3)
	other := w.AddSolidBlob([]byte("other"), chunks*256*2000)
	withImage(w, good, other)
	source, size := w.Source()
	counter := &wimtest.CountingReader{ReaderAt: source}
	r, err := NewReader(counter, size)
	require.NoError(t, err)
	tree := craftedTree(t, r)
	requireMemory(t, 64<<20, func() { requireNoFile(t, tree, "1", ErrFormat) })
	require.LessOrEqual(t, counter.Bytes.Load(), 3*size)
	_, err = tree.ReadFile("0")
	require.ErrorIs(t, err, ErrUnsupported, "chunks without a codec that are not raw")
}

// The marker entry of a solid resource is a resource only, never a blob:
// nothing finds it by its hash, whatever that is.
func TestHostileSolidMarkerWithHash(t *testing.T) {
	data := counted(5000)
	w := wimtest.NewWIM()
	i := w.AddSolid(wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096))
	w.Table[i].SHA1 = wimtest.SHA1([]byte("marker"))
	w.Table[i].References = 1000
	good := w.AddSolidBlob(data[9:99], 9)
	// A blob with the marker's usize is a resource too: here it points at the
	// table, so that it cannot be read, and ends nothing before it.
	trap := w.AddSolidBlob([]byte("trap"), 208)
	w.Table[2].USize = wimtest.SolidMarker
	withImage(w, w.Table[i].SHA1, good, trap)
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	requireNoFile(t, tree, "0", ErrMissingBlob)
	requireFile(t, tree, "1", data[9:99])
	requireNoFile(t, tree, "2", ErrMissingBlob)
}

// A damaged chunk is decoded once, not once for each file that is in it.
func TestHostileSolidDamagedChunk(t *testing.T) {
	const size, files = 8 << 20, 300
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.Solid{USize: size, ChunkSize: size, Codec: wimtest.CodecLZMS, Chunks: [][]byte{bytes.Repeat([]byte{0xA5, 0x17, 0x42, 0xFE}, 500)}})
	var hashes [][20]byte
	for i := range files {
		hashes = append(hashes, w.AddSolidBlob(fmt.Append(nil, i), uint64(10*i)))
	}
	withImage(w, hashes...)
	tree := craftedTree(t, openCrafted(t, w))
	requireMemory(t, 3*size, func() {
		for i := range files {
			requireNoFile(t, tree, fmt.Sprint(i), ErrFormat)
		}
	})
}

// Many small files of a solid resource are read in any order without decoding
// its chunks again and again.
func TestHostileSolidRandomOrder(t *testing.T) {
	const files, each = 10_000, 100
	data := counted(files * each)
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
	var hashes [][20]byte
	for i := range files {
		hashes = append(hashes, w.AddSolidBlob(data[i*each:][:each], uint64(i*each)))
	}
	withImage(w, hashes...)
	source, size := w.Source()
	counter := &wimtest.CountingReader{ReaderAt: source}
	r, err := NewReader(counter, size)
	require.NoError(t, err)
	tree := craftedTree(t, r)
	counter.Calls.Store(0)
	for k := range files {
		i := k * 7919 % files // 7919 is a prime number
		got, err := tree.ReadFile(fmt.Sprint(i))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data[i*each:][:each], got))
	}
	require.LessOrEqual(t, counter.Calls.Load(), int64(files*each/32768+1+2), "a read for each chunk, and two for the resource's header")
}

// Entries of a solid run that are no blobs: ignored, with a warning.
func TestHostileSolidNoBlobs(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.SolidOf([]byte("content"), wimtest.CodecNone, 32768))
	w.AddSolidBlob([]byte("content"), 0)
	w.AddSolidBlob(nil, 7)
	w.Table[1].SHA1 = [20]byte{}
	r := openCrafted(t, w)
	require.Len(t, r.Warnings(), 2)
	for i, warning := range r.Warnings() {
		requireClear(t, warning, ErrFormat)
		require.ErrorContains(t, warning, fmt.Sprintf("blob table entry %d: a blob in a solid run without a hash or without bytes", 1+i))
	}
	require.Empty(t, slices.Collect(r.Blobs()))
}
