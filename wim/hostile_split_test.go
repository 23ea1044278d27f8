package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Listing a file that claims to be one part of 65535, and whose contents are
// all missing, costs no more per entry than another.
func TestHostilePartCount(t *testing.T) {
	w := wimtest.NewWIM()
	w.Header.Parts = 65535
	w.Header.Flags = wimtest.HeaderSpanned
	withImage(w, [20]byte{1})
	tree := craftedTree(t, openCrafted(t, w))
	requireNoFile(t, tree, "0", ErrMissingPart)
	const times = 1000
	requireMemory(t, times*4096, func() {
		for range times {
			info, err := tree.Stat("0")
			require.NoError(t, err)
			require.Equal(t, int64(-1), info.Size())
		}
	})
}
