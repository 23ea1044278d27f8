package wim

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reparse point that no image has given has no data, and no call panics.
func TestReparsePointOfNoImage(t *testing.T) {
	for _, tag := range []ReparseTag{ReparseTagSymlink, ReparseTagMountPoint, 0x1234} {
		p := &ReparsePoint{Tag: tag}
		_, err := p.Data()
		require.ErrorIs(t, err, fs.ErrInvalid)
		_, err = p.Link()
		require.Error(t, err)
	}
}
