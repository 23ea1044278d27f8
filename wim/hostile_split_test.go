package wim

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Listing a file that claims to be one part of 65535, and whose contents are
// all missing, costs no more per entry than another.
func TestHostilePartCount(t *testing.T) {
	w := wimtest.NewWIM()
	w.Header.Parts = 65535
	w.Header.Flags = wimtest.HeaderSpanned
	withImage(w, [20]byte{1})
	tree := craftedTree(t, openCrafted(t, w))
	requireNoFile(t, tree, "0", ErrMissingPart)
	const times = 1000
	requireMemory(t, times*4096, func() {
		for range times {
			info, err := tree.Stat("0")
			require.NoError(t, err)
			require.Equal(t, int64(-1), info.Size())
		}
	})
}

// Files that do not belong to the set are refused by name, one by one; what was
// there before stays readable, and the right part can still be added.
func TestHostileParts(t *testing.T) {
	part := func(number uint16) *wimtest.WIM {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
		w.Header.Flags |= wimtest.HeaderSpanned
		w.Header.Part, w.Header.Parts = number, 2
		return w
	}
	first, second := part(1), part(2)
	withImage(first, first.AddBlob([]byte("first")), second.AddBlob([]byte("second")))
	second.Header.Images = 1
	r := openCrafted(t, first)
	for _, test := range []struct {
		name   string
		change func(w *wimtest.WIM)
		kind   error
		text   string
	}{
		{"the same number", func(w *wimtest.WIM) { w.Header.Part = 1 }, ErrFormat, "part 1 was given twice"},
		{"another GUID", func(w *wimtest.WIM) { w.Header.GUID[3] ^= 1 }, ErrFormat, "part 2 of another set: its GUID is 01112233-"},
		{"another codec", func(w *wimtest.WIM) { w.Header.Flags ^= wimtest.HeaderXPRESS | wimtest.HeaderLZX }, ErrFormat, "compressed in another way: LZX in chunks of 32768 bytes, not XPRESS"},
		{"another chunk size", func(w *wimtest.WIM) { w.Header.ChunkSize = 65536 }, ErrFormat, "XPRESS in chunks of 65536 bytes, not XPRESS in chunks of 32768"},
		{"another number of parts", func(w *wimtest.WIM) { w.Header.Parts = 3 }, ErrFormat, "part 2 of 3 parts, not of 2"},
		{"part 3 of 2", func(w *wimtest.WIM) { w.Header.Part = 3 }, ErrFormat, "part 3 of 2"},
		{"part 0", func(w *wimtest.WIM) { w.Header.Part = 0 }, ErrFormat, "part 0 of 2"},
		{"a blob table outside of the file", func(w *wimtest.WIM) {
			w.Edit = func(h *wimtest.Header) { h.BlobTable.Offset = 1 << 40 }
		}, ErrFormat, "part 2: blob table: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			wrong := *second
			test.change(&wrong)
			source, size := wrong.Source()
			err := r.AddPart(source, size)
			requireClear(t, err, test.kind)
			require.ErrorContains(t, err, test.text)
			require.Equal(t, []int{2}, r.MissingParts())
			requireFile(t, craftedTree(t, r), "0", []byte("first"))
			requireNoFile(t, craftedTree(t, r), "1", ErrMissingPart)
		})
	}
	source, size := second.Source()
	require.NoError(t, r.AddPart(source, size))
	requireFile(t, craftedTree(t, r), "1", []byte("second"))
	requireClean(t, r)
	require.ErrorContains(t, r.AddPart(source, size), "part 2 was given twice")
}

// One damaged part makes its own blobs unreadable, not those of others.
func TestHostilePartNeighbours(t *testing.T) {
	var parts []*wimtest.WIM
	var hashes [][20]byte
	for i := range 3 {
		w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
		w.Header.Part, w.Header.Parts, w.Header.Images = uint16(i+1), 3, 1
		hashes = append(hashes, w.AddChunked(counted(9000+i)))
		parts = append(parts, w)
	}
	parts[0].Header.Images = 0
	withImage(parts[0], hashes...)
	parts[1].Table[0].Size-- // its last chunk no longer has its size
	r := openCrafted(t, parts[0])
	for _, w := range parts[1:] {
		source, size := w.Source()
		require.NoError(t, r.AddPart(source, size))
	}
	tree := craftedTree(t, r)
	requireFile(t, tree, "0", counted(9000))
	requireNoFile(t, tree, "1", ErrFormat)
	requireFile(t, tree, "2", counted(9002))
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 1)
	require.Equal(t, []string{"1:1"}, wimtest.Texts(report.Problems[0].Affected))
}

// A set is put together once, however many parts and images it has; a boot
// index is that of the header, whichever part is opened first.
func TestHostilePartsOfManyImages(t *testing.T) {
	const parts, images = 40, 2000
	part := func(number int) (io.ReaderAt, int64) {
		w := wimtest.NewWIM()
		w.Header.Flags = wimtest.HeaderSpanned
		w.Header.Part, w.Header.Parts = uint16(number), parts
		w.Header.BootIndex = 2
		if number == 1 {
			metadata := (&wimtest.Metadata{Root: wimtest.Directory("")}).Bytes()
			for range images {
				w.AddMetadata(metadata)
			}
		}
		w.Header.Images = images
		w.XML = []byte("<WIM></WIM>")
		return w.Source()
	}
	source, size := part(1)
	r, err := NewReader(source, size)
	require.NoError(t, err)
	require.Len(t, r.Images, images)
	first := r.Images[0]
	requireMemory(t, parts*64<<10, func() {
		for number := 2; number <= parts; number++ {
			source, size := part(number)
			require.NoError(t, r.AddPart(source, size))
		}
	})
	require.Same(t, first, r.Images[0], "images are not listed again for each part")

	source, size = part(2)
	r, err = NewReader(source, size)
	require.NoError(t, err)
	require.Zero(t, r.BootIndex(), "there are no images")
	source, size = part(1)
	require.NoError(t, r.AddPart(source, size))
	require.Equal(t, 2, r.BootIndex())
}
