package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// namedImages is a file whose images have names of all kinds.
func namedImages(t *testing.T) *Reader {
	t.Helper()
	w := wimtest.NewWIM()
	for range 4 {
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	}
	w.XML = wimtest.XML(`<WIM>` +
		`<IMAGE INDEX="1"><NAME>one</NAME><DISPLAYNAME>First</DISPLAYNAME><FLAGS>Pro</FLAGS></IMAGE>` +
		`<IMAGE INDEX="2"><NAME>Pro</NAME><WINDOWS><EDITIONID>Core</EDITIONID></WINDOWS></IMAGE>` +
		`<IMAGE INDEX="3"><NAME>three</NAME><DISPLAYNAME>Same</DISPLAYNAME><FLAGS>Core</FLAGS></IMAGE>` +
		`<IMAGE INDEX="4"><DISPLAYNAME>Same</DISPLAYNAME><FLAGS>Edu</FLAGS><WINDOWS><EDITIONID>edu</EDITIONID></WINDOWS></IMAGE>` +
		`</WIM>`)
	source, size := w.Source()
	r, err := NewReader(source, size)
	require.NoError(t, err)
	return r
}

func TestImageByOtherNames(t *testing.T) {
	r := namedImages(t)
	for which, index := range map[string]int{
		"one": 1, "ONE": 1, "first": 1, "Pro": 2, "pro": 2, // a name comes before flags
		"3": 3, "Three": 3, "EDU": 4,
	} {
		image, err := r.Image(which)
		require.NoError(t, err, which)
		require.Equal(t, index, image.Index, which)
	}
	for which, message := range map[string]string{
		"Core": `images 2 and 3 are both "Core"; give the index`,
		"Same": `images 3 and 4 are both "Same"; give the index`,
		"none": `no image is named "none"`, "5": "there is no image 5; the file has 4",
	} {
		_, err := r.Image(which)
		require.EqualError(t, err, message)
	}
}
