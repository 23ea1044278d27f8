package wim

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Files above 4 GiB, made of bytes that are computed when they are read: they
// take neither disk space nor memory.

// bigContent is content of any size in which each eight bytes are a number that
// says where they are.
func bigContent(p []byte, offset int64) {
	var word [8]byte
	for done := 0; done < len(p); {
		at := offset + int64(done)
		binary.LittleEndian.PutUint64(word[:], uint64(at/8)*0x9E3779B97F4A7C15)
		done += copy(p[done:], word[at%8:])
	}
}

// addBig adds an entry for what was appended to the body since start.
func addBig(w *wimtest.WIM, start int64, flags uint8, usize uint64) [20]byte {
	hash := [20]byte{0xB1, 0x60, byte(len(w.Table))} // nothing reads it all
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: uint64(w.Body().Size() - start), Flags: flags, Offset: uint64(start), USize: usize}, Part: 1, References: 1, SHA1: hash})
	return hash
}

// addBigRaw adds content that is stored raw.
func addBigRaw(w *wimtest.WIM, usize int64) [20]byte {
	start := w.Body().Size()
	w.Body().AppendFunc(usize, bigContent)
	return addBig(w, start, 0, uint64(usize))
}

// addBigChunked adds content in chunks that are each stored raw.
func addBigChunked(w *wimtest.WIM, usize int64, width int) [20]byte {
	chunkSize := int64(w.Header.ChunkSize)
	chunks := (usize-1)/chunkSize + 1
	body := w.Body()
	start := body.Size()
	offset := func(i int64) uint64 { return uint64(i+1) * uint64(chunkSize) }
	if w.Header.Magic[0] == 'W' { // pipable: a size before each chunk, the table after
		stride := chunkSize + 4
		body.AppendFunc(usize+4*chunks, func(p []byte, at int64) {
			for done := 0; done < len(p); {
				chunk, inside := (at+int64(done))/stride, (at+int64(done))%stride
				if inside < 4 {
					var size [4]byte
					binary.LittleEndian.PutUint32(size[:], uint32(min(chunkSize, usize-chunk*chunkSize)))
					done += copy(p[done:], size[inside:])
					continue
				}
				n := min(int64(len(p)-done), stride-inside)
				bigContent(p[done:][:n], chunk*chunkSize+inside-4)
				done += int(n)
			}
		})
		body.AppendTable(chunks-1, width, offset)
	} else {
		body.AppendTable(chunks-1, width, offset)
		body.AppendFunc(usize, bigContent)
	}
	return addBig(w, start, wimtest.ResourceCompressed, uint64(usize))
}

// requireBig reads the content of a file here and there, above all at its end
// and about the multiples of 4 GiB.
func requireBig(t *testing.T, tree *FS, name string, usize int64, content func(p []byte, offset int64)) {
	t.Helper()
	info, err := tree.Stat(name)
	require.NoError(t, err)
	require.Equal(t, usize, info.Size())
	file, err := tree.OpenStream(name, "")
	require.NoError(t, err)
	buf, want := make([]byte, 70_000), make([]byte, 70_000)
	places := []int64{0, 1<<31 - 5, 1<<32 - 35_000, 1<<32 - 1, 1 << 32, 1<<33 - 7, usize/2 - 3, usize - 70_000, usize - 69_999, usize - 1}
	for _, at := range places {
		if at < 0 || at >= usize {
			continue
		}
		n := min(int64(len(buf)), usize-at)
		content(want[:n], at)

		got, err := file.ReadAt(buf, at)
		if n < int64(len(buf)) {
			require.ErrorIs(t, err, io.EOF)
		} else {
			require.NoError(t, err)
		}
		require.EqualValues(t, n, got)
		require.Equal(t, want[:n], buf[:n], "at %d", at)

		clear(buf)
		position, err := file.Seek(at-usize, io.SeekEnd)
		require.NoError(t, err)
		require.Equal(t, at, position)
		_, err = io.ReadFull(file, buf[:n])
		require.NoError(t, err)
		require.Equal(t, want[:n], buf[:n], "at %d", at)
	}
	_, err = file.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	_, err = file.Read(buf)
	require.ErrorIs(t, err, io.EOF)
	if strconv.IntSize == 32 {
		_, err = tree.ReadFile(name)
		requireClear(t, err, ErrLimit)
	}
}

func TestBigResources(t *testing.T) {
	for _, usize := range []int64{
		1<<32 - 1, // the greatest that has offsets of 4 bytes
		1 << 32,   // and the least that has 8; in a solid run this size is a marker
		1<<32 + 1,
		5<<30 + 12_345,
		7 << 40, // with 117 million chunks
	} {
		for name, w := range map[string]*wimtest.WIM{
			"XPRESS":  wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 65536),
			"LZX":     wimtest.NewCompressedWIM(wimtest.HeaderLZX, 2<<20),
			"pipable": wimtest.NewPipableWIM(wimtest.HeaderXPRESS, 32768),
		} {
			t.Run(fmt.Sprint(name, " ", usize), func(t *testing.T) {
				width := 4
				if usize >= 1<<32 {
					width = 8
				}
				// The metadata, the blob table and the XML come after it.
				hashes := [][20]byte{addBigRaw(w, usize), addBigChunked(w, usize, width)}
				small := w.AddBlob([]byte("small"))
				withImage(w, append(hashes, small)...)
				var r *Reader
				var tree *FS
				requireMemory(t, 1<<20, func() {
					r = openCrafted(t, w)
					tree = craftedTree(t, r)
				})
				require.Empty(t, r.Warnings())
				requireMemory(t, 100<<20, func() { // of which most is for chunks of 2 MiB
					requireBig(t, tree, "0", usize, bigContent)
					requireBig(t, tree, "1", usize, bigContent)
				})
				requireFile(t, tree, "2", []byte("small"))
				var order []string
				for path := range tree.StorageOrder() {
					order = append(order, path)
				}
				require.Equal(t, []string{"0", "1", "2"}, order)
			})
		}
	}
}

// The chunks of these were made by wimlib's encoder.
func TestBigCompressedResources(t *testing.T) {
	for _, test := range []struct {
		name      string
		codec     uint32
		chunk     []byte
		chunkSize int64
	}{
		{"XPRESS", wimtest.HeaderXPRESS, wimtest.ZerosXPRESS4096, 4096},
		{"LZX", wimtest.HeaderLZX, wimtest.ZerosLZX32K, 32768},
		{"LZMS", wimtest.HeaderLZMS, wimtest.ZerosLZMS1M, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			const usize = 1 << 41
			w := wimtest.NewCompressedWIM(test.codec, uint32(test.chunkSize))
			body, size, chunks := w.Body(), int64(len(test.chunk)), usize/test.chunkSize
			start := body.Size()
			body.AppendTable(chunks-1, 8, func(i int64) uint64 { return uint64(i+1) * uint64(size) })
			body.AppendFunc(chunks*size, func(p []byte, offset int64) {
				for i := range p {
					p[i] = test.chunk[(offset+int64(i))%size]
				}
			})
			withImage(w, addBig(w, start, wimtest.ResourceCompressed, usize))
			tree := craftedTree(t, openCrafted(t, w))
			requireMemory(t, 60<<20, func() {
				requireBig(t, tree, "0", usize, func(p []byte, _ int64) { clear(p) })
			})
		})
	}
}

// A solid resource above 4 GiB, and blobs anywhere in it.
func TestBigSolidResource(t *testing.T) {
	const chunkSize, chunks = 2 << 20, 1 << 19 // 1 TiB
	w := wimtest.NewWIM()
	w.Header.Version = wimtest.VersionSolid
	body := w.Body()
	start := body.Size()
	header := wimtest.Solid{USize: chunks * chunkSize, ChunkSize: chunkSize, Codec: wimtest.CodecLZX}
	body.Append(header.Bytes())
	body.AppendTable(chunks, 4, func(int64) uint64 { return chunkSize })
	body.AppendFunc(chunks*chunkSize, bigContent)
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: uint64(body.Size() - start), Flags: wimtest.ResourceSolid, Offset: uint64(start), USize: wimtest.SolidMarker}, Part: 1, References: 1})
	var hashes [][20]byte
	blobs := []struct{ offset, size int64 }{
		{0, 10}, {1<<32 - 5, 1 << 32}, {1 << 32, 1<<32 - 1}, {chunks*chunkSize - 5<<30, 5 << 30}, {chunks*chunkSize - 1, 1}, {0, chunks * chunkSize},
	}
	for i, b := range blobs {
		hash := [20]byte{0xB1, byte(i)}
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
			Size: uint64(b.size), Flags: wimtest.ResourceSolid, Offset: uint64(b.offset)}, Part: 1, References: 1, SHA1: hash})
		hashes = append(hashes, hash)
	}
	r := openCrafted(t, withImage(w, hashes...), WithLimits(Limits{ChunkCache: 4 << 20}))
	tree := craftedTree(t, r)
	for i, b := range blobs {
		if b.size < 1<<32-1 {
			content, err := tree.OpenStream(fmt.Sprint(i), "")
			require.NoError(t, err)
			got, want := make([]byte, b.size), make([]byte, b.size)
			_, err = content.ReadAt(got, 0)
			require.NoError(t, err)
			bigContent(want, b.offset)
			require.Equal(t, want, got)
			continue
		}
		requireBig(t, tree, fmt.Sprint(i), b.size, func(p []byte, offset int64) { bigContent(p, b.offset+offset) })
	}
}

// Offsets and sizes at the edge of what 63 bits hold are compared, not added.
func TestBigNumbers(t *testing.T) {
	const size = 1<<56 - 1 // the greatest that a resource can have
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
	w.Body().Skip(math.MaxInt64 - size - 10_000)
	start := w.Body().Size()
	w.Body().AppendFunc(size, bigContent)
	raw := addBig(w, start, 0, size)
	chunked := addBig(w, start, wimtest.ResourceCompressed, 1<<62)
	withImage(w, raw, chunked)
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	requireBig(t, tree, "0", size, bigContent)
	file, err := tree.OpenStream("1", "")
	require.NoError(t, err)
	for _, at := range []int64{0, 1 << 40, 1<<62 - 1} {
		_, err = file.ReadAt(make([]byte, 10), at)
		requireClear(t, err, ErrFormat)
	}
	_, err = file.Seek(math.MaxInt64, io.SeekStart)
	require.NoError(t, err)
	_, err = file.Seek(1, io.SeekCurrent)
	require.Error(t, err, "wraps around")
}

// The streams of an LZMS chunk are read towards each other. Bytes that are too
// many or too few between them are not looked for: what comes out has the right
// SHA-1, or it is an error. (7-Zip wants a final state; wimlib does not look.)
func TestLZMSChunkWithOtherMiddle(t *testing.T) {
	// WIM format sheet, appendix B.4.
	chunk, err := hex.DecodeString("3e064ea4d6c8fa0f2ce1000010779fba4dd339254e7953da9435254d3953ca943196484e" +
		"a18c4d2cac0a65687420666f203020776f72")
	require.NoError(t, err)
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "row %d of the table\n", i)
	}
	require.Equal(t, 230, text.Len())
	read := func(chunk []byte) bool {
		w := wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 32768)
		withImage(w, w.AddStored(chunk, []byte(text.String()), wimtest.ResourceCompressed))
		tree := craftedTree(t, openCrafted(t, w))
		data, err := tree.ReadFile("0")
		if err == nil {
			require.Equal(t, text.String(), string(data))
			return true
		}
		if !strings.Contains(err.Error(), ErrChecksum.Error()) {
			requireClear(t, err, ErrFormat)
		}
		return false
	}
	require.True(t, read(chunk))
	longer, shorter := 0, 0
	for at := 0; at <= len(chunk); at += 2 {
		if read(slices.Insert(slices.Clone(chunk), at, 0xAA, 0x55)) {
			longer++
		}
		if at < len(chunk) && read(slices.Delete(slices.Clone(chunk), at, at+2)) {
			shorter++
		}
	}
	require.Positive(t, longer, "a word where the streams meet is read by neither")
	require.LessOrEqual(t, shorter, 1, "except for the word that ends the range coder's stream, each counts")
}
