package safefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/safefile"
)

// filesIn returns the names in a directory.
func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestBatch(t *testing.T) {
	dir := t.TempDir()
	text := func(s string) func(*os.File) error {
		return func(f *os.File) error {
			_, err := f.WriteString(s)
			return err
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	fill := func(b *safefile.Batch) {
		for _, name := range []string{"a", "b", "c"} {
			require.NoError(t, b.Create(at(name), text(name)))
		}
	}
	var b safefile.Batch
	fill(&b)
	require.Len(t, filesIn(t, dir), 3)
	require.NoFileExists(t, at("a"))
	b.Discard()
	require.Empty(t, filesIn(t, dir))

	// A name that is taken meanwhile leaves nothing of the others.
	for _, taken := range []string{"a", "b", "c"} {
		var b safefile.Batch
		fill(&b)
		require.NoError(t, os.WriteFile(at(taken), []byte("old"), 0o666))
		err := b.Commit()
		require.ErrorIs(t, err, fs.ErrExist)
		require.ErrorContains(t, err, taken)
		b.Discard()
		require.Equal(t, []string{taken}, filesIn(t, dir))
		require.NoError(t, os.Remove(at(taken)))
	}

	failed := errors.New("failed")
	b = safefile.Batch{}
	fill(&b)
	require.ErrorIs(t, b.Create(at("d"), func(*os.File) error { return failed }), failed)
	b.Discard()
	require.Empty(t, filesIn(t, dir))
	err := b.Create(filepath.Join(dir, "no", "a"), text(""))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), ".tmp")

	b = safefile.Batch{}
	require.NoError(t, b.Commit())
	fill(&b)
	require.NoError(t, b.Commit())
	b.Discard()
	require.Equal(t, []string{"a", "b", "c"}, filesIn(t, dir))
	data, err := os.ReadFile(at("b"))
	require.NoError(t, err)
	require.Equal(t, "b", string(data))
}
