package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The header's boot index is kept as it is stored. An image that was not known
// when it was read boots as soon as it is.
func TestBootIndexOfASet(t *testing.T) {
	part := func(number uint16, document string) *wimtest.WIM {
		w := wimtest.NewWIM()
		w.Header.Flags |= wimtest.HeaderSpanned
		w.Header.Part, w.Header.Parts = number, 2
		w.Header.BootIndex = 1
		w.XML = wimtest.XML(document)
		return w
	}
	second := part(2, "<WIM></WIM>")
	second.Header.Images = 1
	first := part(1, "<WIM>"+imageName+"</WIM>")
	withImage(first, first.AddBlob([]byte("hello")))
	r := openCrafted(t, second)
	require.Empty(t, r.Images)
	require.Equal(t, 1, r.Header.BootIndex)
	require.Zero(t, r.BootIndex())
	source, size := first.Source()
	require.NoError(t, r.AddPart(source, size))
	require.Equal(t, 1, r.Header.BootIndex)
	require.Equal(t, 1, r.BootIndex())
}
