package wim_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// splitting splits into a directory of its own, which has to have the parts
// afterwards, or nothing.
func splitting(t testing.TB, r *wim.Reader, limit int64, opts ...wim.SplitOption) (first string, parts [][]byte, report *wim.WriteReport, err error) {
	t.Helper()
	dir := quickDir(t)
	first = filepath.Join(dir, "out.swm")
	report, err = r.Split(t.Context(), first, limit, opts...)
	list, readErr := os.ReadDir(dir)
	require.NoError(t, readErr)
	if err != nil {
		require.Empty(t, list)
		return first, nil, nil, err
	}
	require.Len(t, list, report.Parts)
	var size int64
	for i := range list {
		data, err := os.ReadFile(partName(first, i+1))
		require.NoError(t, err)
		require.LessOrEqual(t, int64(len(data)), limit)
		parts = append(parts, data)
		size += int64(len(data))
	}
	require.Equal(t, size, report.Size)
	return first, parts, report, nil
}

// quickDir is a directory in memory where there is one: the files are synced.
func quickDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "wimble-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// partName is the name of a part, as DISM names it.
func partName(first string, number int) string {
	if number == 1 {
		return first
	}
	return fmt.Sprint(first[:len(first)-len(".swm")], number, ".swm")
}

// openParts opens a set that is in memory.
func openParts(t testing.TB, parts [][]byte) *wim.Reader {
	t.Helper()
	r := openBytes(t, parts[0])
	for _, data := range parts[1:] {
		require.NoError(t, addPart(r, data))
	}
	return r
}

// requireSplit splits, and has the set checked in all ways that need no other
// program. It returns the parts.
func requireSplit(t testing.TB, r *wim.Reader, limit int64, opts ...wim.SplitOption) [][]byte {
	t.Helper()
	_, parts, report, err := splitting(t, r, limit, opts...)
	require.NoError(t, err)
	requireSetInvariants(t, parts, true, report.Lacks)
	set := openParts(t, parts)
	require.Equal(t, contentsOf(t, r), contentsOf(t, set))
	verified, err := set.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, verified.Problems)
	return parts
}

// blobsFile is a file with blobs of some sizes, stored raw, and one image.
func blobsFile(sizes ...int) *wimtest.WIM {
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	random := rand.New(rand.NewPCG(20, uint64(len(sizes))))
	for i, size := range sizes {
		content := make([]byte, size)
		for k := range content {
			content[k] = byte(random.Uint32())
		}
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint("file", i), w.AddBlob(content)))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	return w
}

// tableOf returns the resources that a part's table names, and the sizes of its
// table and XML.
func tableOf(part []byte) (entries []place, table, xml int64) {
	header := part
	if string(part[:5]) == "WLPWM" { // pipable: the header at the end has the places
		header = part[len(part)-208:]
	}
	at, document := placeAt(header[48:]), placeAt(header[72:])
	for entry := range slices.Chunk(part[at.offset:at.offset+at.size], 50) {
		entries = append(entries, placeAt(entry))
	}
	return entries, int64(at.size), int64(document.size)
}

// TestSplitExactly computes the size of each part: 208 bytes of header, the
// XML, and for each blob its 1000 bytes and 50 bytes of a table entry.
func TestSplitExactly(t *testing.T) {
	const count, each = 40, 1000 + 50
	r := openBytes(t, blobsFile(slices.Repeat([]int{1000}, count)...).Bytes())
	whole := requireSplit(t, r, 1<<20)
	require.Len(t, whole, 1)
	entries, _, xml := tableOf(whole[0])
	metadata := int64(entries[0].size) + 50
	base := 208 + xml
	size := base + metadata + count*each
	require.Len(t, whole[0], int(size))

	step := int64(197)
	if testing.Short() {
		step *= 10
	}
	limits := []int64{size, size - 1, base + metadata + each, base + metadata, base + metadata - 1}
	for limit := base + metadata + each; limit < size; limit += step {
		limits = append(limits, limit)
	}
	for _, limit := range limits {
		var want []int
		left := int64(count)
		for room := limit - base - metadata; left > 0 || want == nil; room = limit - base {
			n := min(left, room/each)
			if room < 0 || room < each && want != nil {
				want = nil
				break
			}
			left -= n
			want = append(want, int(limit-room+n*each))
		}
		_, parts, _, err := splitting(t, r, limit)
		if want == nil {
			require.ErrorIs(t, err, wim.ErrOption, "%d", limit)
			continue
		}
		require.NoError(t, err)
		var got []int
		for _, part := range parts {
			got = append(got, len(part))
		}
		require.Equal(t, want, got, "%d", limit)
		requireSetInvariants(t, parts, false, 0)
	}
}

// TestSplitFillsParts has blobs of very different sizes: where a part has less
// than nine tenths of what it may have, none of the blobs after it would fit.
func TestSplitFillsParts(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 90))
	rounds := 40
	if testing.Short() {
		rounds = 6
	}
	for round := range rounds {
		var sizes []int
		for range 5 + random.IntN(120) {
			sizes = append(sizes, 1+int(random.ExpFloat64()*float64(500+random.IntN(3000))))
		}
		r := openBytes(t, blobsFile(sizes...).Bytes())
		_, _, xml := tableOf(requireSplit(t, r, 1<<30)[0])
		limit := 208 + xml + int64(slices.Max(sizes)) + 50 + int64(random.IntN(30_000))
		integrity := round%2 == 0
		if integrity {
			limit += 32 // the integrity table of so short a file
		}
		_, parts, _, err := splitting(t, r, limit, wim.WithIntegrityTable(integrity))
		if err != nil { // the metadata
			require.ErrorContains(t, err, "metadata")
			continue
		}
		for i, part := range parts[:len(parts)-1] {
			if int64(len(part)) >= limit-limit/10 {
				continue
			}
			for _, later := range parts[i+1:] {
				entries, _, _ := tableOf(later)
				for _, e := range entries {
					require.Greater(t, int64(len(part))+int64(e.size)+50, limit, "part %d of %d has room", i+1, len(parts))
				}
			}
		}
	}
}

// solidFile is a file with a solid resource of raw chunks of 4096 bytes that
// has blobs of some sizes, and with some blobs outside of it.
func solidFile(seed uint64, codec uint32, chunkSize uint32, sizes []int) *wimtest.WIM {
	random := rand.New(rand.NewPCG(20, seed))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	w := wimtest.NewCompressedWIM(codec, chunkSize)
	w.Header.Version = wimtest.VersionSolid
	root := wimtest.Directory("")
	add := func(sum [20]byte) {
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint("file", len(root.Children)), sum))
	}
	for i := range 4 {
		add(w.AddBlob(noise(100 * (i + 1))))
	}
	var contents [][]byte
	for _, size := range sizes {
		contents = append(contents, noise(size))
	}
	w.AddSolid(wimtest.SolidOf(slices.Concat(contents...), wimtest.CodecXPRESS, 4096))
	offset := uint64(0)
	for _, content := range contents {
		add(w.AddSolidBlob(content, offset))
		offset += uint64(len(content))
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	return w
}

// TestSplitCutsSolidResources cuts at all kinds of places. No more than one
// blob crosses a cut, where blobs do not overlap.
func TestSplitCutsSolidResources(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 2))
	rounds := 15
	if testing.Short() {
		rounds = 5
	}
	for round := range rounds {
		var sizes []int
		for range 10 + random.IntN(60) {
			sizes = append(sizes, 1+random.IntN(9000))
		}
		codec := []uint32{wimtest.HeaderXPRESS, wimtest.HeaderLZX, wimtest.HeaderLZMS}[round%3]
		r := openBytes(t, solidFile(uint64(round), codec, 32768, sizes).Bytes())
		entries, _, xml := tableOf(requireSplit(t, r, 1<<30)[0])
		least := 208 + xml + int64(entries[0].size) + 50
		for _, room := range []int64{10_000, 15_000, 25_000 + random.Int64N(50_000), 100_000} {
			_, parts, report, err := splitting(t, r, least+room)
			require.NoError(t, err)
			requireSetInvariants(t, parts, true, 0)
			set := openParts(t, parts)
			require.Equal(t, contentsOf(t, r), contentsOf(t, set))
			require.LessOrEqual(t, report.Packed, len(parts)-1+len(sizes)*4096/int(room))
			joined := filepath.Join(quickDir(t), "joined.wim")
			_, err = set.Join(t.Context(), joined)
			require.NoError(t, err)
			data, err := os.ReadFile(joined)
			require.NoError(t, err)
			requireInvariants(t, data, true)
			require.Equal(t, contentsOf(t, r), contentsOf(t, openBytes(t, data)))
		}
	}
}

// TestSplitCutsWhereLeastCrosses has blobs of one and a half chunks: no blob
// crosses each third chunk end, and parts of over 60 chunks have several of
// these in their last tenth.
func TestSplitCutsWhereLeastCrosses(t *testing.T) {
	r := openBytes(t, solidFile(1, wimtest.HeaderLZX, 32768, slices.Repeat([]int{6144}, 200)).Bytes())
	_, parts, report, err := splitting(t, r, 300_000)
	require.NoError(t, err)
	require.Greater(t, len(parts), 3)
	require.Zero(t, report.Packed)
	requireSetInvariants(t, parts, true, 0)
	for _, part := range parts[:len(parts)-1] {
		require.Greater(t, len(part), 270_000)
	}
}

// TestSplitFillsFirstPart has a solid resource that a part has room for, but
// not part 1 beside the metadata of all images, and nothing else that could
// fill part 1: it is cut. 7-Zip opens no set whose last part is larger than the
// first.
func TestSplitFillsFirstPart(t *testing.T) {
	r := openBytes(t, solidFile(3, wimtest.HeaderLZX, 32768, slices.Repeat([]int{2000}, 200)).Bytes())
	whole := requireSplit(t, r, 1<<20)
	require.Len(t, whole, 1)
	entries, _, xml := tableOf(whole[0])
	solid := int64(200*2000) + 24 + 4*98 + 50*201 // 98 raw chunks of 4096 bytes, with their table and entries
	require.Greater(t, int64(entries[0].size), int64(1000), "the metadata")
	for _, more := range []int64{0, 500} {
		limit := 208 + xml + solid + more
		parts := requireSplit(t, r, limit)
		require.Len(t, parts, 2)
		require.Greater(t, int64(len(parts[0])), limit-limit/10)
		require.Less(t, len(parts[1]), len(parts[0]))
	}
}

// TestSplitNamesWhatIsTooLarge: the least size that the error names does, and
// one byte less does not.
func TestSplitNamesWhatIsTooLarge(t *testing.T) {
	r := openBytes(t, blobsFile(500, 70_000, 300).Bytes())
	for _, integrity := range []wim.SplitOption{wim.WithIntegrityTable(false), wim.WithIntegrityTable(true)} {
		for _, limit := range []int64{2000, 20_000, 70_000} {
			_, _, _, err := splitting(t, r, limit, integrity)
			require.ErrorIs(t, err, wim.ErrOption)
			require.ErrorContains(t, err, "file1: its 70000 bytes")
			_, need, ok := bytes.Cut([]byte(err.Error()), []byte("at least "))
			require.True(t, ok)
			var least int64
			_, err = fmt.Sscan(string(need), &least)
			require.NoError(t, err)
			_, _, _, err = splitting(t, r, least-1, integrity)
			require.ErrorIs(t, err, wim.ErrOption)
			_, parts, _, err := splitting(t, r, least, integrity)
			require.NoError(t, err)
			requireSetInvariants(t, parts, false, 0)
		}
	}
	for _, limit := range []int64{-1, 0, 1, 207, 208, 500} {
		_, _, _, err := splitting(t, r, limit)
		require.ErrorIs(t, err, wim.ErrOption)
	}
}

// TestSplitKeepsWhatExists: a set appears whole or not at all.
func TestSplitKeepsWhatExists(t *testing.T) {
	r := openBytes(t, blobsFile(5000, 5000, 5000).Bytes())
	for _, taken := range []string{"out.swm", "out2.swm", "out3.swm"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, taken), []byte("old"), 0o666))
		_, err := r.Split(t.Context(), filepath.Join(dir, "out.swm"), 7000)
		require.ErrorIs(t, err, fs.ErrExist)
		require.ErrorContains(t, err, taken)
		requireOnly(t, filepath.Join(dir, taken))
		data, err := os.ReadFile(filepath.Join(dir, taken))
		require.NoError(t, err)
		require.Equal(t, "old", string(data))
	}
	_, err := r.Split(t.Context(), filepath.Join(t.TempDir(), "no", "out.swm"), 7000)
	require.ErrorIs(t, err, fs.ErrNotExist)

	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	dir := t.TempDir()
	_, err = r.Split(ctx, filepath.Join(dir, "out.swm"), 7000, wim.WithWorkers(1), wim.WithProgress(func(p wim.Progress) {
		if p.BytesDone > 7000 {
			cancel(stopped)
		}
	}))
	require.ErrorIs(t, err, stopped)
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, list)
}

// TestSplitOfDamage: damage is an error, and nothing is written, unless the
// caller is in a hurry; then the parts are as damaged as the file.
func TestSplitOfDamage(t *testing.T) {
	for name, data := range map[string][]byte{
		"ordinary": blobsFile(5000, 5000, 5000).Bytes(),
		"solid":    solidFile(3, wimtest.HeaderLZMS, 131072, slices.Repeat([]int{3000}, 10)).Bytes(),
		"pipable":  wimtest.FixtureBytes(t, "pipable-none.wim"),
	} {
		data = bytes.Clone(data)
		entries, _, _ := tableOf(data)
		entries = slices.DeleteFunc(entries, func(p place) bool { return p.flags&placeMetadata != 0 })
		largest := slices.MaxFunc(entries, func(a, b place) int { return cmp.Compare(a.size, b.size) })
		data[largest.offset+largest.size-100] ^= 1
		r := openBytes(t, data)
		_, _, _, err := splitting(t, r, 20_000)
		require.ErrorIs(t, err, wim.ErrChecksum, name)
		_, parts, _, err := splitting(t, r, 20_000, wim.WithoutVerification())
		require.NoError(t, err, name)
		report, err := openParts(t, parts).Verify(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, report.Problems)
	}
}

// TestSplitProgress: all is counted, once.
func TestSplitProgress(t *testing.T) {
	for _, name := range []string{"lzx-32k.wim", "solid-three.esd", "pipable-xpress-4k.wim"} {
		r := openBytes(t, wimtest.FixtureBytes(t, name))
		for _, opts := range [][]wim.SplitOption{nil, {wim.WithoutVerification()}} {
			var last wim.Progress
			_, _, _, err := splitting(t, r, 1<<20, append(opts, wim.WithProgress(func(p wim.Progress) {
				require.LessOrEqual(t, last.BytesDone, p.BytesDone)
				last = p
			}))...)
			require.NoError(t, err)
			require.Positive(t, last.BytesTotal)
			require.Equal(t, last.BytesTotal, last.BytesDone, name)
		}
	}
}

// TestSplitDelta: what a delta lacks is left out, or comes from what it was
// made against.
func TestSplitDelta(t *testing.T) {
	data := wimtest.FixtureBytes(t, "delta.wim")
	_, parts, report, err := splitting(t, openBytes(t, data), 5000)
	require.NoError(t, err)
	require.Equal(t, 25, report.Lacks)
	requireSetInvariants(t, parts, true, report.Lacks)

	r := openBytes(t, data)
	r.Reference(openBytes(t, wimtest.FixtureBytes(t, wimtest.FixtureReference("delta.wim"))))
	_, parts, report, err = splitting(t, r, 6000)
	require.NoError(t, err)
	require.Zero(t, report.Lacks)
	requireSetInvariants(t, parts, true, 0)
	require.Equal(t, contentsOf(t, r), contentsOf(t, openParts(t, parts)))
}

// TestSplitHostile: what overlaps is refused before it becomes large.
func TestSplitHostile(t *testing.T) {
	w := wimtest.NewWIM()
	root := wimtest.Directory("")
	content := make([]byte, 10_000)
	sum := w.AddBlob(content)
	for i := range 100 { // the same bytes under many hashes
		e := w.Table[0]
		e.SHA1 = [20]byte{byte(i + 1)}
		w.Add(e)
		root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), e.SHA1))
	}
	root.Children = append(root.Children, wimtest.RegularFile("first", sum))
	w.AddImage(&wimtest.Metadata{Root: root})
	_, _, _, err := splitting(t, openBytes(t, w.Bytes()), 50_000, wim.WithoutVerification())
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "overlap")

	w = solidFile(5, wimtest.HeaderLZX, 32768, slices.Repeat([]int{3000}, 20))
	for i := range w.Table {
		if e := &w.Table[i]; e.Flags&wimtest.ResourceSolid != 0 && e.USize == 0 {
			e.Offset, e.Size = 1000, 50_000
		}
	}
	_, _, _, err = splitting(t, openBytes(t, w.Bytes()), 30_000, wim.WithoutVerification())
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "overlap")
}

// TestJoinBoot: no part says which image boots, and an option does.
func TestJoinBoot(t *testing.T) {
	source := openBytes(t, wimtest.FixtureBytes(t, "boot.wim"))
	require.Equal(t, 2, source.BootIndex())
	set := openParts(t, requireSplit(t, source, 12_000))
	require.Zero(t, set.BootIndex())
	out := filepath.Join(t.TempDir(), "out.wim")
	for _, boot := range []int{0, 1, 2} {
		_, err := set.Join(t.Context(), out, wim.WithBootIndex(boot))
		require.NoError(t, err)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		requireInvariants(t, data, false)
		joined := openBytes(t, data)
		require.Equal(t, boot, joined.BootIndex())
		require.Equal(t, set.Header.GUID, joined.Header.GUID)
		require.Equal(t, 1, joined.Header.TotalParts)
	}
	_, err := set.Join(t.Context(), out, wim.WithBootIndex(3))
	require.ErrorIs(t, err, wim.ErrOption)
	_, err = set.Split(t.Context(), out, 1<<20, wim.WithBootIndex(1))
	require.ErrorIs(t, err, wim.ErrOption)
	_, err = set.Split(t.Context(), out, 1<<20, wim.WithCompression(wim.CompressionXPRESS))
	require.ErrorIs(t, err, wim.ErrOption)
	one := openBytes(t, requireSplit(t, source, 12_000)[0])
	_, err = one.Join(t.Context(), out)
	require.ErrorIs(t, err, wim.ErrMissingPart)
}
