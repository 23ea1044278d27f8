package wim

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// memoryOutput is a file in memory.
type memoryOutput struct{ data []byte }

func (m *memoryOutput) WriteAt(p []byte, at int64) (int, error) {
	if end := at + int64(len(p)); end > int64(len(m.data)) {
		m.data = append(m.data, make([]byte, end-int64(len(m.data)))...)
	}
	return copy(m.data[at:], p), nil
}

// FuzzTarRead makes images of arbitrary tars. What is written is an image that
// is read without a complaint, of which a tar can be made.
func FuzzTarRead(f *testing.F) {
	for _, headers := range [][]tar.Header{
		{{Name: "./", Typeflag: tar.TypeDir}, {Name: "a/b", Typeflag: tar.TypeReg, Size: 3}, {Name: "c", Typeflag: tar.TypeLink, Linkname: "a/b"}},
		{{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../x"}, {Name: "l", Typeflag: tar.TypeFifo}},
		{{Name: "x", Typeflag: tar.TypeReg, Size: 3, PAXRecords: map[string]string{
			recordAttributes: "33", recordStream + "a%u003Db": "AAAA", recordShortName: "X~1", recordCreationTime: "-0.25",
			recordReparse: "IwEAAAoAAAAAESIzRFVmd4iZqrvM3e7/b3duZXIgZGF0YQ==",
		}}},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			h.Format = tar.FormatPAX
			require.NoError(f, w.WriteHeader(&h))
			_, err := w.Write([]byte("abc")[:h.Size])
			require.NoError(f, err)
		}
		require.NoError(f, w.Close())
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 || bytes.HasPrefix(data, []byte{0x1F, 0x8B}) || bytes.HasPrefix(data, []byte{0x28, 0xB5}) {
			return // the decompressors have targets of their own
		}
		in := tar.NewReader(bytes.NewReader(data))
		for { // a sparse file may say that it has more zeros than anybody waits for
			h, err := in.Next()
			if err != nil {
				break
			}
			if h.Size > 1<<20 {
				return
			}
		}
		w, err := NewWriter(WithCompression(CompressionNone))
		require.NoError(t, err)
		image, err := w.CaptureTar(bytes.NewReader(data), WithSkipUnreadable(), WithUnixData())
		require.NoError(t, err)
		require.NoError(t, image.Set("NAME", "x"))
		var out memoryOutput
		if _, err := w.Write(t.Context(), &out, WithWorkers(1)); err != nil {
			return
		}
		r, err := NewReader(bytes.NewReader(out.data), int64(len(out.data)))
		require.NoError(t, err)
		_, err = r.Verify(t.Context())
		require.NoError(t, err)
		tree, err := r.Images[0].FS()
		require.NoError(t, err)
		require.Empty(t, tree.Warnings())
		_, err = r.Images[0].WriteTar(t.Context(), io.Discard)
		require.NoError(t, err)
	})
}
