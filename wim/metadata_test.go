package wim

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Metadata that ends where its root should begin is cut off. An end marker in
// its place makes an empty image (TestEmptyImage).
func TestMetadataWithoutRoomForRoot(t *testing.T) {
	for _, size := range []int{8, 9, 15} {
		w := wimtest.NewWIM()
		w.AddMetadata(append([]byte{8}, make([]byte, size-1)...)) // security data of 8 bytes
		_, err := openCrafted(t, w).Images[0].FS()
		requireClear(t, err, ErrFormat)
		require.ErrorContains(t, err, fmt.Sprintf("the metadata has %d bytes, and no room for a root dentry at offset 8", size))
	}
	w := wimtest.NewWIM()
	w.AddMetadata(append([]byte{8}, make([]byte, 15)...))
	craftedTree(t, openCrafted(t, w))
}
