package wim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// What is counted from the files is not what somebody says.
func TestCountsCannotBeSet(t *testing.T) {
	r := openFixture(t, "install.wim")
	w, err := wim.NewWriter()
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images[0]))
	image := w.Images()[0]
	for _, path := range []string{"TOTALBYTES", "DIRCOUNT", "FILECOUNT", "HARDLINKBYTES", "TOTALBYTES[1]"} {
		require.ErrorIs(t, image.Set(path, "3"), wim.ErrOption, path)
	}
	require.NoError(t, image.Set("WINDOWS/DIRCOUNT", "3"), "another element of the name")
}
