package wim

import (
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// The limits that the comment of Limits promises are those that hold, for a field
// that is 0 or negative.
func TestDefaultLimits(t *testing.T) {
	for _, unset := range []int64{0, -1, -1 << 63} {
		l := Limits{XML: unset, BlobTable: unset, Metadata: unset, ChunkSize: unset}
		l.setDefaults()
		require.Equal(t, Limits{XML: 64 << 20, BlobTable: 512 << 20, Metadata: 256 << 20, ChunkSize: 64 << 20}, l)
	}
	l := Limits{XML: 1, BlobTable: 2, Metadata: 3, ChunkSize: 4, ChunkCache: 5}
	l.setDefaults()
	require.Equal(t, Limits{XML: 1, BlobTable: 2, Metadata: 3, ChunkSize: 4, ChunkCache: 5}, l)

	require.EqualValues(t, 16<<20, openCrafted(t, craftedHello()).cache.Budget)
	w := wimtest.NewWIM()
	w.AddSolid(wimtest.Solid{USize: 5, ChunkSize: 32768, Codec: wimtest.CodecLZX, Chunks: [][]byte{[]byte("hello")}})
	withImage(w, w.AddSolidBlob([]byte("hello"), 0))
	for unset, want := range map[int64]int64{0: 256 << 20, -1: 256 << 20, 7: 7} {
		require.Equal(t, want, openCrafted(t, w, WithLimits(Limits{ChunkCache: unset})).cache.Budget)
	}
}

// However much is odd, the warnings are a hundred and one: the last counts the
// others.
func TestWarningsAreBounded(t *testing.T) {
	w := craftedHello()
	const odd = 5000
	for i := range odd { // metadata that is used twice is none
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{Size: 1, USize: 1, Flags: wimtest.ResourceMetadata}, Part: 1, References: 2,
			SHA1: [20]byte{byte(i), byte(i >> 8), 1}})
	}
	warnings := openCrafted(t, w).Warnings()
	require.Len(t, warnings, 101)
	require.EqualError(t, warnings[100], fmt.Sprintf("%d more warnings", odd-100))

	var children []*wimtest.Dentry
	for i := range odd { // files with children
		child := wimtest.RegularFile(fmt.Sprint(i), [20]byte{})
		child.Subdir = wimtest.Of(uint64(8))
		children = append(children, child)
	}
	w = wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", children...)})
	warnings = craftedTree(t, openCrafted(t, w)).Warnings()
	require.Len(t, warnings, 101)
	require.EqualError(t, warnings[100], fmt.Sprintf("%d more warnings", odd-100))
}

// Metadata that ends where its root should begin is cut off. An end marker in
// its place makes an empty image (TestEmptyImage).
func TestMetadataWithoutRoomForRoot(t *testing.T) {
	for _, size := range []int{8, 9, 15} {
		w := wimtest.NewWIM()
		w.AddMetadata(append([]byte{8}, make([]byte, size-1)...)) // security data of 8 bytes
		_, err := openCrafted(t, w).Images[0].FS()
		requireClear(t, err, ErrFormat)
		require.ErrorContains(t, err, fmt.Sprintf("the metadata has %d bytes, and no room for a root dentry at offset 8", size))
	}
	w := wimtest.NewWIM()
	w.AddMetadata(append([]byte{8}, make([]byte, 15)...))
	craftedTree(t, openCrafted(t, w))
}

// The streams of an LZMS chunk are read towards each other. Bytes that are too
// many or too few between them are not looked for: what comes out has the right
// SHA-1, or it is an error. (7-Zip wants a final state; wimlib does not look.)
func TestLZMSChunkWithOtherMiddle(t *testing.T) {
	// WIM format sheet, appendix B.4.
	chunk, err := hex.DecodeString("3e064ea4d6c8fa0f2ce1000010779fba4dd339254e7953da9435254d3953ca943196484e" +
		"a18c4d2cac0a65687420666f203020776f72")
	require.NoError(t, err)
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "row %d of the table\n", i)
	}
	require.Equal(t, 230, text.Len())
	read := func(chunk []byte) bool {
		w := wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 32768)
		withImage(w, w.AddStored(chunk, []byte(text.String()), wimtest.ResourceCompressed))
		tree := craftedTree(t, openCrafted(t, w))
		data, err := tree.ReadFile("0")
		if err == nil {
			require.Equal(t, text.String(), string(data))
			return true
		}
		if !strings.Contains(err.Error(), ErrChecksum.Error()) {
			requireClear(t, err, ErrFormat)
		}
		return false
	}
	require.True(t, read(chunk))
	longer, shorter := 0, 0
	for at := 0; at <= len(chunk); at += 2 {
		if read(slices.Insert(slices.Clone(chunk), at, 0xAA, 0x55)) {
			longer++
		}
		if at < len(chunk) && read(slices.Delete(slices.Clone(chunk), at, at+2)) {
			shorter++
		}
	}
	require.Positive(t, longer, "a word where the streams meet is read by neither")
	require.LessOrEqual(t, shorter, 1, "but for the word that ends the range coder's stream, each counts")
}

// A number of workers that no machine has use for costs nothing.
func TestWorkersAreBounded(t *testing.T) {
	most := max(64, 4*runtime.GOMAXPROCS(0))
	for asked, want := range map[int]int{1: 1, 64: 64, 1_000_000: most, math.MaxInt: most, 0: runtime.GOMAXPROCS(0), -1: runtime.GOMAXPROCS(0)} {
		require.Equal(t, want, newBulk(newBulkOptions([]BulkOption{WithWorkers(asked)})).workers, "%d", asked)
	}
}
