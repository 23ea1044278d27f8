package wim

import (
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

func TestGlob(t *testing.T) {
	r, err := OpenReader(wimtest.FixturePath(t, "none.wim"))
	require.NoError(t, err)
	defer r.Close()
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	for pattern, want := range map[string][]string{
		"twin-?.txt": {"twin-1.txt", "twin-2.txt"}, "TWIN-?.txt": {"twin-1.txt", "twin-2.txt"},
		"t*/*": {"times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}, "times": {"times"}, ".": {"."},
		"nothing": nil, "*.nothing": nil, "readme.txt/*": nil, "/times": nil,
	} {
		got, err := tree.Glob(pattern)
		require.NoError(t, err, pattern)
		require.Equal(t, want, got, pattern)
	}
	_, err = tree.Glob("[a")
	require.ErrorIs(t, err, path.ErrBadPattern)
}
