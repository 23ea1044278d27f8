package wim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/winver"
)

// zeroChunk is what wimtest.ZerosLZMS1M decodes to.
const zeroChunk = 1 << 20

// addZeroChunks adds a solid resource of so many chunks of zeros.
func addZeroChunks(w *wimtest.WIM, chunks int) (entry int) {
	solid := wimtest.Solid{USize: uint64(chunks * zeroChunk), ChunkSize: zeroChunk, Codec: wimtest.CodecLZMS}
	for range chunks {
		solid.Chunks = append(solid.Chunks, wimtest.ZerosLZMS1M)
	}
	return w.AddSolid(solid)
}

// requireDecoded runs each operation on a file that was just opened and bounds
// the chunks that it decodes, each of which has 1 MiB.
func requireDecoded(t *testing.T, w *wimtest.WIM, files, most int) {
	for name, work := range map[string]func(*testing.T, *Reader){
		"verify": func(t *testing.T, r *Reader) {
			require.Empty(t, verifyCrafted(t, r).Problems)
		},
		"extract": func(t *testing.T, r *Reader) {
			report, err := r.Images[0].Extract(t.Context(), t.TempDir())
			require.NoError(t, err)
			require.Equal(t, files, report.Files+report.Links)
		},
		"tar": func(t *testing.T, r *Reader) {
			report, err := r.Images[0].WriteTar(t.Context(), io.Discard)
			require.NoError(t, err)
			require.Empty(t, report.Problems)
		},
		"list": func(t *testing.T, r *Reader) {
			found := 0
			tree := craftedTree(t, r)
			require.NoError(t, fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
				require.NoError(t, err)
				if entry.IsDir() {
					return nil
				}
				found++
				if entry.Type()&fs.ModeSymlink != 0 {
					_, err = tree.ReadLink(path)
				}
				return err
			}))
			require.Equal(t, files, found)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := openCrafted(t, w, WithLimits(Limits{ChunkCache: 4 * zeroChunk}))
			work(t, r)
			require.LessOrEqual(t, r.decoders.decoded.Load(), int64(most*zeroChunk))
		})
	}
}

// Blobs that overlap in one chunk, each inside of the one before it.
func TestHostileDecodingNestedBlobs(t *testing.T) {
	const files = 200
	w := wimtest.NewWIM()
	addZeroChunks(w, 1)
	var hashes [][20]byte
	for i := range files {
		hashes = append(hashes, w.AddSolidBlob(make([]byte, 10_000-2*i), uint64(i)))
	}
	requireDecoded(t, withImage(w, hashes...), files, 2)
}

// Blobs that overlap and lie in two chunks each.
func TestHostileDecodingAcrossChunks(t *testing.T) {
	const files = 200
	w := wimtest.NewWIM()
	addZeroChunks(w, 2)
	var hashes [][20]byte
	for i := range files {
		hashes = append(hashes, w.AddSolidBlob(make([]byte, 10_000-2*i), uint64(zeroChunk-5_000+i)))
	}
	requireDecoded(t, withImage(w, hashes...), files, 4)
}

// A solid resource that is listed many times, with a blob in each copy, the
// last of which begins first.
func TestHostileDecodingRepeatedResource(t *testing.T) {
	const files = 200
	w := wimtest.NewWIM()
	first := addZeroChunks(w, 1)
	for range files - 1 {
		w.Add(w.Table[first])
	}
	var hashes [][20]byte
	for i := range files {
		hashes = append(hashes, w.AddSolidBlob(make([]byte, 1+i), uint64(i*zeroChunk+1000*(files-i))))
	}
	withImage(w, hashes...)
	r := openCrafted(t, w)
	require.NotEmpty(t, verifyCrafted(t, r).Problems, "the copies overlap")
	require.LessOrEqual(t, r.decoders.decoded.Load(), int64(2*zeroChunk))
	for _, work := range []func(r *Reader) error{
		func(r *Reader) error { _, err := r.Images[0].Extract(t.Context(), t.TempDir()); return err },
		func(r *Reader) error { _, err := r.Images[0].WriteTar(t.Context(), io.Discard); return err },
	} {
		r := openCrafted(t, w)
		require.NoError(t, work(r))
		require.LessOrEqual(t, r.decoders.decoded.Load(), int64(2*zeroChunk))
	}
}

// Links whose data lie in 8 chunks, in an order that has nothing to do with
// that of their paths.
func TestHostileDecodingLinks(t *testing.T) {
	const links, chunks = 120, 8
	w := wimtest.NewWIM()
	solid := wimtest.Solid{USize: chunks * zeroChunk, ChunkSize: zeroChunk, Codec: wimtest.CodecLZMS}
	var data [][]byte
	for range chunks { // of zeros that are stored, except for the data of links
		chunk := make([]byte, zeroChunk)
		solid.Chunks = append(solid.Chunks, chunk)
	}
	root := wimtest.Directory("")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range links {
		data = append(data, wimtest.SymlinkData(fmt.Sprintf("target-%d", i), true))
		chunk, at := i%chunks, i/chunks*1000
		copy(solid.Chunks[chunk][at:], data[i])
	}
	w.AddSolid(solid)
	for i := range links {
		sum := w.AddSolidBlob(data[i], uint64(i%chunks*zeroChunk+i/chunks*1000))
		root.Children = append(root.Children, wimtest.Symlink(fmt.Sprintf("%d-%d", random.IntN(1000), i), sum))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	for name, work := range map[string]func(r *Reader) error{
		"list": func(r *Reader) error {
			tree := craftedTree(t, r)
			return fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
				if path != "." {
					_, err = tree.ReadLink(path)
				}
				return err
			})
		},
		"extract": func(r *Reader) error { _, err := r.Images[0].Extract(t.Context(), t.TempDir()); return err },
		"tar":     func(r *Reader) error { _, err := r.Images[0].WriteTar(t.Context(), io.Discard); return err },
		"verify":  func(r *Reader) error { _, err := r.Verify(t.Context()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			source, size := w.Source()
			counter := &wimtest.CountingReader{ReaderAt: source}
			r, err := NewReader(counter, size, WithLimits(Limits{ChunkCache: 4 * zeroChunk}))
			require.NoError(t, err)
			require.NoError(t, work(r))
			// Chunks are stored raw, so what is read is what is decoded.
			require.LessOrEqual(t, counter.Bytes.Load(), int64((chunks+readAheadAfter+1)*zeroChunk))
		})
	}
}

// A SOFTWARE hive in 8 chunks whose list of values leads from one to the next on
// and on, with those that tell the version at its end.
func TestHostileDecodingHive(t *testing.T) {
	const chunks, padding = 8, 2000 // 2,000 pages of 4 KiB
	current := &regftest.Key{Name: "ROOT"}
	values := current.At(`Microsoft\Windows NT\CurrentVersion`)
	for i := range padding {
		values.Set(regftest.Binary(fmt.Sprintf("P%04d", i), make([]byte, 4000)))
	}
	values.Set(regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("CurrentMajorVersionNumber", 10),
		regftest.DWORD("CurrentMinorVersionNumber", 0), regftest.DWORD("UBR", 1139))
	hive := regftest.Build(current, regftest.Options{})
	require.Greater(t, len(hive), (chunks-1)*zeroChunk)
	require.LessOrEqual(t, len(hive), chunks*zeroChunk)

	// A key's name is 76 bytes into it, and the offset of its list of values 40.
	key := hive[bytes.Index(hive, []byte("CurrentVersion"))-76:]
	list := hive[4096+4+binary.LittleEndian.Uint32(key[40:]):][:4*padding]
	sorted := bytes.Clone(list)
	for i := range padding { // 0, 250, 500, ..., 1750, 1, 251, ...
		copy(list[4*i:], sorted[4*(i%chunks*(padding/chunks)+i/chunks):][:4])
	}

	w := wimtest.NewWIM()
	hive = append(hive, make([]byte, chunks*zeroChunk-len(hive))...)
	solid := wimtest.Solid{USize: chunks * zeroChunk, ChunkSize: zeroChunk, Codec: wimtest.CodecLZMS, Chunks: wimtest.Split(hive, zeroChunk)}
	w.AddSolid(solid)
	software := wimtest.RegularFile("SOFTWARE", w.AddSolidBlob(hive, 0))
	config := wimtest.Directory("config", software)
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.Directory("Windows", wimtest.Directory("System32", config)))})
	source, size := w.Source()
	counter := &wimtest.CountingReader{ReaderAt: source}
	r, err := NewReader(counter, size, WithLimits(Limits{ChunkCache: 4 * zeroChunk}))
	require.NoError(t, err)
	report, err := winver.Read(craftedTree(t, r))
	require.NoError(t, err)
	require.Equal(t, "10.0.18363.1139", report.Best().Version.String())
	// Chunks are stored raw, so what is read is what is decoded: 10 in pieces, and 8
	// of the whole. (It was 128 in pieces.)
	require.LessOrEqual(t, counter.Bytes.Load(), int64((3*chunks)*zeroChunk))
}
