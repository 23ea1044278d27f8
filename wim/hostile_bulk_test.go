package wim

import (
	"crypto/sha1"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Chunk offsets that jump to the far end of a large resource do not make bulk
// reading read all that is between them: the bytes that it reads at once are
// at most those that the chunks may have.
func TestHostileBulkWindow(t *testing.T) {
	const hole = 1 << 31 // the offsets have 32 bits
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	good := w.AddBlob([]byte("good"))
	// Chunk 0 is where it should be, chunk 1 has all of the hole, and chunks 2
	// to 63 are after it.
	content := make([]byte, 64*32768)
	content[0] = 1
	sum := sha1.Sum(content)
	body := w.Body()
	start := body.Size()
	body.AppendTable(63, 4, func(i int64) uint64 {
		if i == 0 {
			return 32768
		}
		return hole + uint64(i)*32768
	})
	body.Append(content[:32768])
	body.Skip(hole + 63*32768)
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: uint64(body.Size() - start), Flags: wimtest.ResourceCompressed, Offset: uint64(start), USize: uint64(len(content)),
	}, Part: 1, References: 1, SHA1: sum})
	withImage(w, good, sum)
	r := openCrafted(t, w)

	var report *VerifyReport
	requireMemory(t, 16<<20, func() { report = verifyCrafted(t, r) })
	require.Len(t, report.Problems, 1)
	requireClear(t, report.Problems[0].Err, ErrFormat)
	require.Equal(t, []string{"1:1"}, wimtest.Texts(report.Problems[0].Affected))
}

// A small resource that says it is stored in many bytes, which the file has,
// does not make bulk reading read those at once.
func TestHostileStoredSize(t *testing.T) {
	const hole = 3 << 30 // more than a slice can have on 32 bits
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	content := make([]byte, 2*32768)
	content[0] = 1
	sum := sha1.Sum(content)
	body := w.Body()
	start := body.Size()
	body.AppendTable(1, 4, func(int64) uint64 { return 32768 })
	body.Append(content)
	body.Skip(hole)
	w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
		Size: uint64(body.Size() - start), Flags: wimtest.ResourceCompressed, Offset: uint64(start), USize: uint64(len(content)),
	}, Part: 1, References: 1, SHA1: sum})
	r := openCrafted(t, withImage(w, sum))
	var report *VerifyReport
	requireMemory(t, 16<<20, func() { report = verifyCrafted(t, r) })
	require.Len(t, report.Problems, 1)
	requireClear(t, report.Problems[0].Err, ErrFormat)
}

// A solid resource that a run lists twice takes its place in the address space
// twice, so that blobs that follow each other in the run go back in the
// resource.
func TestHostileSolidResourceTwiceInRun(t *testing.T) {
	const size = 5 << 20 // several pieces
	data := counted(size)
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	i := w.AddSolid(wimtest.SolidOf(data, wimtest.CodecLZX, 32768))
	w.Add(w.Table[i])
	far := w.AddSolidBlob(data[4<<20:], 4<<20)
	near := w.AddSolidBlob(data[5:1000], size+5)
	withImage(w, far, near)
	r := openCrafted(t, w)
	for _, workers := range []int{1, 4} {
		report := verifyCrafted(t, r, WithWorkers(workers))
		require.Len(t, report.Problems, 1)
		require.ErrorContains(t, report.Problems[0].Err, "1 resources overlap others, the first at offset 208")
	}
	requireFile(t, craftedTree(t, r), "0", data[4<<20:])
	requireFile(t, craftedTree(t, r), "1", data[5:1000])
}

// Many blobs that lie in the same few bytes are read in bounded time and
// memory.
func TestHostileManyTinyBlobs(t *testing.T) {
	const count = 100_000
	w := wimtest.NewWIM()
	at := w.Place([]byte{'x'})
	for i := range uint32(count) {
		// Wrong hashes: each blob ends in an error, which is the dearest.
		w.Add(wimtest.TableEntry{
			ResourceHeader: wimtest.ResourceHeader{Size: 1, Offset: at, USize: 1}, Part: 1, References: 1,
			SHA1: [20]byte{1, byte(i), byte(i >> 8), byte(i >> 16)},
		})
	}
	inner, size := w.Source()
	source := &wimtest.CountingReader{ReaderAt: inner}
	r, err := NewReader(source, size)
	require.NoError(t, err)
	source.Bytes.Store(0)
	var report *VerifyReport
	// Each blob has a piece, a digest, an error and a problem of the report.
	requireMemory(t, 3000*count, func() { report = verifyCrafted(t, r) })
	require.LessOrEqual(t, source.Bytes.Load(), size, "many are read at once")
	require.Equal(t, count, report.Blobs)
	require.Equal(t, count+1, len(report.Problems)+report.MoreProblems)
	requireClear(t, report.Problems[0].Err, ErrFormat)
	require.ErrorContains(t, report.Problems[0].Err, "99999 resources overlap others")
	requireClear(t, report.Problems[1].Err, ErrChecksum)
}

// failingAt is a source with a hole that cannot be read.
type failingAt struct {
	io.ReaderAt
	from, to int64
}

var errBadSector = errors.New("bad sector")

func (f failingAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset < f.to && offset+int64(len(p)) > f.from {
		for i := range p {
			p[i] = 0xEE
		}
		return 0, errBadSector
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// A read that fails returns no bytes that were not read, and the error of the
// source.
func TestReadErrorReturnsNoGarbage(t *testing.T) {
	data := counted(100_000)
	for _, chunked := range []bool{false, true} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
		var sum [20]byte
		if chunked {
			sum = w.AddChunked(data)
		} else {
			sum = w.AddBlob(data)
		}
		withImage(w, sum)
		source, size := w.Source()
		r, err := NewReader(failingAt{source, 208 + 50_000, 208 + 50_001}, size)
		require.NoError(t, err)
		file, err := craftedTree(t, r).OpenStream("0", "")
		require.NoError(t, err)
		var got []byte
		buf := make([]byte, 10_000)
		for err == nil {
			var n int
			n, err = file.Read(buf)
			got = append(got, buf[:n]...)
		}
		require.ErrorIs(t, err, errBadSector)
		require.NotErrorIs(t, err, ErrFormat)
		require.LessOrEqual(t, len(got), 50_000)
		require.Equal(t, data[:len(got)], got)
		_, again := file.Read(buf)
		require.ErrorIs(t, again, errBadSector)

		report := verifyCrafted(t, r)
		require.Len(t, report.Problems, 1)
		require.ErrorIs(t, report.Problems[0].Err, errBadSector)
	}
}
