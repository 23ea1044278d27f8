package wim_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"hash"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// blobHash is a sink that hashes.
type blobHash struct {
	hash.Hash
	finish func(sum [20]byte, err error)
}

func (h blobHash) Finish(err error) error {
	h.finish([20]byte(h.Sum(nil)), err)
	return nil
}

// Each blob comes once and is what its SHA-1 says, and all content of the
// images is among them.
func TestReadBlobs(t *testing.T) {
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		r := openFixture(t, image.File)
		sizes := map[wim.SHA1]int64{}
		for b := range r.Blobs() {
			require.NotContains(t, sizes, b.SHA1)
			sizes[b.SHA1] = b.Size
		}
		var mu sync.Mutex
		seen := map[wim.SHA1]bool{}
		err := r.ReadBlobs(t.Context(), nil, func(b wim.Blob) (wim.BlobSink, error) {
			return blobHash{sha1.New(), func(sum [20]byte, err error) {
				mu.Lock()
				defer mu.Unlock()
				require.NoError(t, err)
				require.Equal(t, b.SHA1, wim.SHA1(sum))
				require.Equal(t, sizes[b.SHA1], b.Size)
				require.False(t, seen[b.SHA1])
				seen[b.SHA1] = true
			}}, nil
		})
		require.NoError(t, err)
		require.Len(t, seen, len(sizes))
		for _, w := range walk(t, tree) {
			for _, s := range w.entry.Streams {
				if hash := wim.SHA1(s.SHA1); !hash.IsZero() && wimtest.FixtureReference(image.File) == "" {
					require.True(t, seen[hash], w.path)
				}
			}
		}
	})
}

// A part of the blobs, a damaged one among them, and what ends it.
func TestReadBlobsSome(t *testing.T) {
	w := wimtest.NewWIM()
	good, bad := w.AddBlob([]byte("good")), w.AddBlob([]byte("bad!"))
	w.AddBlob([]byte("other"))
	data := bytes.Replace(w.Bytes(), []byte("bad!"), []byte("worse")[:4], 1)
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	results := map[wim.SHA1]error{}
	pick := func(b wim.Blob) bool { return b.Size == 4 }
	open := func(b wim.Blob) (wim.BlobSink, error) {
		return blobHash{sha1.New(), func(_ [20]byte, err error) { results[b.SHA1] = err }}, nil
	}
	require.NoError(t, r.ReadBlobs(t.Context(), pick, open, wim.WithWorkers(1)))
	require.Len(t, results, 2)
	require.NoError(t, results[good])
	require.ErrorIs(t, results[bad], wim.ErrChecksum)

	refuse := errors.New("refuse")
	require.ErrorIs(t, r.ReadBlobs(t.Context(), nil, func(wim.Blob) (wim.BlobSink, error) { return nil, refuse }), refuse)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, r.ReadBlobs(ctx, nil, open), context.Canceled)
}
