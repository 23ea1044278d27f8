package wim

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// A compressed document, or blob table, that unfolds to more than the file has
// bytes is a bomb. The chunks of this one are not decoded.
func TestHostileCompressedTables(t *testing.T) {
	const usize = 20 << 20
	for _, table := range []bool{false, true} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
		withImage(w, w.AddBlob([]byte("hello")))
		bomb := wimtest.Chunked{USize: usize, Chunks: make([][]byte, usize/4096)}
		for i := range bomb.Chunks {
			bomb.Chunks[i] = wimtest.ZerosXPRESS4096
		}
		stored := bomb.Bytes()
		at := w.Place(stored)
		w.Edit = func(h *wimtest.Header) {
			header := wimtest.ResourceHeader{Size: uint64(len(stored)), Flags: wimtest.ResourceCompressed, Offset: at, USize: usize}
			if table {
				h.BlobTable = header
			} else {
				h.XML = header
			}
		}
		source, size := w.Source()
		require.Less(t, size, int64(usize))
		var r *Reader
		var err error
		requireMemory(t, 1<<20, func() { r, err = NewReader(source, size) })
		if table {
			requireClear(t, err, ErrFormat)
			require.ErrorContains(t, err, fmt.Sprintf("blob table: %d bytes, in a file of %d", usize, size))
		} else {
			require.NoError(t, err)
			requireClear(t, r.Warnings()[0], ErrFormat)
			requireHello(t, r)
		}
	}
}
