package wim

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// TestMetadataLevel writes at several levels: up to the default one the
// metadata is compressed quickly, and the contents are not.
func TestMetadataLevel(t *testing.T) {
	tree := fstest.MapFS{}
	for i := range 300 {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		tree[fmt.Sprintf("directory %d/a file with a long name %d.dll", i%7, i)] = &fstest.MapFile{Data: bytes.Repeat(fmt.Appendf(nil, "%x", sum), i%5+1)}
	}
	var text bytes.Buffer
	for i := range 4000 {
		fmt.Fprintf(&text, "line %d of %d, %x\n", i, i*i, i*7919)
	}
	tree["text"] = &fstest.MapFile{Data: text.Bytes()}
	stored := func(level int) (metadata, content []byte) {
		w, err := NewWriter(WithLevel(level), WithGUID(GUID{1}), WithTime(Filetime(133e15).Time()))
		require.NoError(t, err)
		_, err = w.Capture(t.Context(), tree)
		require.NoError(t, err)
		dst := new(memoryOutput)
		_, err = w.Write(t.Context(), dst, WithWorkers(2))
		require.NoError(t, err)
		r, err := NewReader(bytes.NewReader(dst.data), int64(len(dst.data)))
		require.NoError(t, err)
		bytesOf := func(h wimfile.ResourceHeader) []byte { return dst.data[h.Offset : h.Offset+h.Size] }
		for _, b := range r.ownBlobs() {
			if b.size() == int64(text.Len()) {
				content = bytesOf(b.header)
			}
		}
		return bytesOf(r.Images[0].tree.metadata.header), content
	}
	quickMetadata, quickContent := stored(25)
	metadata, content := stored(defaultLevel)
	require.True(t, bytes.Equal(quickMetadata, metadata))
	require.False(t, bytes.Equal(quickContent, content))
	metadata, _ = stored(100)
	require.False(t, bytes.Equal(quickMetadata, metadata), "who asks for the smallest file gets it")
	metadata, _ = stored(1)
	require.False(t, bytes.Equal(quickMetadata, metadata), "nor is it slower than what was asked for")
}
