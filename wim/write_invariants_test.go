package wim_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/xml"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/wimble-go/wimble/wim"
)

// A place is a resource header as a file has it.
type place struct {
	size, offset, usize uint64
	flags               byte
}

func placeAt(b []byte) place {
	le := binary.LittleEndian
	return place{le.Uint64(b) & (1<<56 - 1), le.Uint64(b[8:]), le.Uint64(b[16:]), b[7]}
}

const (
	placeMetadata   = 0x02
	placeCompressed = 0x04
	placeSolid      = 0x10
)

// requireInvariants checks what has to be true of a whole file that we wrote,
// from its bytes: header, blob table, XML and integrity table, how they agree,
// and the reference counts, recounted from the trees. A file that was added to
// may have metadata that another program stored raw.
func requireInvariants(t testing.TB, data []byte, appended bool) {
	t.Helper()
	f := requireStructure(t, data, 1, 1, appended)
	require.Len(t, f.metadata, f.images)
	require.Equal(t, f.document.offset, f.total)
	r := openBytes(t, data)
	require.Len(t, r.Images, f.images)
	require.Equal(t, usedContents(t, r), f.references, "reference counts")
}

// requireSetInvariants is requireInvariants for the parts of a set. Contents
// that a delta lacks may be missing. Metadata that is raw in the source stays
// so where it cannot be compressed.
func requireSetInvariants(t testing.TB, parts [][]byte, rawMetadata bool, lacks int) {
	t.Helper()
	var first structure
	references := map[wim.SHA1]uint32{}
	for i, data := range parts {
		f := requireStructure(t, data, i+1, len(parts), rawMetadata)
		if i == 0 {
			first = f
			require.Len(t, f.metadata, f.images)
		}
		require.Zero(t, f.boot)
		require.Equal(t, first.shared, f.shared, "GUID and codec are those of all parts")
		require.Equal(t, first.xml, f.xml, "so is the XML document")
		require.Equal(t, first.images, f.images)
		if i > 0 {
			require.Empty(t, f.metadata)
		}
		for hash, count := range f.references {
			require.NotContains(t, references, hash, "in two parts")
			references[hash] = count
		}
	}
	r := openBytes(t, parts[0])
	for _, data := range parts[1:] {
		require.NoError(t, addPart(r, data))
	}
	require.Empty(t, r.MissingParts())
	require.Empty(t, r.Warnings())
	require.Len(t, r.Images, first.images)
	used := usedContents(t, r)
	require.Len(t, used, len(references)+lacks)
	for hash, count := range references {
		require.Equal(t, used[hash], count, "references to %v", hash)
	}
}

// usedContents counts how often the trees use each content.
func usedContents(t testing.TB, r *wim.Reader) map[wim.SHA1]uint32 {
	t.Helper()
	used := map[wim.SHA1]uint32{}
	for _, image := range r.Images {
		for _, w := range walk(t, imageFS(t, r, image.Index)) {
			if reparse := w.entry.Reparse; reparse != nil && reparse.SHA1 != (wim.SHA1{}) {
				used[reparse.SHA1]++
			}
			for _, s := range w.entry.Streams {
				if s.SHA1 != (wim.SHA1{}) {
					used[s.SHA1]++
				}
			}
		}
	}
	return used
}

// structure is what requireStructure finds in a file.
type structure struct {
	images     int
	metadata   []place
	references map[wim.SHA1]uint32
	document   place
	xml        []byte
	total      uint64 // TOTALBYTES
	boot       int
	shared     string // of the header: version, chunk size, flags, GUID
}

// requireStructure is the part of requireInvariants for one file alone.
func requireStructure(t testing.TB, data []byte, part, parts int, rawMetadata bool) structure {
	t.Helper()
	le := binary.LittleEndian
	require.Greater(t, len(data), 208)
	require.Equal(t, "MSWIM\x00\x00\x00", string(data[:8]))
	require.EqualValues(t, 208, le.Uint32(data[8:]))
	version, flags, chunkSize := le.Uint32(data[12:]), le.Uint32(data[16:]), le.Uint32(data[20:])
	const compression, xpress, lzx, lzms = 0x02, 0x20000, 0x40000, 0x80000
	switch codec := flags & (xpress | lzx | lzms); codec {
	case 0:
		require.Zero(t, flags&compression)
		require.Zero(t, chunkSize)
	case xpress, lzx, lzms:
		require.NotZero(t, flags&compression)
		require.NotZero(t, chunkSize)
		require.Zero(t, chunkSize&(chunkSize-1), "a power of two")
	default:
		t.Fatalf("several codecs: %#x", codec)
	}
	const spanned = 0x08
	require.Zero(t, flags&^(compression|xpress|lzx|lzms|0x04|spanned|0x80), "flags that no whole file of ours has")
	require.Equal(t, parts > 1, flags&spanned != 0)
	require.EqualValues(t, part, le.Uint16(data[40:]), "part")
	require.EqualValues(t, parts, le.Uint16(data[42:]), "parts")
	images := int(le.Uint32(data[44:]))
	table, document, boot := placeAt(data[48:]), placeAt(data[72:]), placeAt(data[96:])
	bootIndex := int(le.Uint32(data[120:]))
	integrity := placeAt(data[124:])
	require.Equal(t, make([]byte, 60), data[148:208], "unused")

	// Tables are raw, and stand at the end in a fixed order.
	require.EqualValues(t, placeMetadata, table.flags)
	require.EqualValues(t, placeMetadata, document.flags)
	require.Equal(t, table.size, table.usize)
	require.Equal(t, document.size, document.usize)
	require.Zero(t, table.size%50)
	require.LessOrEqual(t, table.offset+table.size, document.offset)
	end := document.offset + document.size
	if integrity != (place{}) {
		require.Zero(t, integrity.flags)
		require.Equal(t, end, integrity.offset)
		end += integrity.size
	}
	require.EqualValues(t, len(data), end, "nothing is after the last table")

	// Each resource is where nothing else is.
	taken := []place{{size: 208}, table, document}
	if integrity != (place{}) {
		taken = append(taken, integrity)
	}
	var metadata []place
	references := map[wim.SHA1]uint32{}
	solid := false
	for entry := range slices.Chunk(data[table.offset:table.offset+table.size], 50) {
		p, count, hash := placeAt(entry), le.Uint32(entry[26:]), wim.SHA1(entry[30:50])
		require.EqualValues(t, part, le.Uint16(entry[24:]), "part of %v", hash)
		if p.flags&placeSolid != 0 {
			solid = true
			if p.usize == 1<<32 {
				taken = append(taken, p)
				require.Zero(t, hash)
				continue
			}
		} else {
			taken = append(taken, p)
			require.NotZero(t, p.usize, "%v", hash)
			require.Zero(t, p.flags&^(placeMetadata|placeCompressed), "%v", hash)
			if p.flags&placeCompressed == 0 {
				require.Equal(t, p.usize, p.size, "%v", hash)
			} else if p.flags&placeMetadata == 0 {
				require.NotEqual(t, p.usize, p.size, "%v is as long as its content, and marked as compressed", hash)
			}
		}
		require.NotZero(t, hash)
		if p.flags&placeMetadata != 0 {
			metadata = append(metadata, p)
			require.EqualValues(t, 1, count)
			compressed := p.flags&placeCompressed != 0
			require.True(t, compressed == (flags&compression != 0) || rawMetadata && !compressed, "metadata of a compressed file is compressed")
			continue
		}
		require.NotContains(t, references, hash, "one hash twice")
		references[hash] = count
	}
	if solid || flags&lzms != 0 {
		require.EqualValues(t, wim.VersionSolid, version)
	} else if parts == 1 { // another part may have solid resources
		require.EqualValues(t, wim.VersionStandard, version)
	}
	slices.SortFunc(taken, func(a, b place) int { return int(int64(a.offset) - int64(b.offset)) })
	for i, p := range taken[1:] {
		before := taken[i]
		require.LessOrEqual(t, before.offset+before.size, p.offset, "%v and %v overlap", before, p)
	}

	require.LessOrEqual(t, bootIndex, images)
	if bootIndex == 0 {
		require.Zero(t, boot)
	} else {
		require.Equal(t, metadata[bootIndex-1], boot)
	}

	raw := data[document.offset : document.offset+document.size]
	require.Equal(t, []byte{0xFF, 0xFE}, raw[:2], "byte order mark")
	text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(raw)
	require.NoError(t, err)
	require.False(t, bytes.HasPrefix(text, []byte("<?")), "no declaration")
	require.False(t, bytes.HasSuffix(text, []byte{0}), "no terminator")
	var root struct {
		XMLName xml.Name `xml:"WIM"`
		Total   []uint64 `xml:"TOTALBYTES"`
		Images  []struct {
			Index int `xml:"INDEX,attr"`
		} `xml:"IMAGE"`
	}
	require.NoError(t, xml.Unmarshal(text, &root))
	require.Len(t, root.Total, 1)
	require.Len(t, root.Images, images)
	for i, image := range root.Images {
		require.Equal(t, i+1, image.Index)
	}

	if integrity != (place{}) {
		sums := data[integrity.offset : integrity.offset+integrity.size]
		require.EqualValues(t, integrity.size, le.Uint32(sums))
		count, chunk := int(le.Uint32(sums[4:])), int(le.Uint32(sums[8:]))
		var want []byte
		for covered := range slices.Chunk(data[208:table.offset+table.size], chunk) {
			sum := sha1.Sum(covered)
			want = append(want, sum[:]...)
		}
		require.Equal(t, len(want)/20, count)
		require.Equal(t, want, sums[12:])
	}
	return structure{images, metadata, references, document, raw, root.Total[0], bootIndex, string(data[12:40])}
}
