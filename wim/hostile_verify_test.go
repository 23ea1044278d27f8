package wim

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// manyImages has many images of 1000 files each, which share the metadata of
// one.
func manyImages(images int, hash [20]byte) *wimtest.WIM {
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	for i := range 1000 {
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), hash))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	for range images - 1 {
		w.Add(w.Table[0])
	}
	w.Header.Images = uint32(images)
	return w
}

// Many images that share the metadata of one do not cost many trees.
func TestHostileManyImages(t *testing.T) {
	const images = 2000
	r := openCrafted(t, manyImages(images, [20]byte{}))
	require.Len(t, r.Images, images)
	// A tree of 1000 nodes takes more than 200,000 bytes to make, and 64,000 to
	// keep.
	requireMemory(t, 16<<20, func() {
		report := verifyCrafted(t, r)
		require.Equal(t, 1, report.Blobs)
		require.Len(t, report.Problems, 1)
		require.ErrorContains(t, report.Problems[0].Err, "1999 resources overlap others")
		require.Zero(t, r.MissingBlobs())
	})
	requireMemory(t, 1<<20, func() {
		for _, image := range r.Images {
			_, err := image.FS()
			require.NoError(t, err)
		}
	})

	// Two million entries that a missing blob affects, of which some are
	// listed.
	r = openCrafted(t, manyImages(images, [20]byte{1}))
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 2)
	require.Equal(t, images*1000, len(report.Problems[1].Affected)+report.Problems[1].MoreAffected)

	// To extract them takes a tree, not two thousand, of 64,000 bytes each.
	r = openCrafted(t, manyImages(images, [20]byte{}))
	requireMemory(t, 64<<20, func() {
		report, err := r.Extract(t.Context(), t.TempDir(), WithPaths("999"))
		require.NoError(t, err)
		require.Equal(t, images, report.Files)
	})

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStop)
	_, err := r.Verify(ctx)
	require.ErrorIs(t, err, errStop)
	_, err = r.Extract(ctx, t.TempDir())
	require.ErrorIs(t, err, errStop)
}

// Many images that share one metadata resource are counted once, and cannot all be
// written: each would have its own.
func TestHostileManyImagesWritten(t *testing.T) {
	crafted := manyImages(6000, [20]byte{})
	crafted.XML = wimtest.XML("<WIM></WIM>")
	r := openCrafted(t, crafted)
	dir := t.TempDir()
	w, err := NewWriter()
	require.NoError(t, err)
	// The tree takes more than 200,000 bytes to make.
	requireMemory(t, 32<<20, func() { require.NoError(t, w.Export(r.Images...)) })
	_, err = w.WriteFile(t.Context(), filepath.Join(dir, "out.wim"))
	requireClear(t, err, ErrFormat)
	require.ErrorContains(t, err, "share their metadata")
	_, err = r.Split(t.Context(), filepath.Join(dir, "out.swm"), 1<<20)
	requireClear(t, err, ErrFormat)
	require.ErrorContains(t, err, "share their metadata")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	w, err = NewWriter()
	require.NoError(t, err)
	require.NoError(t, w.Export(r.Images[:100]...))
	_, err = w.WriteFile(t.Context(), filepath.Join(dir, "out.wim"))
	require.NoError(t, err)
}

// Nor do many images whose metadata differs in the table, and is the same few
// stored bytes: what all of them unfold to is bounded together.
func TestHostileManyMetadata(t *testing.T) {
	const chunks, images = 256, 100
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	first := make([]byte, 32768)
	copy(first, (&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("f", [20]byte{}))}).Bytes())
	resource := wimtest.Chunked{USize: chunks * 32768, Chunks: [][]byte{first}} // as long as a chunk: it is not compressed
	for range chunks - 1 {
		resource.Chunks = append(resource.Chunks, wimtest.ZerosLZX32K)
	}
	stored := append(resource.Bytes(), make([]byte, images)...)
	at := w.Place(stored)
	for i := range uint64(images) {
		w.Add(wimtest.TableEntry{
			ResourceHeader: wimtest.ResourceHeader{Size: uint64(len(stored)-images) + i, Flags: wimtest.ResourceMetadata | wimtest.ResourceCompressed, Offset: at, USize: resource.USize},
			Part:           1, References: 1, SHA1: wimtest.SHA1(append(first, make([]byte, (chunks-1)*32768)...)),
		})
	}
	w.Header.Images = images
	r := openCrafted(t, w)
	require.Len(t, r.Images, images)
	good := int(512 * r.Size() / (chunks * 32768)) // of 8 MiB each
	require.Greater(t, good, 1)
	require.Less(t, good, 10)

	report := verifyCrafted(t, r)
	require.Equal(t, good, report.Blobs)
	require.Len(t, report.Problems, 1+images-good)
	for i, p := range report.Problems[1:] {
		requireClear(t, p.Err, ErrFormat)
		require.ErrorContains(t, p.Err, fmt.Sprintf("image %d: metadata: 8388608 bytes, and %d in other images, in a file of %d", good+1+i, good*8388608, r.Size()))
	}
	require.Zero(t, r.MissingBlobs())
	for i, image := range r.Images {
		tree, err := image.FS()
		if i >= good {
			requireClear(t, err, ErrFormat)
			continue
		}
		require.NoError(t, err)
		requireFile(t, tree, "f", nil)
	}
}

// The paths that a report lists are bounded where the metadata makes them long
// and many.
func TestHostileReportText(t *testing.T) {
	w := wimtest.NewWIM()
	bad := w.AddBlob([]byte("bad"))
	w.Table[0].SHA1[0] ^= 1
	bad[0] ^= 1
	root := wimtest.Directory("")
	deep := root
	for range 160 { // of 200 units each
		next := wimtest.Directory(strings.Repeat("d", 200))
		deep.Children = append(deep.Children, next)
		deep = next
	}
	const files = 5000
	for i := range files {
		hash := bad
		if i%2 == 0 {
			hash = [20]byte{1, byte(i), byte(i >> 8)}
		}
		deep.Children = append(deep.Children, wimtest.RegularFile(fmt.Sprint(i), hash))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	r := openCrafted(t, w)

	for _, workers := range []int{1, 2, 5} {
		report := verifyCrafted(t, r, WithWorkers(workers))
		text, more, affected := 0, 0, 0
		for _, p := range report.Problems {
			for _, a := range p.Affected {
				text += len(a.Path)
				affected++
			}
			more += p.MoreAffected
		}
		require.LessOrEqual(t, text, 2*maxReportText)
		require.Greater(t, text, 2*maxReportText*3/4)
		require.Equal(t, files, affected+more+report.MoreProblems, "a missing blob affects one file")
		require.Equal(t, files/2, report.MissingBlobs)
		require.Equal(t, 1+files/2, len(report.Problems)+report.MoreProblems)
	}

	extracted, err := r.Images[0].Extract(t.Context(), t.TempDir())
	require.Error(t, err)
	text, affected := 0, extracted.MoreProblems
	for _, p := range extracted.Problems {
		for _, a := range p.Affected {
			text += len(a.Path)
		}
		affected += len(p.Affected) + p.MoreAffected
	}
	require.LessOrEqual(t, text, maxReportText)
	require.Equal(t, files, affected)
	require.ErrorContains(t, err, fmt.Sprintf("%d problems", files/2+1)) // what is missing is one
}

// What blobs claim to have that cannot be read is in no sum.
func TestHostileSums(t *testing.T) {
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
	good := w.AddBlob([]byte("good"))
	for i := range 4 {
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
			Size: 4, Flags: wimtest.ResourceCompressed, Offset: 208, USize: math.MaxInt64}, Part: 1, References: 1, SHA1: [20]byte{byte(i + 1)}})
	}
	withImage(w, good)
	r := openCrafted(t, w)
	var last Progress
	report := verifyCrafted(t, r, WithProgress(func(p Progress) {
		require.GreaterOrEqual(t, p.BytesDone, last.BytesDone)
		require.GreaterOrEqual(t, p.BytesTotal, p.BytesDone)
		last = p
	}))
	require.Len(t, report.Problems, 1+4)
	require.EqualValues(t, 4+r.Images[0].tree.metadata.size(), report.Bytes)
	require.EqualValues(t, 4, last.BytesDone)
	require.EqualValues(t, 4, last.BytesTotal)
}

// Problems are in one order, whichever worker finds them first: metadata, then
// blobs as they are stored, then what is missing.
func TestHostileProblemsInOrder(t *testing.T) {
	w := wimtest.NewWIM()
	const files = 300 // of 10,000 bytes: some jobs of the bulk reader
	root := wimtest.Directory("")
	want := []string{"2:"}
	for i := range files {
		hash := w.AddBlob(bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 5000))
		if i%3 == 0 {
			hash[0] ^= 1
			w.Table[i].SHA1 = hash
			want = append(want, fmt.Sprintf("1:%03d", i))
		}
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprintf("%03d", i), hash))
	}
	want = append(want, "1:missing")
	root.Children = append(root.Children, wimtest.RegularFile("missing", [20]byte{1}))
	w.AddImage(&wimtest.Metadata{Root: root})
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	w.Table[files+1].SHA1[0] ^= 1
	slices.Reverse(w.Table[:files])
	r := openCrafted(t, w)
	for _, workers := range []int{1, 2, 7} {
		report := verifyCrafted(t, r, WithWorkers(workers))
		var affected []string
		for _, p := range report.Problems {
			affected = append(affected, wimtest.Texts(p.Affected)...)
		}
		require.Equal(t, want, affected, "%d workers", workers)
		require.Equal(t, 1, report.MissingBlobs)
	}
}

// Nor do many images that share metadata which is damaged.
func TestHostileManyBadImages(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile(strings.Repeat("n", 30_000), [20]byte{}))})
	w.Table[0].SHA1[0] ^= 1
	const images = 2000
	for range images - 1 {
		w.Add(w.Table[0])
	}
	w.Header.Images = images
	r := openCrafted(t, w)
	requireMemory(t, 16<<20, func() { // 2000 times the metadata is 120 MB
		report := verifyCrafted(t, r)
		require.Len(t, report.Problems, 1+images)
		require.ErrorContains(t, report.Problems[1].Err, "image 1: metadata")
		require.ErrorContains(t, report.Problems[images].Err, "image 2000: metadata")
		require.Zero(t, r.MissingBlobs())
	})
}

// What an image takes from a referenced file is verified with it.
func TestHostileReference(t *testing.T) {
	base := wimtest.NewWIM()
	good, bad := base.AddBlob([]byte("good")), base.AddBlob([]byte("content"))
	unused := base.AddBlob([]byte("nothing uses it"))
	data := base.Bytes()
	for _, content := range []string{"content", "nothing"} {
		data[bytes.Index(data, []byte(content))] ^= 1
	}
	reference, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	for _, workers := range []int{1, 3} {
		r := openCrafted(t, withImage(wimtest.NewWIM(), good, bad))
		r.Reference(reference)
		report := verifyCrafted(t, r, WithWorkers(workers))
		require.Len(t, report.Problems, 1)
		requireClear(t, report.Problems[0].Err, ErrChecksum)
		require.Equal(t, []string{"1:1"}, wimtest.Texts(report.Problems[0].Affected))
		require.Equal(t, 1+2, report.Blobs, "the metadata, and two of the reference")
	}
	require.NotEqual(t, good, unused)
}

// Of two blobs with one hash the first is used, so that damage to the second
// affects nothing.
func TestHostileDamagedCopy(t *testing.T) {
	w := wimtest.NewWIM()
	hash := w.AddBlob([]byte("content"))
	w.AddBlob([]byte("CONTENT"))
	w.Table[1].SHA1 = hash
	r := openCrafted(t, withImage(w, hash))
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 1)
	requireClear(t, report.Problems[0].Err, ErrChecksum)
	require.Empty(t, report.Problems[0].Affected)
	requireFile(t, craftedTree(t, r), "0", []byte("content"))
	require.Len(t, slices.Collect(r.Blobs()), 1)
}
