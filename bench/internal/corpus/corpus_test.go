package corpus_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/bench/internal/corpus"
)

func TestBytes(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("01234567"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.txt"), []byte("89abcdef"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.bin"), []byte("not text"), 0o666))

	whole, err := corpus.Bytes(dir, ".txt", 100, 2)
	require.NoError(t, err)
	require.Equal(t, "0123456789abcdef", string(whole))

	// Four pieces of two bytes, one at the start of each quarter.
	picked, err := corpus.Bytes(dir, ".txt", 8, 2)
	require.NoError(t, err)
	require.Equal(t, "014589cd", string(picked))
}
