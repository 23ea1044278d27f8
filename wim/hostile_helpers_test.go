package wim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// openCrafted opens a crafted file that has to open.
func openCrafted(t testing.TB, w *wimtest.WIM, opts ...Option) *Reader {
	t.Helper()
	source, size := w.Source()
	r, err := NewReader(source, size, opts...)
	require.NoError(t, err)
	return r
}

// craftedTree returns the tree of the first image, which has to load.
func craftedTree(t testing.TB, r *Reader) *FS {
	t.Helper()
	require.NotEmpty(t, r.Images)
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	return tree
}

// withImage adds an image of files named "0", "1", ... that have the contents
// with the hashes.
func withImage(w *wimtest.WIM, hashes ...[20]byte) *wimtest.WIM {
	root := wimtest.Directory("")
	for i, hash := range hashes {
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), hash))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	return w
}

// requireFile checks the content of a file, read in each way that there is.
func requireFile(t testing.TB, tree *FS, name string, want []byte) {
	t.Helper()
	got, err := fs.ReadFile(tree, name)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s has other content", name)
	file, err := tree.OpenStream(name, "")
	require.NoError(t, err)
	half := len(want) / 2
	part := make([]byte, len(want)-half)
	if len(part) > 0 {
		_, err = file.ReadAt(part, int64(half))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want[half:], part), "the second half of %s", name)
	}
}

// requireNoFile checks that each way to read a file ends in an error of a kind.
func requireNoFile(t testing.TB, tree *FS, name string, kind error) {
	t.Helper()
	_, err := fs.ReadFile(tree, name)
	requireClear(t, err, kind)
}

// requireClear checks that an error is of a kind, and that it is one line for a
// person to read.
func requireClear(t testing.TB, err, kind error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err.Error())
	require.NotContains(t, err.Error(), "%!")
	require.Empty(t, saidTwice(err), err.Error())
	require.Less(t, len(err.Error()), 500)
}

// requireWarning checks that a warning contains a text.
func requireWarning(t testing.TB, warnings []error, text string) {
	t.Helper()
	require.ErrorContains(t, errors.Join(warnings...), text)
}

// verifyCrafted verifies and returns the problems as a map from their text to
// what they affect.
func verifyCrafted(t testing.TB, r *Reader, opts ...BulkOption) *VerifyReport {
	t.Helper()
	report, err := r.Verify(t.Context(), opts...)
	require.NoError(t, err)
	return report
}

// requireClean checks that a file has nothing wrong at all.
func requireClean(t testing.TB, r *Reader) {
	t.Helper()
	require.Empty(t, r.Warnings())
	for _, workers := range []int{1, 3} {
		report := verifyCrafted(t, r, WithWorkers(workers))
		require.Empty(t, report.Problems)
		require.True(t, report.OK())
	}
}

// requireMemory checks that work allocates at most so many bytes.
func requireMemory(t testing.TB, most uint64, work func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	if wimtest.Race {
		return
	}
	require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, most, "bytes allocated")
}

// counted is n bytes that repeat only after 2^24 of them.
func counted(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> (8 * (i % 3)))
	}
	return b
}
