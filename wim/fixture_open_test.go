package wim_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// countingReader remembers what was read.
type countingReader struct {
	*bytes.Reader

	mu    sync.Mutex
	reads []byteRange
}

// byteRange is a range of bytes.
type byteRange struct{ start, end int64 }

func (c *countingReader) ReadAt(p []byte, offset int64) (int, error) {
	c.mu.Lock()
	c.reads = append(c.reads, byteRange{offset, offset + int64(len(p))})
	c.mu.Unlock()
	return c.Reader.ReadAt(p, offset)
}

// take returns the reads since the last take.
func (c *countingReader) take() []byteRange {
	c.mu.Lock()
	defer c.mu.Unlock()
	reads := c.reads
	c.reads = nil
	return reads
}

func openCounting(t *testing.T, file string) (*countingReader, *wim.Reader) {
	t.Helper()
	data := wimtest.FixtureBytes(t, file)
	source := &countingReader{Reader: bytes.NewReader(data)}
	r, err := wim.NewReader(source, int64(len(data)))
	require.NoError(t, err)
	return source, r
}

// requireWithin checks that all reads lie in the ranges.
func requireWithin(t *testing.T, reads []byteRange, ranges map[string]byteRange) {
	t.Helper()
	for _, read := range reads {
		in := ""
		for name, r := range ranges {
			if read.start >= r.start && read.end <= r.end {
				in = name
			}
		}
		require.NotEmpty(t, in, "%v is in none of %v", read, ranges)
	}
}

// Opening reads the header, the blob table and the XML, where wimlib says that
// they are, and nothing else.
func TestOpeningReadsLittle(t *testing.T) {
	for _, file := range wimtest.FixtureFiles(t) {
		t.Run(file, func(t *testing.T) {
			source, r := openCounting(t, file)
			header := fixtureInfo(t, file).Header
			at := func(what, sizeKey string) byteRange {
				offset, err := strconv.ParseInt(header[what+" Offset"], 10, 64)
				require.NoError(t, err)
				size, err := strconv.ParseInt(header[what+" "+sizeKey], 10, 64)
				require.NoError(t, err)
				return byteRange{offset, offset + size}
			}
			reads := source.take()
			require.NotEmpty(t, reads)
			require.LessOrEqual(t, len(reads), 4)
			requireWithin(t, reads, map[string]byteRange{
				"header": {0, 208}, "final header": {source.Size() - 208, source.Size()},
				"blob table": at("Blob Table", "Size"), "XML": at("XML Data", "Size"),
			})
			// What the header and the XML tell costs no more.
			for _, image := range r.Images {
				_ = image.Info
			}
			_, _, _ = r.XML(), r.Solid(), r.HasIntegrityTable()
			require.Empty(t, source.take())
		})
	}
}

// FS reads one image's metadata, walking the tree nothing, and a file its own
// blob.
func TestNothingIsReadBeforeItIsAskedFor(t *testing.T) {
	for _, file := range []string{"multi.wim", "install.wim", "install.esd", "pipable-none.wim", "solid-three.esd", "holes.wim"} {
		t.Run(file, func(t *testing.T) {
			source, r := openCounting(t, file)
			source.take()
			var metadata []byteRange
			blobs, solid := map[string]byteRange{}, map[string]byteRange{}
			for _, b := range fixtureInfo(t, file).Blobs {
				where := byteRange{b.Offset, b.Offset + b.Stored}
				if b.IsMetadata() {
					metadata = append(metadata, where)
				}
				blobs[b.SHA1] = where
				if b.SolidResource != "" {
					solid[b.SolidResource] = where
				}
			}
			require.Len(t, metadata, len(r.Images))
			for _, image := range r.Images {
				tree, err := image.FS()
				require.NoError(t, err)
				reads := source.take()
				require.NotEmpty(t, reads)
				requireWithin(t, reads, map[string]byteRange{"metadata": metadata[image.Index-1]})
				_, err = image.FS()
				require.NoError(t, err)
				require.Empty(t, source.take(), "the second call read again")

				list := walk(t, tree)
				require.Empty(t, source.take(), "the walk read")
				for _, w := range list {
					if !w.info.Mode().IsRegular() || w.info.Size() == 0 {
						continue
					}
					opened, err := tree.OpenStream(w.path, "")
					require.NoError(t, err)
					_, err = opened.Stat()
					require.NoError(t, err)
					require.Empty(t, source.take(), "opening %s read", w.path)
					_, err = io.Copy(io.Discard, opened)
					require.NoError(t, err)
					reads := source.take()
					where := map[string]byteRange{w.path: blobs[w.entry.Stream("").SHA1.String()]}
					if len(solid) > 0 {
						// The first file needs the headers of all solid
						// resources, and leaves chunks to the others.
						maps.Copy(where, solid)
					} else {
						require.NotEmpty(t, reads)
					}
					requireWithin(t, reads, where)
				}
			}
		})
	}
}

// A chunk is decoded once for readers that take turns on a solid resource, and
// a few bytes of a large file cost one chunk.
func TestRandomAccessReadsOneChunk(t *testing.T) {
	source, r := openCounting(t, "xpress-4k.wim")
	tree := imageFS(t, r, 1)
	file, err := tree.OpenStream("large/multiple-of-128k.bin", "")
	require.NoError(t, err)
	source.take()
	_, err = file.ReadAt(make([]byte, 10), 70000)
	require.NoError(t, err)
	var read int64
	for _, s := range source.take() {
		read += s.end - s.start
	}
	// The table of 31 chunk offsets of 4 bytes, and a compressed chunk.
	require.LessOrEqual(t, read, int64(31*4+4096))

	_, err = file.ReadAt(make([]byte, 10), 70010)
	require.NoError(t, err)
	require.Empty(t, source.take(), "the chunk was not kept")
}

func TestLimits(t *testing.T) {
	open := func(file string, l wim.Limits) (*wim.Reader, error) {
		data := wimtest.FixtureBytes(t, file)
		return wim.NewReader(bytes.NewReader(data), int64(len(data)), wim.WithLimits(l))
	}
	header := func(file, key string) int64 {
		n, err := strconv.ParseInt(fixtureInfo(t, file).Header[key], 10, 64)
		require.NoError(t, err)
		return n
	}

	t.Run("XML", func(t *testing.T) {
		size := header("install.wim", "XML Data Size")
		r, err := open("install.wim", wim.Limits{XML: size})
		require.NoError(t, err)
		require.Empty(t, r.Warnings())
		// Without its XML a file is still a file.
		r, err = open("install.wim", wim.Limits{XML: size - 1})
		require.NoError(t, err)
		require.Len(t, r.Warnings(), 1)
		require.ErrorIs(t, r.Warnings()[0], wim.ErrLimit)
		require.Len(t, r.Images, 3)
		require.Empty(t, r.Images[0].Info.Name)
		_, err = imageFS(t, r, 1).ReadFile("Windows/notepad.exe")
		require.NoError(t, err)
	})
	t.Run("blob table", func(t *testing.T) {
		size := header("install.wim", "Blob Table Size")
		_, err := open("install.wim", wim.Limits{BlobTable: size})
		require.NoError(t, err)
		_, err = open("install.wim", wim.Limits{BlobTable: size - 1})
		require.ErrorIs(t, err, wim.ErrLimit)
		require.EqualError(t, err, fmt.Sprintf("blob table: %d bytes, the limit is %d: wim: limit exceeded", size, size-1))
	})
	t.Run("metadata", func(t *testing.T) {
		var size int64
		for _, b := range fixtureInfo(t, "lzx-32k.wim").Blobs {
			if b.IsMetadata() {
				size = b.Size
			}
		}
		r, err := open("lzx-32k.wim", wim.Limits{Metadata: size})
		require.NoError(t, err)
		imageFS(t, r, 1)
		r, err = open("lzx-32k.wim", wim.Limits{Metadata: size - 1})
		require.NoError(t, err)
		_, err = r.Images[0].FS()
		require.ErrorIs(t, err, wim.ErrLimit)
	})
	t.Run("chunk size", func(t *testing.T) {
		r, err := open("solid-lzms.esd", wim.Limits{ChunkSize: 64<<20 - 1})
		require.NoError(t, err)
		tree := imageFS(t, r, 1) // the metadata has chunks of 128 KiB
		info, err := tree.Stat("readme.txt")
		require.NoError(t, err)
		require.EqualValues(t, 52, info.Size())
		_, err = tree.ReadFile("readme.txt")
		require.ErrorIs(t, err, wim.ErrLimit)
		require.ErrorContains(t, err, "chunks of 67108864 bytes")
		r, err = open("solid-lzms.esd", wim.Limits{ChunkSize: 64 << 20})
		require.NoError(t, err)
		_, err = imageFS(t, r, 1).ReadFile("readme.txt")
		require.NoError(t, err)
	})
	t.Run("chunk cache", func(t *testing.T) {
		for _, budget := range []int64{1, 1 << 10, 40 << 10, 1 << 30} {
			for _, fixture := range []string{"solid-lzx-32k.esd", "solid-lzms.esd", "lzx-32k.wim"} {
				r, err := open(fixture, wim.Limits{ChunkCache: budget})
				require.NoError(t, err)
				tree := imageFS(t, r, 1)
				data, err := tree.ReadFile("large/multiple-of-128k.bin")
				require.NoError(t, err)
				require.True(t, bytes.Equal(counters(131072), data))
				file, err := tree.OpenStream("large/multiple-of-128k.bin", "")
				require.NoError(t, err)
				buf := make([]byte, 3)
				for _, at := range []int64{100000, 5, 40000, 99999} {
					_, err = file.ReadAt(buf, at)
					require.NoError(t, err)
					require.Equal(t, counters(131072)[at:at+3], buf)
				}
			}
		}
	})
}
