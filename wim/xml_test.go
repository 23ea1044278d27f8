package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Text after an element is kept, and written again.
func TestElementKeepsText(t *testing.T) {
	const document = `<WIM b="2" a="1"><IMAGE INDEX="1">one<X></X>two<Y></Y>three</IMAGE></WIM>`
	root, err := parseXML(document)
	require.NoError(t, err)
	require.Equal(t, &Element{
		Name: "WIM", Attributes: []Attribute{{"b", "2"}, {"a", "1"}},
		Children: []*Element{{
			Name: "IMAGE", Attributes: []Attribute{{"INDEX", "1"}}, Text: "one",
			Children: []*Element{{Name: "X", Tail: "two"}, {Name: "Y", Tail: "three"}},
		}},
	}, root)
	require.Equal(t, wimtest.XML(document), root.clone().appendXML(nil))
}

// An architecture is a decimal number, or a hexadecimal one.
func TestArchitectureNumber(t *testing.T) {
	for text, want := range map[string]string{"9": "x64", "0x9": "x64", "0XC": "arm64", "12": "arm64", "": "", "x64": "", "0x": "", "0x100000000": ""} {
		root, err := parseXML("<WIM><WINDOWS><ARCH>" + text + "</ARCH></WINDOWS></WIM>")
		require.NoError(t, err)
		require.Equal(t, want, windowsInfo(root).Architecture.String(), "%q", text)
	}
}

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
