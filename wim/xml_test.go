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
