package wim_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// sameForm are the options with which a file can be copied as it is, and what
// makes its bytes the same each time.
func sameForm(r *wim.Reader, more ...wim.WriterOption) []wim.WriterOption {
	options := []wim.WriterOption{
		wim.WithCompression(r.Header.Compression), wim.WithChunkSize(r.Header.ChunkSize),
		wim.WithGUID(wim.GUID{1, 2, 3}), wim.WithTime(time.Unix(1e9, 0)),
	}
	return append(options, more...)
}

// requireSameBytes reads a virtual file in several ways.
func requireSameBytes(t *testing.T, want []byte, v *wim.VirtualFile) {
	t.Helper()
	require.EqualValues(t, len(want), v.Size())
	got, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
	random := rand.New(rand.NewPCG(1, uint64(len(want))))
	for range 50 {
		from := random.IntN(len(want))
		size := random.IntN(len(want) - from + 1)
		if random.IntN(2) == 0 {
			size = min(size, 100)
		}
		buf := make([]byte, size)
		n, err := v.ReadAt(buf, int64(from))
		require.NoError(t, err)
		require.Equal(t, size, n)
		require.True(t, bytes.Equal(want[from:from+size], buf), "%d bytes at %d", size, from)
	}
	if len(want) < 10_000 {
		require.NoError(t, iotest.TestReader(io.NewSectionReader(v, 0, v.Size()), want))
	}
	buf := make([]byte, 10)
	n, err := v.ReadAt(buf, int64(len(want)-3))
	require.Equal(t, 3, n)
	require.Equal(t, io.EOF, err)
	n, err = v.ReadAt(buf, int64(len(want)))
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
	_, err = v.ReadAt(buf, -1)
	require.ErrorIs(t, err, os.ErrInvalid)
}

// someFixtures are all fixtures, or in short mode one of each kind.
func someFixtures(t *testing.T) []string {
	if testing.Short() {
		return []string{"install.wim", "install.esd", "split.swm", "solid-three.esd", "solid-lzx-32k.esd", "pipable-xpress-4k.wim", "none.wim"}
	}
	return wimtest.FixtureFiles(t)
}

// A virtual file has the bytes that WriteFile writes, for all fixtures: each
// image, and all of them. What is refused is what WriteFile has to compress.
func TestVirtual(t *testing.T) {
	made, refused := 0, 0
	for _, file := range someFixtures(t) {
		r := openFixture(t, file)
		sets := [][]*wim.Image{r.Images}
		for _, image := range r.Images {
			sets = append(sets, []*wim.Image{image})
		}
		for _, images := range sets {
			if len(images) == 0 {
				continue
			}
			for _, integrity := range []bool{false, true} {
				options := sameForm(r, wim.WithIntegrityTable(integrity))
				if r.Header.Compression == wim.CompressionLZMS {
					options = sameForm(r, wim.WithCompression(wim.CompressionLZX), wim.WithChunkSize(32<<10))
				}
				w, err := wim.NewWriter(options...)
				require.NoError(t, err)
				require.NoError(t, w.Export(images...))
				w.SetBoot(w.Images()[0])
				name := filepath.Join(t.TempDir(), "file.wim")
				report, err := w.WriteFile(t.Context(), name)
				require.NoError(t, err, file)
				v, err := w.Virtual(t.Context())
				if report.Packed > 0 {
					require.ErrorIs(t, err, wim.ErrUnsupported, file)
					require.NotContains(t, err.Error(), "\n")
					refused++
					continue
				}
				require.NoError(t, err, file)
				written, err := os.ReadFile(name)
				require.NoError(t, err)
				requireSameBytes(t, written, v)
				requireInvariants(t, written, false)
				made++
			}
		}
	}
	require.Greater(t, made, 10)
	require.Greater(t, refused, 2)
}

// The parts of a virtual set have the bytes that Split writes.
func TestVirtualSplit(t *testing.T) {
	sets, parts := 0, 0
	some := someFixtures(t)
	for _, file := range some {
		r := openFixture(t, file)
		size := r.Size()
		for _, limit := range []int64{size / 4, size / 2, size - size/10, 2 * size} {
			options := []wim.SplitOption{wim.WithGUID(wim.GUID{9}), wim.WithIntegrityTable(limit%2 == 0)}
			name := filepath.Join(t.TempDir(), "set.swm")
			report, err := r.Split(t.Context(), name, limit, options...)
			files, virtualErr := r.VirtualSplit(t.Context(), limit, options...)
			if err != nil {
				require.EqualError(t, virtualErr, err.Error(), file)
				continue
			}
			require.NoError(t, virtualErr, "%s in parts of %d", file, limit)
			require.Len(t, files, report.Parts)
			sets++
			for i, v := range files {
				written, err := os.ReadFile(partName(name, i+1))
				require.NoError(t, err)
				requireSameBytes(t, written, v)
				parts++
			}
		}
	}
	require.Greater(t, sets, len(some))
	require.Greater(t, parts, sets+5)
}

// To make a virtual file reads metadata and no contents, and a range of it
// costs what it has.
func TestVirtualReads(t *testing.T) {
	data := wimtest.FixtureBytes(t, "lzx-32k.wim")
	source := &wimtest.CountingReader{ReaderAt: bytes.NewReader(data)}
	r, err := wim.NewReader(source, int64(len(data)))
	require.NoError(t, err)
	_, err = r.Images[0].FS()
	require.NoError(t, err)
	w, err := wim.NewWriter(sameForm(r)...)
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images[0]))
	before := source.Bytes.Load()
	v, err := w.Virtual(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, source.Bytes.Load(), "the tree was in memory")
	for _, size := range []int{1, 100, 5000} {
		for from := 0; from+size < int(v.Size()); from += 777 {
			bytes, calls := source.Bytes.Load(), source.Calls.Load()
			_, err := v.ReadAt(make([]byte, size), int64(from))
			require.NoError(t, err)
			require.LessOrEqual(t, source.Bytes.Load()-bytes, int64(size))
			require.LessOrEqual(t, source.Calls.Load()-calls, int64(1+size/100))
		}
	}
}

// The Writer goes on without the file; many read from it at once.
func TestVirtualIsDone(t *testing.T) {
	r := openFixture(t, "install.wim")
	w, err := wim.NewWriter(sameForm(r)...)
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images...))
	v, err := w.Virtual(t.Context())
	require.NoError(t, err)
	first, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	require.NoError(t, err)

	w.Delete(w.Images()[0])
	require.NoError(t, w.Images()[0].Set("NAME", "another name"))
	second, err := w.Virtual(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, v.Size(), second.Size())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			again, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
			require.NoError(t, err)
			require.True(t, bytes.Equal(first, again))
		})
	}
	group.Wait()
}

// A source that ends early is no end of the virtual file.
func TestVirtualLostSource(t *testing.T) {
	data := wimtest.FixtureBytes(t, "none.wim")
	source := &shrinkingReader{Reader: bytes.NewReader(data)}
	r, err := wim.NewReader(source, int64(len(data)))
	require.NoError(t, err)
	w, err := wim.NewWriter(sameForm(r)...)
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images...))
	v, err := w.Virtual(t.Context())
	require.NoError(t, err)
	source.Reader = bytes.NewReader(data[:1000])
	_, err = io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "part 1: reading ")
}

type shrinkingReader struct{ *bytes.Reader }

// What would have to be compressed is named.
func TestVirtualRefused(t *testing.T) {
	for _, c := range []struct{ file, message string }{
		{"none.wim", " other contents: would have to be compressed anew, "},
		{"solid-lzx-32k.esd", " other contents: would have to be compressed anew, "},
	} {
		r := openFixture(t, c.file)
		w, err := wim.NewWriter()
		require.NoError(t, err)
		require.NoError(t, w.Export(r.Images...))
		_, err = w.Virtual(t.Context())
		require.ErrorIs(t, err, wim.ErrUnsupported)
		require.ErrorContains(t, err, c.message)
	}
	w, err := wim.NewWriter()
	require.NoError(t, err)
	_, err = w.Virtual(t.Context())
	require.ErrorIs(t, err, wim.ErrOption)
}

// What a web server makes of a virtual file is a file for wimlib.
func TestVirtualServed(t *testing.T) {
	needsWimlib(t)
	r := openFixture(t, "multi.wim")
	w, err := wim.NewWriter(sameForm(r, wim.WithIntegrityTable(true))...)
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images[:2]...))
	v, err := w.Virtual(t.Context())
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		http.ServeContent(response, request, "install.wim", time.Unix(1e9, 0), io.NewSectionReader(v, 0, v.Size()))
	}))
	defer server.Close()
	name := filepath.Join(t.TempDir(), "served.wim")
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, v.Size(), response.ContentLength)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, data, 0o600))
	mustWimlib(t, "verify", name)
	require.Contains(t, string(mustWimlib(t, "info", name)), "Image Count:    2")

	remote, err := httpat.Open(t.Context(), server.URL) // which reads ranges
	require.NoError(t, err)
	defer remote.Close()
	served, err := wim.NewReader(remote, remote.Size())
	require.NoError(t, err)
	report, err := served.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK())
}
