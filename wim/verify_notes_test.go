package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// requireNotes checks the notes on a file that has nothing wrong else. Each
// note contains one of the texts, in their order.
func requireNotes(t *testing.T, r *Reader, texts ...string) {
	t.Helper()
	report := verifyCrafted(t, r)
	require.True(t, report.OK(), report.Problems)
	require.Len(t, report.Notes, len(texts), "%v", report.Notes)
	for i, text := range texts {
		requireClear(t, report.Notes[i], ErrFormat)
		require.Contains(t, report.Notes[i].Error(), text)
	}
}

// The reference count of a blob is the number of its names in all images (WIM
// format sheet, section 2.1).
func TestVerifyNotesReferenceCounts(t *testing.T) {
	hello, world := []byte("hello"), []byte("world")
	crafted := func(images int, counts ...uint32) *Reader {
		w := wimtest.NewWIM()
		hashes := [][20]byte{w.AddBlob(hello), w.AddBlob(world)}
		first := wimtest.RegularFile("b", hashes[1])
		first.Streams = []wimtest.StreamEntry{{Name: "s", Hash: hashes[0]}}
		for range images {
			w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
				wimtest.RegularFile("a", hashes[0]), first, wimtest.RegularFile("c", hashes[0]))})
		}
		for i, count := range counts {
			w.Table[i].References = count
		}
		return openCrafted(t, w)
	}
	requireNotes(t, crafted(1, 3, 1)) // a, b:s, c; b
	requireNotes(t, crafted(2, 6, 2))
	requireNotes(t, crafted(2, 3, 2), "blob "+SHA1(wimtest.SHA1(hello)).String()+": reference count 3, but images use it 6 times")
	requireNotes(t, crafted(1, 0, 1<<32-1), "reference count 0, but images use it 3 times", "reference count 4294967295, but images use it once")
	requireNotes(t, crafted(0, 0, 1), "blob "+SHA1(wimtest.SHA1(hello)).String()+", of 5 bytes: no image uses it", "no image uses it")

	// An image that cannot be read may use anything.
	w := wimtest.NewWIM()
	w.AddBlob(hello)
	w.AddMetadata([]byte("no metadata"))
	report := verifyCrafted(t, openCrafted(t, w))
	require.Len(t, report.Problems, 1)
	require.Empty(t, report.Notes)
}

// Images that have the same entry in the table have their names each.
func TestVerifyNotesSharedTree(t *testing.T) {
	w := wimtest.NewWIM()
	withImage(w, w.AddBlob([]byte("hello")))
	w.Add(w.Table[1])
	w.Header.Images = 2
	report := verifyCrafted(t, openCrafted(t, w))
	require.Len(t, report.Notes, 1)
	require.ErrorContains(t, report.Notes[0], "reference count 1, but images use it 2 times")
	w.Table[0].References = 2
	require.Empty(t, verifyCrafted(t, openCrafted(t, w)).Notes)
}

func TestVerifyNotesUnusedEntries(t *testing.T) {
	w := wimtest.NewWIM()
	withImage(w, w.AddBlob([]byte("hello")))
	again := w.AddBlob([]byte("hello"))
	withImage(w)
	w.Table[3].References = 0
	w.Header.Images = 1
	requireNotes(t, openCrafted(t, w), "metadata "+SHA1(w.Table[3].SHA1).String()+", of ",
		"blob "+SHA1(again).String()+", of 5 bytes, is in the blob table again")
}

func TestVerifyNotesBootMetadata(t *testing.T) {
	crafted := func(edit func(h *wimtest.Header, metadata wimtest.ResourceHeader)) *Reader {
		w := wimtest.NewWIM()
		withImage(w)
		withImage(w)
		w.Edit = func(h *wimtest.Header) { edit(h, w.Table[1].ResourceHeader) }
		return openCrafted(t, w)
	}
	set := func(index uint32, change func(boot *wimtest.ResourceHeader)) *Reader {
		return crafted(func(h *wimtest.Header, metadata wimtest.ResourceHeader) {
			h.BootIndex, h.Boot = index, metadata
			change(&h.Boot)
		})
	}
	requireNotes(t, set(2, func(*wimtest.ResourceHeader) {}))
	requireNotes(t, set(0, func(boot *wimtest.ResourceHeader) { *boot = wimtest.ResourceHeader{} }))
	requireNotes(t, set(0, func(*wimtest.ResourceHeader) {}), "but no image boots")
	requireNotes(t, set(1, func(*wimtest.ResourceHeader) {}), "that of image 1, which boots, has")
	requireNotes(t, set(2, func(boot *wimtest.ResourceHeader) { *boot = wimtest.ResourceHeader{} }), "boot metadata of 0 bytes at offset 0")
	for _, change := range []func(boot *wimtest.ResourceHeader){
		func(boot *wimtest.ResourceHeader) { boot.Offset-- },
		func(boot *wimtest.ResourceHeader) { boot.Size++ },
		func(boot *wimtest.ResourceHeader) { boot.USize++ },
		func(boot *wimtest.ResourceHeader) { boot.Flags |= wimtest.ResourceCompressed },
	} {
		requireNotes(t, set(2, change), "that of image 2, which boots, has")
	}
}

// The notes that a report lists are bounded.
func TestHostileNotes(t *testing.T) {
	const entries = 300_000 // of 50 bytes each
	w := wimtest.NewWIM()
	withImage(w)
	deleted := w.Table[0]
	deleted.References = 0
	for range entries {
		w.Add(deleted)
	}
	report := verifyCrafted(t, openCrafted(t, w))
	require.True(t, report.OK())
	text := 0
	for _, note := range report.Notes {
		text += len(note.Error())
	}
	require.Less(t, text, maxReportText)
	require.Greater(t, len(report.Notes), 100_000)
	require.Positive(t, report.MoreNotes)
	require.Equal(t, entries, len(report.Notes)+report.MoreNotes)
}
