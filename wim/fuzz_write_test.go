package wim_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// FuzzExport reads any bytes as a file, writes its images with any codec, and
// reads them again: they are the same.
func FuzzExport(f *testing.F) {
	for _, name := range wimtest.FixtureFiles(f) {
		if data := wimtest.FixtureBytes(f, name); len(data) < 30<<10 {
			f.Add(data, byte(1), false)
		}
	}
	hello := wimtest.NewWIM()
	sum := hello.AddBlob([]byte("hello"))
	hello.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("a", sum), wimtest.RegularFile("b", sum))})
	f.Add(hello.Bytes(), byte(2), true)
	codecs := []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX}
	limits := wim.Limits{XML: 1 << 18, BlobTable: 1 << 18, Metadata: 1 << 18, ChunkSize: 1 << 21, ChunkCache: 1 << 21}
	f.Fuzz(func(t *testing.T, data []byte, codec byte, unchecked bool) {
		r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)), wim.WithLimits(limits))
		if err != nil {
			return
		}
		total := int64(0)
		for blob := range r.Blobs() {
			if total += blob.Size; total > 4<<20 {
				return
			}
		}
		opts := []wim.WriterOption{wim.WithCompression(codecs[int(codec)%3]), wim.WithLevel(5)}
		if unchecked {
			opts = append(opts, wim.WithoutVerification())
		}
		w := newWriter(t, opts...)
		if len(r.Images) > 20 || w.Export(r.Images...) != nil {
			return
		}
		dst := &memoryFile{room: 1 << 25}
		if _, err := w.Write(t.Context(), dst, wim.WithWorkers(2)); err != nil {
			require.False(t, errors.Is(err, errDiskFull), "a bounded source gave a large file")
			return
		}
		written, err := wim.NewReader(bytes.NewReader(dst.data), int64(len(dst.data)))
		require.NoError(t, err)
		require.Len(t, written.Images, len(r.Images))
		if !unchecked {
			require.Equal(t, contentsOf(t, r), contentsOf(t, written))
		}
	})
}
