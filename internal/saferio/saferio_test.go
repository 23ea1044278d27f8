package saferio_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/saferio"
)

// source gives n bytes at each read, and then an error.
type source struct {
	n   int
	err error
}

func (s source) ReadAt(p []byte, _ int64) (int, error) { return min(s.n, len(p)), s.err }

func TestReadFull(t *testing.T) {
	buf := make([]byte, 4)
	require.NoError(t, saferio.ReadFull(bytes.NewReader([]byte("abcdef")), buf, 2))
	require.Equal(t, "cdef", string(buf))
	require.NoError(t, saferio.ReadFull(source{4, io.EOF}, buf, 0)) // allowed at the end

	err := saferio.ReadFull(bytes.NewReader([]byte("abcdef")), buf, 3)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "reading 4 bytes at offset 3: unexpected EOF")
	require.ErrorIs(t, saferio.ReadFull(source{3, nil}, buf, 0), io.ErrUnexpectedEOF)
	failed := errors.New("failed")
	require.ErrorIs(t, saferio.ReadFull(source{3, failed}, buf, 0), failed)
}

func TestReadData(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	got, err := saferio.ReadData(bytes.NewReader(content), 20<<20-3, 3)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content[3:], got))
	got, err = saferio.ReadData(bytes.NewReader(content), 0, 5)
	require.NoError(t, err)
	require.Empty(t, got)
}

// A size of 2^62 costs the first 8 MiB alone.
func TestReadDataClaim(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := saferio.ReadData(bytes.NewReader([]byte("short")), 1<<62, 0)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(20<<20))
}
