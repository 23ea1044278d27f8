package wimfile_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// Structures of a fixed size have no bad bytes.
func FuzzFixedSizes(f *testing.F) {
	f.Add(wimtest.FixtureBytes(f, "boot.wim")[:wimfile.HeaderSize])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < wimfile.HeaderSize {
			return
		}
		header := wimfile.ParseHeader((*[wimfile.HeaderSize]byte)(raw))
		require.Equal(t, raw[:wimfile.HeaderSize], header.Append(nil))
		entry := wimfile.ParseBlobEntry(raw)
		require.Equal(t, raw[:wimfile.BlobEntrySize], entry.Append(nil))
		blob := wimfile.ParseBlobHeader(raw)
		require.Equal(t, raw[:wimfile.BlobHeaderSize], blob.Append(nil))
		require.Equal(t, raw[:wimfile.SolidHeaderSize], wimfile.ParseSolidHeader(raw).Append(nil))
		require.Equal(t, raw[:wimfile.IntegrityHeaderSize], wimfile.ParseIntegrityHeader(raw).Append(nil))
		require.Equal(t, raw[:wimfile.UnixDataSize], wimfile.ParseUnixData(raw).Append(nil))
		sizes := raw[:len(raw)&^3]
		require.Equal(t, sizes, wimfile.AppendSolidSizes(nil, wimfile.ParseSolidSizes(sizes)))
		for _, usize := range []int64{1 << 20, 1 << 32} {
			layout := wimfile.NewChunkLayout(usize, 1<<15, false)
			table := raw[:len(raw)&^7]
			require.Equal(t, table, layout.AppendTable(nil, layout.ParseTable(nil, table)))
		}
	})
}

// metadataSeed is a metadata resource that has some of everything.
func metadataSeed() []byte {
	root := wimtest.Directory("",
		wimtest.RegularFile("a", [20]byte{1}), wimtest.Symlink("link", [20]byte{2}), wimtest.Directory("d"))
	root.Children[0].ShortName = "A~1"
	root.Children[0].Streams = []wimtest.StreamEntry{{Name: "s", Hash: [20]byte{3}}, {}}
	root.Children[0].Tagged = []wimtest.TaggedItem{{Tag: wimfile.TagObjectID, Data: make([]byte, 64)}, {Tag: 7, Data: []byte("abc")}}
	m := wimtest.Metadata{Security: [][]byte{[]byte("descriptor"), {}}, Root: root}
	return m.Bytes()
}

func FuzzSecurityData(f *testing.F) {
	f.Add(metadataSeed())
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := wimfile.ParseSecurityData(raw)
		if err != nil {
			require.ErrorIs(t, err, wimfile.ErrFormat)
			return
		}
		require.True(t, bytes.Equal(raw[:min(s.Root(), uint64(len(raw)))], s.Append(nil)))
	})
}

func FuzzDentry(f *testing.F) {
	seed := metadataSeed()
	for at := 0; at+wimfile.DentrySize < len(seed); at += 8 {
		f.Add(seed[at:])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := wimfile.ParseDentry(raw); err != nil {
			require.ErrorIs(t, err, wimfile.ErrFormat)
		} else {
			require.True(t, bytes.Equal(raw[:d.Size()], d.Append(nil)))
			items, rest := d.Items()
			padding := d.Tail[:max(0, len(d.Tail)-len(rest)-itemBytes(items))]
			require.Less(t, len(padding), 8)
			tail := bytes.Clone(padding)
			for _, item := range items {
				tail = item.Append(tail)
			}
			if len(items) > 0 || len(rest) > 0 {
				require.True(t, bytes.Equal(d.Tail, append(tail, rest...)))
			}
			// What a writer makes of it has the same names and items.
			d.SetItems(items)
			again, err := wimfile.ParseDentry(d.Append(nil))
			require.NoError(t, err)
			require.True(t, bytes.Equal(d.Name, again.Name) && bytes.Equal(d.ShortName, again.ShortName))
			same, rest := again.Items()
			require.Empty(t, rest)
			require.Len(t, same, len(items))
		}
		if e, err := wimfile.ParseStreamEntry(raw); err != nil {
			require.ErrorIs(t, err, wimfile.ErrFormat)
		} else {
			require.True(t, bytes.Equal(raw[:e.Size()], e.Append(nil)))
		}
	})
}

func itemBytes(items []wimfile.TaggedItem) (n int) {
	for _, item := range items {
		n += 8 + len(item.Data) + len(item.Padding)
	}
	return n
}

func FuzzXattrs(f *testing.F) {
	// user.a = "1", and a name of Windows with the flag 0x80.
	f.Add([]byte("\x01\x00\x06\x00user.a\x001\x02\x00\x01\x80X\x00ab"))
	f.Add([]byte("\x06\x00\x00\x00\x01\x00\x00\x00user.a1\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, rest := wimfile.ParseXattrs(raw)
		require.True(t, bytes.Equal(raw, append(wimfile.AppendXattrs(nil, list), rest...)))
		list, _ = wimfile.ParseLinuxXattrs(raw)
		again, rest := wimfile.ParseLinuxXattrs(wimfile.AppendLinuxXattrs(nil, list))
		require.Empty(t, rest)
		require.Equal(t, list, again)
	})
}

func FuzzReparse(f *testing.F) {
	f.Add(uint32(wimfile.ReparseSymlink), wimtest.SymlinkData("a", true))
	f.Add(uint32(0x1234), append(make([]byte, 16), "data"...))
	f.Add(uint32(wimfile.ReparseWSLSymlink), []byte("\x02\x00\x00\x00/a"))
	f.Fuzz(func(t *testing.T, tag uint32, raw []byte) {
		if l, err := wimfile.ParseLink(tag, raw); err == nil {
			require.True(t, bytes.Equal(raw, l.Append(nil, tag)))
			_, _ = l.Substitute(), l.Print()
		}
		if l, err := wimfile.ParseWSLLink(raw); err == nil {
			require.True(t, bytes.Equal(raw, l.Append(nil)))
		}
		if p, err := wimfile.ParseReparseBuffer(raw); err == nil && len(p.Data) <= wimfile.MaxReparseData {
			buffer, err := p.Append(nil)
			require.NoError(t, err)
			require.True(t, bytes.Equal(raw, buffer))
		}
		if buffer, err := (wimfile.ReparseBuffer{Tag: tag, Data: raw}).Append(nil); err == nil {
			p, err := wimfile.ParseReparseBuffer(buffer)
			require.NoError(t, err)
			require.True(t, bytes.Equal(raw, p.Data))
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add(`<WIM><TOTALBYTES>1</TOTALBYTES><IMAGE INDEX="1"><NAME>a &amp; b</NAME><X/> text </IMAGE></WIM>`)
	f.Add(`<WIM><IMAGE INDEX="1"><NAME>a & b</NAME></IMAGE><IMAGE INDEX="2"></IMAGE></WIM>`)
	f.Add("<WIM a:b='\t\"'><!-- --><![CDATA[x]]>\r\n</WIM>")
	f.Fuzz(func(t *testing.T, document string) {
		limits := wimfile.XMLLimits{Depth: 50, Elements: 1000}
		root, err := wimfile.ParseXML(document, limits)
		if root == nil || err != nil {
			return
		}
		root.Tail = ""
		written := string(root.Append(nil))
		again, err := wimfile.ParseXML(wimfile.DecodeXML(wimfile.EncodeXML(written)), limits)
		require.NoError(t, err)
		require.Equal(t, written, string(again.Append(nil)))
		require.Equal(t, root, again)
	})
}
