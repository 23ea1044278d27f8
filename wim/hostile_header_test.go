package wim

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// craftedHello makes a file with one image, whose file "0" says hello.
func craftedHello() *wimtest.WIM {
	w := wimtest.NewWIM()
	return withImage(w, w.AddBlob([]byte("hello")))
}

// withHeader makes a file whose header a test changes.
func withHeader(change func(h *wimtest.Header)) *wimtest.WIM {
	w := craftedHello()
	w.Edit = change
	return w
}

// Headers that make the whole file unreadable: each ends in one error, and
// nothing is allocated on its word.
func TestHostileHeader(t *testing.T) {
	codec := func(flags, chunkSize uint32) *wimtest.WIM {
		return withHeader(func(h *wimtest.Header) { h.Flags, h.ChunkSize = wimtest.HeaderCompression|flags, chunkSize })
	}
	for _, test := range []struct {
		name string
		w    *wimtest.WIM
		kind error
		text string
	}{
		{"header size 0", withHeader(func(h *wimtest.Header) { h.Size = 0 }), ErrFormat, "header size 0"},
		{"header size 207", withHeader(func(h *wimtest.Header) { h.Size = 207 }), ErrFormat, "header size 207"},
		{"header size 2^32-1", withHeader(func(h *wimtest.Header) { h.Size = math.MaxUint32 }), ErrFormat, "header size 4294967295"},
		{"no magic", withHeader(func(h *wimtest.Header) { h.Magic = "MSWIM\x00\x00\x01" }), ErrFormat, "not a WIM"},
		{"unknown version 0", withHeader(func(h *wimtest.Header) { h.Version = 0 }), ErrUnsupported, "version 0x0"},
		{"unknown version 1.12", withHeader(func(h *wimtest.Header) { h.Version = 0x10C00 }), ErrUnsupported, "beta"},
		{"unknown version 1.14", withHeader(func(h *wimtest.Header) { h.Version = 0x10E00 }), ErrUnsupported, "newer"},
		{"chunk size 0", codec(wimtest.HeaderLZX, 0), ErrFormat, "chunk size 0"},
		{"chunk size not a power of two", codec(wimtest.HeaderLZX, 32769), ErrFormat, "chunk size 32769"},
		{"chunk size 2^32-1", codec(wimtest.HeaderLZMS, math.MaxUint32), ErrFormat, "chunk size 4294967295"},
		{"XPRESS chunk of 2^17", codec(wimtest.HeaderXPRESS, 1<<17), ErrUnsupported, "131072"},
		{"XPRESS chunk of 2^11", codec(wimtest.HeaderXPRESS2, 1<<11), ErrUnsupported, "2048"},
		{"LZX chunk of 2^25", codec(wimtest.HeaderLZX, 1<<25), ErrUnsupported, "33554432"},
		{"LZMS chunk of 2^31", codec(wimtest.HeaderLZMS, 1<<31), ErrUnsupported, "2147483648"},
		{"no codec", codec(0, 32768), ErrUnsupported, "no known codec"},
		{"reserved codec", codec(wimtest.HeaderReserved, 32768), ErrUnsupported, "no known codec"},
		{"XPRESS and LZX", codec(wimtest.HeaderXPRESS|wimtest.HeaderLZX, 32768), ErrFormat, "more than one codec"},
		{"all codecs", codec(wimtest.HeaderXPRESS2|wimtest.HeaderLZX|wimtest.HeaderLZMS, 32768), ErrFormat, "more than one codec"},
		{"part 0", withHeader(func(h *wimtest.Header) { h.Part = 0 }), ErrFormat, "part 0 of 1"},
		{"part 3 of 2", withHeader(func(h *wimtest.Header) { h.Part, h.Parts = 3, 2 }), ErrFormat, "part 3 of 2"},
		{"total 0", withHeader(func(h *wimtest.Header) { h.Parts = 0 }), ErrFormat, "part 1 of 0"},
		{"neither blob table nor XML", withHeader(func(h *wimtest.Header) {
			h.BlobTable, h.XML = wimtest.ResourceHeader{}, wimtest.ResourceHeader{}
		}), ErrFormat, "not written to its end"},
		{"blob table of 2^56-1 bytes", withHeader(func(h *wimtest.Header) {
			h.BlobTable.Size, h.BlobTable.USize = 1<<56-1, 1<<56-1
		}), ErrLimit, "blob table: 72057594037927935 bytes"},
		{"blob table of 2^29 bytes", withHeader(func(h *wimtest.Header) {
			h.BlobTable.Size, h.BlobTable.USize = 1<<29, 1<<29
		}), ErrFormat, "outside of the file"},
		{"blob table with another usize", withHeader(func(h *wimtest.Header) { h.BlobTable.USize += 50 }), ErrFormat, "stored raw"},
		{"blob table offset wraps", withHeader(func(h *wimtest.Header) { h.BlobTable.Offset = math.MaxUint64 - 10 }), ErrFormat, "outside of the file"},
		{"blob table past EOF", withHeader(func(h *wimtest.Header) { h.BlobTable.Offset += 1000 }), ErrFormat, "outside of the file"},
		{"blob table ends past EOF", withHeader(func(h *wimtest.Header) { h.BlobTable.Offset += h.XML.Size + 1 }), ErrFormat, "outside of the file"},
		{"blob table compressed without a codec", withHeader(func(h *wimtest.Header) { h.BlobTable.Flags = wimtest.ResourceCompressed }), ErrUnsupported, "no compression"},
	} {
		t.Run(test.name, func(t *testing.T) {
			source, size := test.w.Source()
			requireMemory(t, 256<<10, func() {
				_, err := NewReader(source, size)
				requireClear(t, err, test.kind)
				require.ErrorContains(t, err, test.text)
			})
		})
	}
}

// Files that are shorter than they should be: every length of a small file ends
// in an error, or in a file that can be read as far as it goes.
func TestHostileFileTooShort(t *testing.T) {
	for name, w := range map[string]*wimtest.WIM{"normal": craftedHello(), "pipable": func() *wimtest.WIM {
		w := wimtest.NewPipableWIM(wimtest.HeaderXPRESS, 4096)
		return withImage(w, w.AddChunked(counted(5000)))
	}()} {
		t.Run(name, func(t *testing.T) {
			whole := w.Bytes()
			for n := range whole {
				r, err := NewReader(bytes.NewReader(whole[:n]), int64(n))
				if err == nil { // the XML is cut off, which is after everything else
					require.Equal(t, "normal", name)
					requireWarning(t, r.Warnings(), "XML")
					requireFile(t, craftedTree(t, r), "0", []byte("hello"))
					continue
				}
				requireClear(t, err, ErrFormat)
				if name == "pipable" && n > headerSize {
					require.ErrorContains(t, err, "it may be cut off")
				}
			}
			// A source that ends before the size that was promised.
			for n := range whole {
				r, err := NewReader(bytes.NewReader(whole[:n]), int64(len(whole)))
				if err == nil {
					tree, err := r.Images[0].FS()
					require.NoError(t, err)
					_, err = tree.ReadFile("0")
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
		})
	}
	_, err := NewReader(bytes.NewReader(nil), 0)
	requireClear(t, err, ErrFormat)
	_, err = NewReader(bytes.NewReader(nil), -1)
	requireClear(t, err, ErrFormat)
}

// Counts in the header that are wrong: the table is the truth, and the file
// stays readable.
func TestHostileCounts(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(h *wimtest.Header)
		images int
		text   string
	}{
		{"image count 2^32-1", func(h *wimtest.Header) { h.Images = math.MaxUint32 }, 1, "metadata of 1 images, the header says 2147483647"},
		{"image count 2", func(h *wimtest.Header) { h.Images = 2 }, 1, "metadata of 1 images, the header says 2"},
		{"boot index 2", func(h *wimtest.Header) { h.BootIndex = 2 }, 1, "boot index 2"},
		{"boot index 2^32-1", func(h *wimtest.Header) { h.BootIndex = math.MaxUint32 }, 1, "boot index 2147483647"},
		{"write in progress", func(h *wimtest.Header) { h.Flags |= wimtest.HeaderWriteInProgress }, 1, "being written"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r *Reader
			w := withHeader(test.change)
			requireMemory(t, 256<<10, func() { r = openCrafted(t, w) })
			require.Len(t, r.Images, test.images)
			require.Zero(t, r.BootIndex())
			require.Len(t, r.Warnings(), 1)
			requireClear(t, r.Warnings()[0], ErrFormat)
			requireWarning(t, r.Warnings(), test.text)
			requireFile(t, craftedTree(t, r), "0", []byte("hello"))
		})
	}
	// Without metadata there are no images, whatever the header says.
	w := wimtest.NewWIM()
	w.AddBlob([]byte("hello"))
	w.Edit = func(h *wimtest.Header) { h.Images = math.MaxUint32 }
	r := openCrafted(t, w)
	require.Empty(t, r.Images)
	// Part 2 has none of its own: the XML tells which there are.
	w.Header.Part, w.Header.Parts = 2, 2
	w.XML = wimtest.XML("<WIM>" + imageName + "</WIM>")
	requireMemory(t, 256<<10, func() { r = openCrafted(t, w) })
	require.Len(t, r.Images, 1)
	_, err := r.Images[0].FS()
	requireClear(t, err, ErrMissingPart)
}

// Resource headers that point into other structures: reads are bounded, and the
// SHA-1 or the parser of what is there decides.
func TestHostileResourcePointsElsewhere(t *testing.T) {
	for _, test := range []struct {
		name string
		blob func(w *wimtest.WIM, e *wimtest.TableEntry)
	}{
		{"the header", func(_ *wimtest.WIM, e *wimtest.TableEntry) { e.Offset = 0 }},
		{"the last byte", func(w *wimtest.WIM, e *wimtest.TableEntry) {
			_, size := w.Source()
			e.Offset, e.Size, e.USize = uint64(size-1), 1, 1
		}},
		{"the whole file", func(w *wimtest.WIM, e *wimtest.TableEntry) {
			_, size := w.Source()
			e.Offset, e.Size, e.USize = 0, uint64(size), uint64(size)
		}},
		{"the metadata", func(w *wimtest.WIM, e *wimtest.TableEntry) { e.ResourceHeader = w.Table[0].ResourceHeader; e.Flags = 0 }},
		{"the blob table", func(w *wimtest.WIM, e *wimtest.TableEntry) {
			e.Offset = uint64(w.Body().Size())
			e.Size, e.USize = 150, 150
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			hello, other := w.AddBlob([]byte("hello")), w.AddBlob([]byte("other"))
			withImage(w, hello, other)
			w.Table[0], w.Table[1], w.Table[2] = w.Table[2], w.Table[0], w.Table[1]
			test.blob(w, &w.Table[1])
			r := openCrafted(t, w)
			requireNoFile(t, craftedTree(t, r), "0", ErrChecksum)
			requireFile(t, craftedTree(t, r), "1", []byte("other"))
		})
	}
	// The blob table's own header points at the file's header: 208 bytes are
	// four entries of nonsense.
	r := openCrafted(t, withHeader(func(h *wimtest.Header) { h.BlobTable.Offset, h.BlobTable.Size, h.BlobTable.USize = 0, 208, 208 }))
	require.NotEmpty(t, r.Warnings())
	report := verifyCrafted(t, r)
	for _, p := range report.Problems {
		require.ErrorIs(t, p.Err, ErrFormat)
	}
	// The metadata is something else.
	w := craftedHello()
	w.Table[1].ResourceHeader = w.Table[0].ResourceHeader
	w.Table[1].Flags = wimtest.ResourceMetadata
	_, err := openCrafted(t, w).Images[0].FS()
	requireClear(t, err, ErrChecksum)
	w.Table[1].SHA1 = w.Table[0].SHA1
	_, err = openCrafted(t, w).Images[0].FS()
	requireClear(t, err, ErrFormat)
}
