package wimfile_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/lzms"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

// file takes a whole WIM file apart, and counts the structures it has seen.
type file struct {
	*testing.T
	data   []byte
	header wimfile.Header
	blobs  map[[20]byte]wimfile.BlobEntry
	solids []solid // of the blobs in solid resources
	seen   map[string]int
}

type solid struct {
	content []byte
	start   uint64 // in the address space
}

// same is the test that defines the package: what was parsed is appended as it
// was stored.
func (f *file) same(structure string, stored, appended []byte) {
	f.Helper()
	at := 0
	for at < min(len(stored), len(appended)) && stored[at] == appended[at] {
		at++
	}
	require.True(f, bytes.Equal(stored, appended), "%s: %d bytes, %d appended, different from %#x on\n%x\n%x",
		structure, len(stored), len(appended), at, stored[at:min(at+32, len(stored))], appended[at:min(at+32, len(appended))])
	f.seen[structure]++
}

func TestEveryStructureOfEveryFixture(t *testing.T) {
	seen := make(map[string]int)
	for _, name := range wimtest.FixtureFiles(t) {
		t.Run(name, func(t *testing.T) {
			f := &file{T: t, data: wimtest.FixtureBytes(t, name), seen: seen}
			f.all()
		})
	}
	for _, structure := range []string{
		"header", "blob entry", "blob header", "chunk table", "chunk prefix", "solid header", "solid sizes", "security data", "dentry",
		"stream entry", "tagged item", "unix data", "xattrs", "link", "reparse buffer", "integrity header", "XML", "metadata",
	} {
		require.NotZero(t, seen[structure], structure)
	}
	t.Log(seen)
}

func (f *file) all() {
	raw := [wimfile.HeaderSize]byte(f.data)
	f.header = wimfile.ParseHeader(&raw)
	f.same("header", raw[:], f.header.Append(nil))
	if f.header.Magic == wimfile.MagicPipable {
		raw = [wimfile.HeaderSize]byte(f.data[len(f.data)-wimfile.HeaderSize:])
		f.header = wimfile.ParseHeader(&raw)
		f.same("header", raw[:], f.header.Append(nil))
	} else {
		require.Equal(f, wimfile.Magic, f.header.Magic)
	}
	require.EqualValues(f, wimfile.HeaderSize, f.header.Size)

	document := f.read(f.header.XML)
	text := wimfile.DecodeXML(document)
	root, err := wimfile.ParseXML(text, wimfile.XMLLimits{Depth: 50, Elements: 1000})
	require.NoError(f, err)
	f.same("XML", document, wimfile.EncodeXML(string(root.Append(nil))))

	if at := f.header.Integrity; at.Size != 0 {
		stored := f.read(at)
		h := wimfile.ParseIntegrityHeader(stored)
		f.same("integrity header", stored[:wimfile.IntegrityHeaderSize], h.Append(nil))
		table := f.header.BlobTable
		require.Equal(f, wimfile.NewIntegrityHeader(int64(table.Offset+table.Size), wimfile.IntegrityChunkSize), h)
	}
	f.table()
}

// table goes through the blob table, and all that it leads to.
func (f *file) table() {
	f.blobs = make(map[[20]byte]wimfile.BlobEntry)
	var images []wimfile.BlobEntry
	space := uint64(0)
	table := f.read(f.header.BlobTable)
	for ; len(table) > 0; table = table[wimfile.BlobEntrySize:] {
		e := wimfile.ParseBlobEntry(table)
		f.same("blob entry", table[:wimfile.BlobEntrySize], e.Append(nil))
		switch {
		case e.Flags&wimfile.ResourceMetadata != 0:
			images = append(images, e)
		case e.Flags&wimfile.ResourceSolid != 0 && e.USize == wimfile.SolidMarker:
			content := f.solid(e.ResourceHeader)
			f.solids = append(f.solids, solid{content, space})
			space += uint64(len(content))
		default:
			f.blobs[e.SHA1] = e
		}
	}
	for _, e := range f.blobs {
		require.Equal(f, e.SHA1, sha1.Sum(f.blob(e.SHA1)))
	}
	for i, e := range images {
		if uint32(i+1) == f.header.BootIndex && f.header.Magic == wimfile.Magic {
			require.Equal(f, e.ResourceHeader, f.header.BootMetadata)
		}
		raw := f.read(e.ResourceHeader)
		require.Equal(f, e.SHA1, sha1.Sum(raw))
		f.metadata(raw)
	}
}

// blob returns the content with a hash, nil if this file has none.
func (f *file) blob(hash [20]byte) []byte {
	e, known := f.blobs[hash]
	if !known {
		return nil
	}
	if e.Flags&wimfile.ResourceSolid == 0 {
		return f.read(e.ResourceHeader)
	}
	for _, s := range f.solids {
		if e.Offset-s.start < uint64(len(s.content)) {
			return s.content[e.Offset-s.start:][:e.Size]
		}
	}
	require.Fail(f, "a blob in no solid resource")
	return nil
}

// read returns the content of a resource that is not solid.
func (f *file) read(h wimfile.ResourceHeader) []byte {
	stored := f.data[h.Offset:][:h.Size]
	content := stored
	pipable := f.header.Magic == wimfile.MagicPipable
	if h.Flags&wimfile.ResourceCompressed != 0 {
		content = nil
		l := wimfile.NewChunkLayout(int64(h.USize), int64(f.header.ChunkSize), pipable)
		require.True(f, l.Fits(int64(h.Size)))
		table := stored[l.TableOffset(int64(h.Size)):][:l.TableSize()]
		offsets := l.ParseTable([]int64{0}, table)
		require.Len(f, offsets, int(l.Count))
		f.same("chunk table", table, l.AppendTable(nil, offsets[1:]))
		offsets = append(offsets, l.ChunkBytes(int64(h.Size)))
		for i := range l.Count {
			size := offsets[i+1] - offsets[i]
			at := l.ChunkOffset(i, offsets[i])
			if pipable {
				f.same("chunk prefix", stored[at-l.Prefix:at], l.AppendPrefix(nil, int(size)))
			}
			content = append(content, f.decode(f.codec(), int(f.header.ChunkSize), stored[at:][:size], int(l.ChunkLength(i)))...)
		}
	}
	if pipable && h != f.header.Integrity { // the integrity table has none
		raw := f.data[h.Offset-wimfile.BlobHeaderSize : h.Offset]
		b := wimfile.ParseBlobHeader(raw)
		f.same("blob header", raw, b.Append(nil))
		require.Equal(f, uint64(wimfile.BlobHeaderMagic), b.Magic)
		require.EqualValues(f, len(content), b.USize)
		require.Equal(f, sha1.Sum(content), b.SHA1)
		require.EqualValues(f, h.Flags, b.Flags)
	}
	return content
}

func (f *file) codec() wimfile.Codec {
	switch {
	case f.header.Flags&wimfile.FlagXPRESS != 0:
		return wimfile.CodecXPRESS
	case f.header.Flags&wimfile.FlagLZX != 0:
		return wimfile.CodecLZX
	}
	return wimfile.CodecLZMS
}

func (f *file) decode(codec wimfile.Codec, chunkSize int, stored []byte, length int) []byte {
	if len(stored) == length {
		return stored
	}
	var decoder interface{ Decode(dst, src []byte) error }
	var err error
	switch codec {
	case wimfile.CodecXPRESS:
		decoder = xpress.NewDecoder()
	case wimfile.CodecLZX:
		decoder, err = lzx.NewDecoder(chunkSize)
	case wimfile.CodecLZMS:
		decoder = lzms.NewDecoder()
	}
	require.NoError(f, err)
	content := make([]byte, length)
	require.NoError(f, decoder.Decode(content, stored))
	return content
}

// solid returns the content of a solid resource.
func (f *file) solid(h wimfile.ResourceHeader) []byte {
	stored := f.data[h.Offset:][:h.Size]
	s := wimfile.ParseSolidHeader(stored)
	f.same("solid header", stored[:wimfile.SolidHeaderSize], s.Append(nil))
	n := wimfile.ChunkCount(int64(s.USize), int64(s.ChunkSize))
	raw := stored[wimfile.SolidHeaderSize:][:4*n]
	starts := wimfile.ParseSolidSizes(raw)
	f.same("solid sizes", raw, wimfile.AppendSolidSizes(nil, starts))
	chunks := stored[wimfile.SolidHeaderSize+4*n:]
	require.EqualValues(f, len(chunks), starts[n])
	var content []byte
	for i := range n {
		length := min(int64(s.ChunkSize), int64(s.USize)-i*int64(s.ChunkSize))
		content = append(content, f.decode(s.Codec, int(s.ChunkSize), chunks[starts[i]:starts[i+1]], int(length))...)
	}
	return content
}

// metadata takes an image's metadata apart, dentry by dentry, and writes the
// whole of it anew.
func (f *file) metadata(raw []byte) {
	security, err := wimfile.ParseSecurityData(raw)
	require.NoError(f, err)
	f.same("security data", raw[:security.Root()], security.Append(nil))

	var builder wimfile.SecurityBuilder
	for i, descriptor := range security.Descriptors {
		require.EqualValues(f, i, builder.Add(descriptor))
		require.EqualValues(f, i, builder.Add(bytes.Clone(descriptor)))
	}
	data, err := builder.Data()
	require.NoError(f, err)
	f.same("security data", raw[:security.Root()], data.Append(nil))

	root, _ := f.dentry(raw, security.Root())
	f.children(raw, root)
	f.same("metadata", raw, wimfile.AppendMetadata(nil, &security, root, wimfile.DepthFirst))
}

// children reads the list of a directory, and those below. Its order is the one
// that Sort makes.
func (f *file) children(raw []byte, n *wimfile.Node) {
	if n.Dentry.Subdir == 0 {
		return
	}
	for at := n.Dentry.Subdir; ; {
		if binary.LittleEndian.Uint64(raw[at:]) == 0 {
			break
		}
		child, next := f.dentry(raw, at)
		n.Children = append(n.Children, child)
		f.children(raw, child)
		at = next
	}
	stored := slices.Clone(n.Children)
	slices.Reverse(n.Children)
	n.Sort()
	require.Equal(f, stored, n.Children)
}

// dentry reads a dentry and its streams.
func (f *file) dentry(raw []byte, at uint64) (n *wimfile.Node, next uint64) {
	d, err := wimfile.ParseDentry(raw[at:])
	require.NoError(f, err)
	next = at + d.Size()
	f.same("dentry", raw[at:next], d.Append(nil))
	n = &wimfile.Node{Dentry: d}
	var rest []byte
	n.Items, rest = d.Items()
	require.Empty(f, rest)
	for _, item := range n.Items {
		f.item(item)
	}
	for range d.StreamCount {
		e, err := wimfile.ParseStreamEntry(raw[next:])
		require.NoError(f, err)
		f.same("stream entry", raw[next:next+e.Size()], e.Append(nil))
		made := wimfile.NewStreamEntry(e.Name, e.Hash)
		f.same("stream entry", raw[next:next+e.Size()], made.Append(nil))
		n.Streams = append(n.Streams, e)
		next += e.Size()
	}
	if d.Attributes&wimfile.AttributeReparsePoint != 0 {
		require.Equal(f, d.Link, d.Reparse().Link())
		f.reparse(d.Reparse(), n)
	}
	return n, next
}

func (f *file) item(item wimfile.TaggedItem) {
	f.same("tagged item", item.Append(nil), wimfile.TaggedItem{Tag: item.Tag, Data: item.Data}.Append(nil))
	switch item.Tag {
	case wimfile.TagUnixData:
		f.same("unix data", item.Data, wimfile.ParseUnixData(item.Data).Append(nil))
	case wimfile.TagXattrs:
		list, rest := wimfile.ParseXattrs(item.Data)
		require.Empty(f, rest)
		f.same("xattrs", item.Data, wimfile.AppendXattrs(nil, list))
	case wimfile.TagObjectID:
		require.GreaterOrEqual(f, len(item.Data), 16)
	}
}

func (f *file) reparse(fields wimfile.ReparseFields, n *wimfile.Node) {
	hash := n.Dentry.Hash
	for _, s := range n.Streams {
		if hash == [20]byte{} && len(s.Name) == 0 {
			hash = s.Hash
		}
	}
	data := f.blob(hash)
	if data == nil {
		return
	}
	buffer, err := wimfile.ReparseBuffer{Tag: fields.Tag, Reserved: fields.Reserved, Data: data}.Append(nil)
	require.NoError(f, err)
	parsed, err := wimfile.ParseReparseBuffer(buffer)
	require.NoError(f, err)
	f.same("reparse buffer", data, parsed.Data)
	if fields.Tag != wimfile.ReparseSymlink && fields.Tag != wimfile.ReparseMountPoint {
		return
	}
	l, err := wimfile.ParseLink(fields.Tag, data)
	require.NoError(f, err)
	f.same("link", data, l.Append(nil, fields.Tag))
	require.NotEmpty(f, utf16le.Decode(l.Substitute()))
	if l.SubstituteOffset == 0 {
		made := wimfile.NewLink(l.Substitute(), l.Print(), l.Flags == wimfile.LinkRelative)
		f.same("link", data, made.Append(nil, fields.Tag))
	}
}
