package wimfile_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// The fields of a header are where the format sheet, section 1.1, has them.
// Each is given the number of its offset.
func TestHeaderFields(t *testing.T) {
	var raw [wimfile.HeaderSize]byte
	for _, at := range []int{0x00, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x28, 0x2A, 0x2C, 0x30, 0x38, 0x40, 0x48, 0x60, 0x78, 0x7C, 0x94} {
		raw[at] = byte(at) + 1
	}
	raw[0x37] = 6
	h := wimfile.ParseHeader(&raw)
	require.Equal(t, wimfile.Header{
		Magic: [8]byte{1}, Size: 9, Version: 0x0D, Flags: 0x11, ChunkSize: 0x15, GUID: [16]byte{0x19},
		PartNumber: 0x29, TotalParts: 0x2B, ImageCount: 0x2D,
		BlobTable:    wimfile.ResourceHeader{Size: 0x31, Flags: 6, Offset: 0x39, USize: 0x41},
		XML:          wimfile.ResourceHeader{Size: 0x49},
		BootMetadata: wimfile.ResourceHeader{Size: 0x61},
		BootIndex:    0x79,
		Integrity:    wimfile.ResourceHeader{Size: 0x7D},
		Unused:       [60]byte{0x95},
	}, h)
}

// A table entry has 8 bytes from 4 GiB of content on.
func TestChunkLayout(t *testing.T) {
	for _, c := range []struct {
		usize                     int64
		pipable                   bool
		count, table, first, last int64
	}{
		{0, false, 0, 0, 0, 0},
		{32768, false, 1, 0, 0, 10},
		{32769, false, 2, 4, 4, 4 + 10},
		{32769, true, 2, 4, 4, 8 + 10},
		{1<<32 - 1, false, 131072, 131071 * 4, 131071 * 4, 131071*4 + 10},
		{1 << 32, false, 131072, 131071 * 8, 131071 * 8, 131071*8 + 10},
	} {
		l := wimfile.NewChunkLayout(c.usize, 32768, c.pipable)
		require.Equal(t, c.count, l.Count, "%+v", c)
		require.Equal(t, c.table, l.TableSize(), "%+v", c)
		require.Equal(t, c.first, l.ChunkOffset(0, 0), "%+v", c)
		if c.count > 0 {
			require.Equal(t, c.last, l.ChunkOffset(min(1, c.count-1), 10), "%+v", c)
			least := c.table + c.count*(1+l.Prefix)
			require.True(t, l.Fits(least), "%+v", c)
			require.False(t, l.Fits(least-1), "%+v", c)
		}
	}
	l := wimfile.NewChunkLayout(1<<62, 1, false)
	require.False(t, l.Fits(1<<40))
}

// The length of reparse data does not count the GUID that comes first where the
// tag is not Microsoft's (WIM format sheet, section 9.1).
func TestReparseBuffer(t *testing.T) {
	guid := bytes.Repeat([]byte{0xAB}, 16)
	raw, err := wimfile.ReparseBuffer{Tag: 0x1234, Reserved: 5, Data: append(guid, "data"...)}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, append([]byte{0x34, 0x12, 0, 0, 4, 0, 5, 0}, append(guid, "data"...)...), raw)
	raw, err = wimfile.ReparseBuffer{Tag: 0x80000017, Data: []byte("data")}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, []byte{0x17, 0, 0, 0x80, 4, 0, 0, 0, 'd', 'a', 't', 'a'}, raw)

	_, err = wimfile.ReparseBuffer{Tag: 0x1234, Data: guid[1:]}.Append(nil)
	require.ErrorIs(t, err, wimfile.ErrFormat)
	_, err = wimfile.ReparseBuffer{Tag: 0x80000017, Data: make([]byte, wimfile.MaxReparseData+1)}.Append(nil)
	require.ErrorIs(t, err, wimfile.ErrFormat)
	raw[4]++
	_, err = wimfile.ParseReparseBuffer(raw)
	require.ErrorIs(t, err, wimfile.ErrFormat)
}

// The names of a junction begin after 8 bytes, those of a link after 12.
func TestNewLink(t *testing.T) {
	l := wimfile.NewLink(utf16le.Append(nil, `\??\C:\a`), utf16le.Append(nil, `C:\a`), false)
	raw := l.Append(nil, wimfile.ReparseMountPoint)
	require.Equal(t, []byte{0, 0, 16, 0, 18, 0, 8, 0}, raw[:8])
	require.Equal(t, "\\??\\C:\\a\x00C:\\a\x00", utf16le.Decode(raw[8:]))
	l.Flags = wimfile.LinkRelative
	raw = l.Append(nil, wimfile.ReparseSymlink)
	require.EqualValues(t, 1, binary.LittleEndian.Uint32(raw[8:]))
	require.Equal(t, "\\??\\C:\\a\x00C:\\a\x00", utf16le.Decode(raw[12:]))
	// 12 bytes, two terminators and a name of 16360 are all that Windows takes.
	for size, fits := range map[int]bool{16360: true, 16362: false, 80_000: false} {
		l := wimfile.NewLink(make([]byte, size), nil, false)
		_, err := wimfile.ReparseBuffer{Tag: wimfile.ReparseSymlink, Data: l.Append(nil, wimfile.ReparseSymlink)}.Append(nil)
		require.Equal(t, fits, err == nil, size)
	}
}

func TestSecurityBuilder(t *testing.T) {
	var s wimfile.SecurityBuilder
	for i, want := range []int32{-1, 0, 1, 0, 2} {
		require.Equal(t, want, s.Add([][]byte{nil, []byte("a"), []byte("bcd"), []byte("a"), {}}[i]))
	}
	data, err := s.Data()
	require.NoError(t, err)
	require.Equal(t, []byte("\x28\x00\x00\x00\x03\x00\x00\x00"+
		"\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
		"abcd\x00\x00\x00\x00"), data.Append(nil))
}

var xmlLimits = wimfile.XMLLimits{Depth: 50, Elements: 1000}

// All text, the order of attributes, unknown elements and the form of empty
// ones are kept.
func TestXMLIsKept(t *testing.T) {
	const document = "<WIM b=\"2\" a=\"1\">\r\n" +
		` <IMAGE INDEX="1"> one <X/> two <Y></Y> three</IMAGE><x:Z q="&quot;&amp;"/>` + "\n</WIM>"
	root, err := wimfile.ParseXML(document, xmlLimits)
	require.NoError(t, err)
	// A document has no other line ends than "\n" once it is read.
	want := `<WIM b="2" a="1">` + "\n" + document[len("<WIM b=\"2\" a=\"1\">\r\n"):]
	require.Equal(t, want, string(root.Append(nil)))
	require.Equal(t, []wimfile.Attribute{{"b", "2"}, {"a", "1"}}, root.Attributes)
	image := root.Children[0]
	require.Equal(t, []string{" one ", " two ", " three"}, []string{image.Text, image.Children[0].Tail, image.Children[1].Tail})
}

// What is broken in one image leaves those after it as they are.
func TestXMLGoesOnAfterAnError(t *testing.T) {
	for _, broken := range []string{"<NAME>a & b</NAME>", "<NAME>a < b</NAME>", "<NAME>a</DESCRIPTION>", "<NAME>&bad;</NAME>", "<NAME", "<NAME>a"} {
		root, err := wimfile.ParseXML(`<WIM><IMAGE INDEX="1">`+broken+`</IMAGE><IMAGE INDEX="2"><NAME>two</NAME></IMAGE></WIM>`, xmlLimits)
		require.ErrorIs(t, err, wimfile.ErrFormat, broken)
		require.NotNil(t, root, broken)
		last := root.Children[len(root.Children)-1]
		require.Equal(t, "2", last.Attributes[0].Value, broken)
		require.Equal(t, "two", last.Children[0].Text, broken)
	}
}

func TestXMLLimits(t *testing.T) {
	_, err := wimfile.ParseXML("<WIM><A/><A/><A/></WIM>", wimfile.XMLLimits{Depth: 50, Elements: 3})
	require.ErrorIs(t, err, wimfile.ErrLimit)
	_, err = wimfile.ParseXML("<WIM><A><B/></A></WIM>", wimfile.XMLLimits{Depth: 2, Elements: 30})
	require.ErrorIs(t, err, wimfile.ErrFormat)
}
