package wim

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// withXML makes a file with one image, "0" of which is a file that says hello,
// and a document.
func withXML(document []byte) *wimtest.WIM {
	w := wimtest.NewWIM()
	withImage(w, w.AddBlob([]byte("hello")))
	w.XML = document
	return w
}

// requireHello checks that the image of withXML is readable.
func requireHello(t testing.TB, r *Reader) {
	t.Helper()
	requireFile(t, craftedTree(t, r), "0", []byte("hello"))
}

const imageName = `<IMAGE INDEX="1"><NAME>good</NAME></IMAGE>`

// A document that is broken, or made to cost much, costs the images their
// names at most. What stands before the damage is kept.
func TestHostileXML(t *testing.T) {
	for _, test := range []struct {
		name, document string
		warning        string // contained in a warning; "" for none
		imageName      string
		kind           error // of the warning
	}{
		{"entity expansion", `<!DOCTYPE WIM [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><WIM>` + imageName + `<X>&b;</X></WIM>`, "XML: ", "good", ErrFormat},
		{"external entity", `<!DOCTYPE WIM [<!ENTITY a SYSTEM "file:///etc/passwd">]><WIM>` + imageName + `<X>&a;</X></WIM>`, "XML: ", "good", ErrFormat},
		{"nesting 10^6", "<WIM>" + imageName + strings.Repeat("<a>", 1_000_000), "more than 50 deep", "good", ErrFormat},
		{"nesting 51", "<WIM>" + imageName + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</WIM>", "more than 50 deep", "good", ErrFormat},
		{"nesting 50", "<WIM>" + imageName + strings.Repeat("<a>", 49) + strings.Repeat("</a>", 49) + "</WIM>", "", "good", nil},
		{"a million elements", "<WIM>" + imageName + strings.Repeat("<a/>", 1_000_000) + "</WIM>", "more than 200000 elements", "good", ErrLimit},
		{"a million attributes", "<WIM>" + imageName + strings.Repeat(`<a a="" b="" c="" d="" e=""/>`, 200_000) + "</WIM>", "more than 200000 elements", "good", ErrLimit},
		{"huge text", "<WIM>" + imageName + "<X>" + strings.Repeat("x", 4<<20) + "</X></WIM>", "", "good", nil},
		{"huge attribute", `<WIM><IMAGE INDEX="` + strings.Repeat("1", 4<<20) + `"/>` + imageName + "</WIM>", "INDEX", "good", ErrFormat},
		{"INDEX 0", `<WIM><IMAGE INDEX="0"><NAME>bad</NAME></IMAGE>` + imageName + `</WIM>`, `INDEX "0"`, "good", ErrFormat},
		{"INDEX 2^31", `<WIM><IMAGE INDEX="2147483648"/>` + imageName + `</WIM>`, `INDEX "2147483648"`, "good", ErrFormat},
		{"INDEX -1", `<WIM><IMAGE INDEX="-1"/>` + imageName + `</WIM>`, `INDEX "-1"`, "good", ErrFormat},
		{"INDEX twice", `<WIM>` + imageName + `<IMAGE INDEX="1"><NAME>bad</NAME></IMAGE></WIM>`, `second IMAGE with INDEX 1`, "good", ErrFormat},
		{"INDEX missing", `<WIM><IMAGE><NAME>bad</NAME></IMAGE>` + imageName + `</WIM>`, `INDEX ""`, "good", ErrFormat},
		{"no IMAGE", `<WIM></WIM>`, "no IMAGE element", "", ErrFormat},
		{"a bare & in another IMAGE", `<WIM><IMAGE INDEX="1"><X>a & b</X></IMAGE>` + imageName + "</WIM>", "XML: ", "", ErrFormat},
		{"a bare & in an element before", `<WIM><X>a & b</X>` + imageName + "</WIM>", "XML: ", "good", ErrFormat},
		{"cut off in a tag", "<WIM>" + imageName + "<IMA", "XML: ", "good", ErrFormat},
		{"cut off in an element", "<WIM>" + imageName + "<IMAGE INDEX=\"2\">", "XML: ", "good", ErrFormat},
		{"wrong end tag", "<WIM>" + imageName + "</X></WIM>", "ends no open element", "good", ErrFormat},
		{"end tag first", "</WIM>", "ends no open element", "", ErrFormat},
		{"not WIM", "<ISO>" + imageName + "</ISO>", "no WIM element", "good", ErrFormat},
		{"control characters in a tag", "<WIM>" + imageName + "<a\u0085\u009b2J/></WIM>", `XML: `, "good", ErrFormat},
		{"control characters in an end tag", "<WIM>" + imageName + "</a\u0085b></WIM>", `XML: `, "good", ErrFormat},
		{"long tag", "<WIM>" + imageName + "<" + strings.Repeat("é", 100_000) + ">", "inside of <éé", "good", ErrFormat},
		{"long name that is none", "<WIM>" + imageName + "<a" + strings.Repeat("\u0085", 100_000) + ">", "XML: ", "good", ErrFormat},
		{"long end tag", "<WIM>" + imageName + "</" + strings.Repeat("b", 100_000) + "></WIM>", "ends no open element", "good", ErrFormat},
		{"control characters in INDEX", "<WIM><IMAGE INDEX=\"2\u0085x\"/>" + imageName + "</WIM>", `INDEX "2\u0085`, "good", ErrFormat},
		{"empty", "", "no WIM element", "", ErrFormat},
		{"NUL", "<WIM>" + imageName + "</WIM>\x00<garbage", "", "good", nil},
		{"NUL in an element", "<WIM>" + imageName + "<IMAGE\x00 INDEX=\"2\"/></WIM>", "XML: ", "good", ErrFormat},
		{"numbers that are none", `<WIM><IMAGE INDEX="1"><NAME>good</NAME><DIRCOUNT>many</DIRCOUNT><FILECOUNT>-3</FILECOUNT>` +
			`<TOTALBYTES>18446744073709551616</TOTALBYTES><CREATIONTIME><HIGHPART>0x123456789</HIGHPART><LOWPART/></CREATIONTIME>` +
			`<WINDOWS><ARCH>4294967296</ARCH><VERSION><MAJOR>ten</MAJOR></VERSION></WINDOWS></IMAGE></WIM>`, "", "good", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r *Reader
			w := withXML(wimtest.XML(test.document))
			source, size := w.Source()
			requireMemory(t, 64<<20+40*uint64(len(w.XML)), func() {
				var err error
				r, err = NewReader(source, size)
				require.NoError(t, err)
			})
			if test.warning == "" {
				require.Empty(t, r.Warnings())
			} else {
				requireWarning(t, r.Warnings(), test.warning)
				requireClear(t, r.Warnings()[0], test.kind)
			}
			require.Equal(t, test.imageName, r.Images[0].Info.Name)
			require.Zero(t, r.Images[0].Info.TotalBytes)
			require.Zero(t, r.Images[0].Info.Created)
			if w := r.Images[0].Info.Windows; w != nil {
				require.Empty(t, w.Architecture.String())
			}
			requireHello(t, r)
		})
	}
}

// Text that is not UTF-16, or not even, or has unpaired surrogates, is read as
// far as it is text.
func TestHostileXMLText(t *testing.T) {
	good := wimtest.UTF16("<WIM>" + imageName + "</WIM>")
	for _, test := range []struct {
		name     string
		document []byte
		want     string
	}{
		{"no byte order mark", good, "good"},
		{"odd size", append(wimtest.XML("<WIM>"+imageName+"</WIM>"), 0x20), "good"},
		{"lone surrogate", append(append(wimtest.XML(`<WIM><IMAGE INDEX="1"><NAME>good`), wimtest.Units(0xD800, 'x', 0xDC00)...), wimtest.UTF16("</NAME></IMAGE></WIM>")...), "good\ufffdx\ufffd"},
		{"UTF-8", []byte("<WIM>" + imageName + "</WIM>"), ""},
		{"big-endian", []byte("\xFE\xFF\x00<\x00W"), ""},
		{"zeros", make([]byte, 1000), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := openCrafted(t, withXML(test.document))
			require.Equal(t, test.want, r.Images[0].Info.Name)
			requireHello(t, r)
		})
	}
}

// The document's size is bounded by the file's, and by a limit.
func TestHostileXMLSize(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(h *wimtest.Header)
		kind error
	}{
		"2^40 raw":            {func(h *wimtest.Header) { h.XML.Size, h.XML.USize = 1<<40, 1<<40 }, ErrLimit},
		"2^25 raw":            {func(h *wimtest.Header) { h.XML.Size, h.XML.USize = 1<<25, 1<<25 }, ErrFormat},
		"raw, other usize":    {func(h *wimtest.Header) { h.XML.USize = 7 }, ErrFormat},
		"offset wraps":        {func(h *wimtest.Header) { h.XML.Offset = 1<<64 - 2 }, ErrFormat},
		"no codec":            {func(h *wimtest.Header) { h.XML.Flags = wimtest.ResourceCompressed; h.XML.USize += 100 }, ErrUnsupported},
		"nothing":             {func(h *wimtest.Header) { h.XML = wimtest.ResourceHeader{} }, ErrFormat},
		"points at header":    {func(h *wimtest.Header) { h.XML.Offset, h.XML.Size, h.XML.USize = 0, 208, 208 }, ErrFormat},
		"points at the table": {func(h *wimtest.Header) { h.XML = h.BlobTable }, ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			w := withXML(nil)
			w.Edit = test.edit
			var r *Reader
			requireMemory(t, 1<<20, func() { r = openCrafted(t, w) })
			require.ErrorIs(t, r.Warnings()[0], test.kind)
			requireWarning(t, r.Warnings(), "XML")
			requireHello(t, r)
		})
	}
	// A limit of the caller's.
	w := withXML(nil)
	source, size := w.Source()
	r, err := NewReader(source, size, WithLimits(Limits{XML: 100}))
	require.NoError(t, err)
	require.ErrorIs(t, r.Warnings()[0], ErrLimit)
	requireHello(t, r)
}
