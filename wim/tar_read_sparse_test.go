package wim_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// sparseTar is a tar with one file of size bytes, of which it has the last 512,
// in the form that GNU tar calls "oldgnu": up to four pieces in the header,
// then the size that the file really has.
func sparseTar(t *testing.T, name string, size int64, data []byte) []byte {
	t.Helper()
	require.Len(t, data, 512)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 512, Format: tar.FormatGNU}))
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	header := b.Bytes()[:512]
	header[156] = 'S'
	number := func(at int, n int64) {
		copy(header[at:at+12], make([]byte, 12))
		if n < 1<<33 {
			copy(header[at:], fmt.Sprintf("%011o", n))
			return
		}
		header[at] = 0x80
		for i := range 8 {
			header[at+11-i] = byte(n >> (8 * i))
		}
	}
	number(386, size-512)
	number(398, 512)
	number(483, size)
	copy(header[148:156], "        ")
	sum := 0
	for _, c := range header {
		sum += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b.Bytes()
}

// TestTarSparse has a sparse file of a size that a person may have.
func TestTarSparse(t *testing.T) {
	const size = 4 << 20
	data := bytes.Repeat([]byte("the end "), 64)
	r, _, _ := captureTar(t, bytes.NewReader(sparseTar(t, "disk.img", size, data)))
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	got, err := tree.ReadFile("disk.img")
	require.NoError(t, err)
	require.True(t, bytes.Equal(append(make([]byte, size-512), data...), got))
}

// TestTarHoles has tars of 2 KB with files of up to 8 EiB. None of them makes a
// file, however it is left out; what is written before that is seen is bounded.
func TestTarHoles(t *testing.T) {
	data := make([]byte, 512)
	for _, size := range []int64{1 << 30, 1 << 40, 1<<63 - 512} {
		in := sparseTar(t, "huge", size, data)
		for _, opts := range [][]wim.CaptureOption{nil, {wim.WithSkipUnreadable()}} {
			w := newWriter(t, wim.WithCompression(wim.CompressionNone))
			_, err := w.CaptureTar(bytes.NewReader(in), opts...)
			require.NoError(t, err)
			dst := new(countingWriterAt)
			_, err = w.Write(t.Context(), dst)
			require.ErrorIs(t, err, wim.ErrLimit)
			require.ErrorContains(t, err, "capture huge: more than ")
			require.LessOrEqual(t, dst.end, int64(100<<20))
		}
		list, err := wim.ParseExclusions([]byte("[ExclusionList]\nhuge\n"))
		require.NoError(t, err)
		_, report, _ := captureTar(t, bytes.NewReader(in), wim.WithExclusions(list))
		require.Equal(t, 1, report.Excluded)
	}
}

// countingWriterAt forgets what is written, but for where it ends.
type countingWriterAt struct{ end int64 }

func (c *countingWriterAt) WriteAt(p []byte, at int64) (int, error) {
	c.end = max(c.end, at+int64(len(p)))
	return len(p), nil
}

// TestNoTar has files that are no tars, and ones that are cut off. The error
// names the file.
func TestNoTar(t *testing.T) {
	whole := makeTar(t, file("a"), file("b")).Bytes()
	damaged := bytes.Clone(whole)
	damaged[1024+10] ^= 1 // of the second header
	for text, data := range map[string][]byte{
		"it is no tar, nor one that gzip or zstd has compressed: ": bytes.Repeat([]byte("text"), 1000),
		"it is no tar, nor one":          gzipped(t, bytes.Repeat([]byte("text"), 1000)),
		"gzip: invalid header":           {0x1F, 0x8B, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9},
		"without a mark of its end":      {},
		"tar, after 513 bytes: ":         damaged,
		"the tar ends after 1024 bytes ": whole[:1024],
	} {
		name := filepath.Join(t.TempDir(), "source")
		require.NoError(t, os.WriteFile(name, data, 0o666))
		source, err := os.Open(name)
		require.NoError(t, err)
		w := newWriter(t)
		_, err = w.CaptureTar(source)
		require.NoError(t, err)
		_, err = w.Write(t.Context(), &memoryFile{room: 1 << 20})
		require.ErrorContains(t, err, name+": ")
		require.ErrorContains(t, err, text)
		require.NoError(t, source.Close())
	}
}
