package wim

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Contents that come only once, together with their tree, are written as they
// come: those that came before are dropped, also when they were large, and
// noise is kept though it does not get smaller.
func TestLateDraft(t *testing.T) {
	noise := make([]byte, smallSource+70_000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	zeros := make([]byte, smallSource+1)
	contents := map[string][]byte{"a": []byte("hello"), "b": noise, "c": []byte("hello"), "d": noise, "e": zeros, "f": zeros, "g": {}, "h": []byte("end")}
	for _, codec := range []Compression{CompressionNone, CompressionXPRESS, CompressionLZX} {
		w, err := NewWriter(WithCompression(codec), WithLevel(5))
		require.NoError(t, err)
		image := &WriterImage{element: newImageElement(w.options.now)}
		image.late = func(_ context.Context, put putContent) (*draft, error) {
			d := new(draft)
			if d.root, err = d.newNode(&Entry{Attributes: AttributeDirectory}, nil); err != nil {
				return nil, err
			}
			for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				b, err := put(name, int64(len(contents[name])), bytes.NewReader(contents[name]))
				if err != nil {
					return nil, err
				}
				e := &Entry{Name: name, Attributes: AttributeNormal, Streams: []Stream{{}}}
				n, err := d.newNode(e, func(contentName) (*newBlob, error) { return b, nil })
				if err != nil {
					return nil, err
				}
				n.Dentry.Name, _ = e.storedName()
				d.root.children = append(d.root.children, n)
			}
			return d, nil
		}
		w.images = append(w.images, image)
		name := filepath.Join(t.TempDir(), "late.wim")
		report, err := w.WriteFile(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, 4, report.Blobs)
		require.Equal(t, 4, report.Packed)

		data, err := os.ReadFile(name)
		require.NoError(t, err)
		verifyWhole(t, data)
		require.Less(t, len(data), 2*smallSource+3*70_000, "noise and zeros are there once")
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		require.EqualValues(t, 8, r.Images[0].Info.FileCount)
		tree, err := r.Images[0].FS()
		require.NoError(t, err)
		for name, want := range contents {
			got, err := tree.ReadFile(name)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), name)
		}

		// A content that is not as long as it was said to be is an error.
		for _, size := range []int64{4, 6} {
			image.draft = nil
			image.late = func(_ context.Context, put putContent) (*draft, error) {
				_, err := put("x", size, bytes.NewReader([]byte("hello")))
				return nil, err
			}
			_, err = w.WriteFile(t.Context(), name)
			require.ErrorIs(t, err, ErrChanged)
		}
	}
}
