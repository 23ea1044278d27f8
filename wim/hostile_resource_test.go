package wim

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Compressed resources whose sizes, offsets or chunks are wrong. Each ends in
// an error for its own blob, before memory is taken for what it claims to have.
func TestHostileResource(t *testing.T) {
	data := counted(100_000) // four chunks of 32 KiB
	right := func() wimtest.Chunked {
		return wimtest.Chunked{USize: 100_000, Chunks: wimtest.Split(data, 32768)}
	}
	for _, test := range []struct {
		name   string
		chunks func(c *wimtest.Chunked)
		entry  func(e *wimtest.TableEntry)
		text   string
	}{
		{"usize 2^50 with size 10", nil, func(e *wimtest.TableEntry) { e.USize, e.Size = 1<<50, 10 }, "10 bytes cannot hold"},
		{"usize 2^40 with all of the file", nil, func(e *wimtest.TableEntry) { e.USize = 1 << 40 }, "cannot hold"},
		{"usize 2^63-1", nil, func(e *wimtest.TableEntry) { e.USize = 1<<63 - 1 }, "cannot hold"},
		{"usize 2^63", nil, func(e *wimtest.TableEntry) { e.USize = 1 << 63 }, "9223372036854775808 uncompressed"},
		{"usize 2^64-1, which wraps when it is rounded up", nil, func(e *wimtest.TableEntry) { e.USize = 1<<64 - 1 }, "18446744073709551615 uncompressed"},
		{"usize one chunk more", nil, func(e *wimtest.TableEntry) { e.USize = 4*32768 + 1 }, "chunk 3 of 5: bytes 98304 to"},
		{"usize one chunk less", nil, func(e *wimtest.TableEntry) { e.USize = 65536 }, "chunk 1 of 2: bytes 32768 to"},
		{"size 0", nil, func(e *wimtest.TableEntry) { e.Size = 0 }, "0 bytes cannot hold the 4 chunks"},
		{"size of the table alone", nil, func(e *wimtest.TableEntry) { e.Size = 12 }, "cannot hold"},
		{"size one byte less", nil, func(e *wimtest.TableEntry) { e.Size-- }, ""},
		{"offsets that decrease", func(c *wimtest.Chunked) { c.Offsets = []uint64{32768, 65536, 32768} }, nil, "chunk 2 of 4: bytes 65536 to 32768"},
		{"offsets that are equal", func(c *wimtest.Chunked) { c.Offsets = []uint64{32768, 32768, 98304} }, nil, "chunk 1 of 4: bytes 32768 to 32768"},
		{"offsets that exceed the data", func(c *wimtest.Chunked) { c.Offsets = []uint64{32768, 65536, 1 << 31} }, nil, "chunk 2 of 4: bytes 65536 to 2147483648"},
		{"an offset at the end", func(c *wimtest.Chunked) { c.Offsets = []uint64{32768, 65536, 100_000} }, nil, "chunk 2 of 4: bytes 65536 to 100000"},
		{"the first offset 0", func(c *wimtest.Chunked) { c.Offsets = []uint64{0, 32768, 65536} }, nil, "chunk 0 of 4: bytes 0 to 0"},
		{"offset 2^32-1", func(c *wimtest.Chunked) { c.Offsets = []uint64{1<<32 - 1, 65536, 98304} }, nil, "chunk 0 of 4: bytes 0 to 4294967295"},
		{"a chunk that is larger than its content", func(c *wimtest.Chunked) {
			c.Chunks = [][]byte{make([]byte, 32769), data[:32767], data[:32768], data[:1696]}
		}, nil, "chunk 0 of 4: bytes 0 to 32769 of 100000 for 32768"},
		{"a last chunk that is larger than its content", func(c *wimtest.Chunked) {
			c.Chunks[3] = make([]byte, 2000) // 7-Zip takes up to 32767 bytes for the 1696
		}, nil, "chunk 3 of 4: bytes 98304 to 100304 of 100304 for 1696"},
		{"a table of 8-byte offsets", func(c *wimtest.Chunked) { c.Width = 8 }, nil, "chunk"},
		{"a chunk that does not decode", func(c *wimtest.Chunked) { c.Chunks[1] = make([]byte, 300) }, nil, "chunk 1 of 4"},
		{"a chunk of one byte", func(c *wimtest.Chunked) { c.Chunks[2] = []byte{1} }, nil, "chunk 2 of 4"},
	} {
		for _, pipable := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, map[bool]string{true: ", pipable"}[pipable]), func(t *testing.T) {
				w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
				if pipable {
					w = wimtest.NewPipableWIM(wimtest.HeaderXPRESS, 32768)
				}
				c := right()
				c.Pipable = pipable
				if test.chunks != nil {
					test.chunks(&c)
				}
				withImage(w, wimtest.SHA1(data[1:]), wimtest.SHA1(data), wimtest.SHA1(data[2:]))
				w.AddChunked(data[1:])
				w.AddStored(c.Bytes(), data, wimtest.ResourceCompressed)
				w.AddChunked(data[2:])
				if test.entry != nil {
					test.entry(&w.Table[2])
				}
				r := openCrafted(t, w)
				tree := craftedTree(t, r)
				requireMemory(t, 2<<20, func() { // the source is in memory, so its bytes count
					requireNoFile(t, tree, "1", ErrFormat)
				})
				if !pipable { // there all numbers have other values
					_, err := tree.ReadFile("1")
					require.ErrorContains(t, err, test.text)
				}
				// Sequential, random and bulk reading agree.
				file, err := tree.OpenStream("1", "")
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, file)
				require.ErrorIs(t, err, ErrFormat)
				info, err := file.Stat()
				require.NoError(t, err)
				failed := 0
				for at := int64(0); at < min(info.Size(), 200_000); at += 1000 {
					if _, err := file.ReadAt(make([]byte, 1), at); err != nil && err != io.EOF {
						require.ErrorIs(t, err, ErrFormat)
						failed++
					}
				}
				require.NotZero(t, failed)
				requireFile(t, tree, "0", data[1:])
				requireFile(t, tree, "2", data[2:])
				var report *VerifyReport
				requireMemory(t, 8<<20, func() { report = verifyCrafted(t, r) })
				var damaged []Problem
				for _, p := range report.Problems {
					if p.Affected != nil {
						damaged = append(damaged, p)
					}
				}
				require.Len(t, damaged, 1)
				require.ErrorIs(t, damaged[0].Err, ErrFormat)
				require.Equal(t, []string{"1:1"}, wimtest.Texts(damaged[0].Affected))
			})
		}
	}
}

// Neighbouring 8-byte offsets that differ by 2^32 and a little: where 32 bits
// of the difference are looked at, the chunk seems to have a good size.
func TestHostileOffsetsBeyond32Bits(t *testing.T) {
	for _, difference := range []uint64{1<<32 + 32768, 1<<32 + 1, 1<<63 + 100, 1<<64 - 100} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
		body := w.Body()
		start := uint64(body.Size())
		const usize = 1<<32 + 5*32768
		const chunks = usize / 32768
		body.AppendTable(chunks-1, 8, func(i int64) uint64 {
			if i == 0 {
				return 32768
			}
			return 32768 + difference + uint64(i-1)*32768
		})
		body.Skip(usize + 1<<33)
		hash := [20]byte{1}
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
			Size: uint64(body.Size()) - start, Flags: wimtest.ResourceCompressed, Offset: start, USize: usize}, Part: 1, References: 1, SHA1: hash})
		withImage(w, hash)
		file, err := craftedTree(t, openCrafted(t, w)).OpenStream("0", "")
		require.NoError(t, err)
		buf := make([]byte, 10)
		_, err = file.ReadAt(buf, 100)
		require.NoError(t, err, "chunk 0 is good")
		_, err = file.ReadAt(buf, 32768+100)
		requireClear(t, err, ErrFormat)
		require.ErrorContains(t, err, "chunk 1 of 131077")
	}
}

// A file that ends before a chunk does: an error, never zeros.
func TestHostileChunkAtEOF(t *testing.T) {
	data := counted(100_000)
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	hash := wimtest.SHA1(data)
	withImage(w, hash)
	w.AddChunked(data)
	source, size := w.Source()
	// The size that was promised is right, the source ends in chunk 2.
	cut := io.NewSectionReader(source, 0, int64(w.Table[1].Offset)+12+2*32768+100)
	r, err := NewReader(endsEarly{source, cut}, size)
	require.NoError(t, err)
	_, err = craftedTree(t, r).ReadFile("0")
	requireClear(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "chunk 2 of 4")
	report := verifyCrafted(t, r)
	require.ErrorIs(t, report.Problems[0].Err, io.ErrUnexpectedEOF)
}

// endsEarly reads resources from a source that is cut off, and the tables
// after them from the whole one.
type endsEarly struct {
	whole io.ReaderAt
	cut   *io.SectionReader
}

func (s endsEarly) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= s.cut.Size()+33_000 {
		return s.whole.ReadAt(p, offset)
	}
	return s.cut.ReadAt(p, offset)
}

// A resource that unfolds to 500 times its size, or 75,000 times, is legal. It
// is read in a stream, with memory for a chunk; only who wants it in one piece
// pays for that.
func TestHostileDecompressionBomb(t *testing.T) {
	for _, test := range []struct {
		name  string
		codec uint32
		chunk []byte
		size  int
	}{
		{"XPRESS", wimtest.HeaderXPRESS, wimtest.ZerosXPRESS4096, 4096},
		{"LZX", wimtest.HeaderLZX, wimtest.ZerosLZX32K, 32768},
		{"LZMS", wimtest.HeaderLZMS, wimtest.ZerosLZMS1M, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			const usize = 64 << 20
			w := wimtest.NewCompressedWIM(test.codec, uint32(test.size))
			c := wimtest.Chunked{USize: usize}
			for range usize / test.size {
				c.Chunks = append(c.Chunks, test.chunk)
			}
			hash := wimtest.SHA1(make([]byte, usize))
			stored := c.Bytes()
			w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
				Size: uint64(len(stored)), Flags: wimtest.ResourceCompressed, Offset: w.Place(stored), USize: usize}, Part: 1, References: 1, SHA1: hash})
			withImage(w, hash)
			r := openCrafted(t, w, WithLimits(Limits{ChunkCache: 1 << 20}))
			file, err := craftedTree(t, r).OpenStream("0", "")
			require.NoError(t, err)
			requireMemory(t, 12<<20, func() {
				n, err := io.Copy(io.Discard, file)
				require.NoError(t, err)
				require.EqualValues(t, usize, n)
			})
			requireMemory(t, 40<<20, func() { require.True(t, verifyCrafted(t, r, WithWorkers(2), WithMemory(8<<20)).OK()) })
		})
	}
}

// The header's chunk size bounds chunks from above only: memory is for what the
// resource has, and only once its compressed bytes were read.
func TestHostileChunkSize(t *testing.T) {
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 1<<30)
	w.AddStored(wimtest.ZerosLZMS1M, make([]byte, 1<<20), wimtest.ResourceCompressed)
	zeros := wimtest.SHA1(make([]byte, 1<<20))
	// This one claims a gigabyte, of which the file has 20 bytes.
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: 20, Flags: wimtest.ResourceCompressed, Offset: 1 << 20, USize: 1 << 30}, Part: 1, References: 1, SHA1: [20]byte{1}})
	// And this one has bytes after the end of what can be read.
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: 100, Flags: wimtest.ResourceCompressed, Offset: 1000, USize: 1 << 30}, Part: 1, References: 1, SHA1: [20]byte{2}})
	withImage(w, zeros, [20]byte{1}, [20]byte{2})
	source, size := w.Source()

	r, err := NewReader(failingAt{source, 1000, 1100}, size, WithLimits(Limits{ChunkSize: 1 << 30}))
	require.NoError(t, err)
	tree := craftedTree(t, r)
	requireMemory(t, 8<<20, func() {
		requireFile(t, tree, "0", make([]byte, 1<<20))
	})
	requireMemory(t, 1<<20, func() {
		file, err := tree.OpenStream("1", "")
		require.NoError(t, err)
		_, err = file.Read(make([]byte, 10))
		requireClear(t, err, ErrFormat)
		file, err = tree.OpenStream("2", "")
		require.NoError(t, err)
		_, err = file.ReadAt(make([]byte, 10), 0)
		require.Error(t, err)
	})

	// The default limit is 64 MiB.
	r, err = NewReader(source, size)
	require.NoError(t, err)
	_, err = r.Images[0].FS()
	require.NoError(t, err, "metadata is stored raw here")
	requireNoFile(t, craftedTree(t, r), "0", ErrLimit)
	_, err = craftedTree(t, r).ReadFile("0")
	require.ErrorContains(t, err, "raise Limits.ChunkSize")
}

// An error of the source is the source's, not one of the format.
func TestHostileSourceErrors(t *testing.T) {
	w := craftedHello()
	source, size := w.Source()
	for at := int64(0); at < size; at += 16 {
		r, err := NewReader(failingAt{source, at, at + 16}, size)
		if err == nil {
			var tree *FS
			if tree, err = r.Images[0].FS(); err == nil {
				_, err = tree.ReadFile("0")
			}
			if err == nil { // only the XML, or nothing that is read
				err = errors.Join(append(r.Warnings(), errBadSector)...)
			}
		}
		require.ErrorIs(t, err, errBadSector)
		require.NotErrorIs(t, err, ErrFormat)
	}
}
