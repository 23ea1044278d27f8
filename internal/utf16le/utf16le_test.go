package utf16le_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/utf16le"
)

func Example() {
	stored := utf16le.Append(nil, "Grüße")
	fmt.Printf("% x\n", stored)
	fmt.Println(utf16le.Decode(stored))
	fmt.Println(utf16le.Fold("Grüße") == utf16le.Fold("GRÜßE"))
	// Output:
	// 47 00 72 00 fc 00 df 00 65 00
	// Grüße
	// true
}

// The bytes are those of the Unicode standard's definition of UTF-16LE: U+1D11E
// is the pair D834 DD1E (section 3.9, table 3-5).
func TestDecode(t *testing.T) {
	for raw, want := range map[string]string{
		"":                     "",
		"a\x00":                "a",
		"a\x00b":               "a", // half a unit
		"\x34\xD8\x1E\xDD":     "\U0001D11E",
		"\x34\xD8a\x00":        "\uFFFDa",
		"\x1E\xDD\x34\xD8":     "\uFFFD\uFFFD",
		"a\x00\x00\x00b\x00":   "a\x00b",
		"\xFF\xFE":             "\uFEFF",
		"\x34\xD8\x34\xD8\x1E": "\uFFFD\uFFFD",
	} {
		require.Equal(t, want, utf16le.Decode([]byte(raw)), "% x", raw)
	}
	require.Equal(t, []uint16{0x61, 0xDD1E}, utf16le.Units([]byte("a\x00\x1E\xDD?")))
}

func TestAppend(t *testing.T) {
	require.Equal(t, []byte(">a\x00\x34\xD8\x1E\xDD"), utf16le.Append([]byte(">"), "a\U0001D11E"))
	require.Equal(t, []byte("\xFD\xFF"), utf16le.Append(nil, "\xFF"))
	require.Equal(t, []byte("\x1E\xDD\x34\xD8"), utf16le.AppendUnits(nil, []uint16{0xDD1E, 0xD834}))
}

// What NTFS takes for one name: see the sheet of the WIM format, section 7.
func TestFold(t *testing.T) {
	for name, want := range map[string]string{
		"abcXYZ019[`{": "ABCXYZ019[`{", "äöü": "ÄÖÜ", "αβγς": "ΑΒΓΣ", "ÿ": "Ÿ",
		"ß": "ß", "ı": "ı", "ſ": "ſ", "µ": "µ", "\u212A": "\u212A", // none becomes an ASCII letter or another script
		"𐐨": "𐐨", "\uFFFD": "\uFFFD",
	} {
		require.Equal(t, want, utf16le.Fold(name))
	}
}

func TestEscape(t *testing.T) {
	bad := func(r rune) bool { return r == '/' || r == 0 }
	for want, units := range map[string][]uint16{
		"": nil, "a": {'a'}, "a%u002Fb%u0000": {'a', '/', 'b', 0}, "\U0001D11E": {0xD834, 0xDD1E},
		"%uD834": {0xD834}, "%uDD1E%uD834": {0xDD1E, 0xD834}, "%uD834\U0001D11Ex": {0xD834, 0xD834, 0xDD1E, 'x'},
		"\uFFFD": {0xFFFD}, // is a character like others
	} {
		require.Equal(t, want, utf16le.Escape(units, bad))
	}
}
