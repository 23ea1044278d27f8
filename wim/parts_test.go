package wim_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

var splitSets = []struct {
	parts   []string
	listing string
}{
	{[]string{"split.swm", "split2.swm", "split3.swm"}, "common"},
	{[]string{"split-pipable.swm", "split-pipable2.swm"}, "chunks"},
}

// addPart adds a part that is in memory.
func addPart(r *wim.Reader, data []byte) error {
	return r.AddPart(bytes.NewReader(data), int64(len(data)))
}

// requireContent reads each file that sha1sum knows.
func requireContent(t *testing.T, tree *wim.FS, listing string) {
	t.Helper()
	for _, sum := range wimtest.FixtureSums(t, listing) {
		requireSum(t, tree, sum)
	}
}

func requireSum(t *testing.T, tree *wim.FS, sum wimtest.FixtureSum) {
	t.Helper()
	data, err := tree.ReadFile(sum.Path)
	require.NoError(t, err, sum.Path)
	require.Equal(t, sum.SHA1, wimtest.HexSHA1(data), sum.Path)
}

// OpenReader finds the set from any of its parts.
func TestOpenAnyPart(t *testing.T) {
	for _, set := range splitSets {
		for number, part := range set.parts {
			t.Run(part, func(t *testing.T) {
				r := openFixture(t, part)
				require.Equal(t, number+1, r.Header.PartNumber)
				require.Equal(t, len(set.parts), r.Header.TotalParts)
				require.Empty(t, r.MissingParts())
				tree := imageFS(t, r, 1)
				requireListing(t, tree, fixtureListing(t, set.listing))
				requireContent(t, tree, set.listing)
				report, err := r.Verify(t.Context())
				require.NoError(t, err)
				require.Empty(t, report.Problems)
				require.True(t, report.OK())
			})
		}
	}
}

// permutations calls yield with each order of 0 to n-1.
func permutations(n int, yield func(order []int)) {
	var add func(order []int)
	add = func(order []int) {
		if len(order) == n {
			yield(order)
			return
		}
		for i := range n {
			if !slices.Contains(order, i) {
				add(append(slices.Clone(order), i))
			}
		}
	}
	add(nil)
}

// Parts can be added by hand, in any order and in any subset. Which files are
// readable is told by the tables of wimlib's parts.
func TestAddPart(t *testing.T) {
	for _, set := range splitSets {
		partOf := map[string]int{} // by hash
		for i, part := range set.parts {
			for _, b := range fixtureInfo(t, part).Blobs {
				partOf[b.SHA1] = i
			}
		}
		permutations(len(set.parts), func(order []int) {
			for given := 1; given <= len(order); given++ {
				t.Run(fmt.Sprint(set.parts[0], order[:given]), func(t *testing.T) {
					r := openBytes(t, wimtest.FixtureBytes(t, set.parts[order[0]]))
					for _, i := range order[1:given] {
						require.NoError(t, addPart(r, wimtest.FixtureBytes(t, set.parts[i])))
					}
					var missing []int
					for i := range set.parts {
						if !slices.Contains(order[:given], i) {
							missing = append(missing, i+1)
						}
					}
					require.Equal(t, missing, r.MissingParts())
					requirePartial(t, r, set.listing, order[:given], partOf)
				})
			}
		})
	}
}

// requirePartial checks a set of which some parts are given: the names are all
// there if part 1 is, and exactly the files whose blobs are there are readable.
func requirePartial(t *testing.T, r *wim.Reader, listing string, given []int, partOf map[string]int) {
	t.Helper()
	require.Len(t, r.Images, 1)
	require.Equal(t, listing, r.Images[0].Info.Name) // each part has the XML
	if !slices.Contains(given, 0) {
		_, err := r.Images[0].FS()
		require.ErrorIs(t, err, wim.ErrMissingPart)
		require.ErrorContains(t, err, "part 1 of "+fmt.Sprint(r.Header.TotalParts))
		return
	}
	tree := imageFS(t, r, 1)
	require.Len(t, walk(t, tree), len(fixtureListing(t, listing)))
	missing := map[string]bool{}
	for _, sum := range wimtest.FixtureSums(t, listing) {
		info, err := tree.Stat(sum.Path)
		require.NoError(t, err)
		part, stored := partOf[sum.SHA1]
		if !stored { // an empty file
			require.Zero(t, info.Size())
			requireSum(t, tree, sum)
			continue
		}
		if slices.Contains(given, part) {
			require.Positive(t, info.Size())
			requireSum(t, tree, sum)
			continue
		}
		missing[sum.SHA1] = true
		require.EqualValues(t, -1, info.Size(), sum.Path)
		require.EqualValues(t, -1, info.Sys().(*wim.Entry).Stream("").Size)
		file, err := tree.Open(sum.Path)
		require.NoError(t, err)
		_, err = file.Read(make([]byte, 1))
		require.ErrorIs(t, err, wim.ErrMissingPart, sum.Path)
		require.NotErrorIs(t, err, wim.ErrMissingBlob)
		require.ErrorContains(t, err, sum.SHA1)
		numbers := strings.ReplaceAll(strings.Trim(fmt.Sprint(r.MissingParts()), "[]"), " ", " or ")
		require.ErrorContains(t, err, fmt.Sprintf("part %s of %d", numbers, r.Header.TotalParts))
		_, err = tree.ReadFile(sum.Path)
		require.ErrorIs(t, err, wim.ErrMissingPart)
	}
	for path := range tree.StorageOrder() { // has what is there
		_, err := tree.ReadFile(path)
		require.NoError(t, err)
	}
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, len(missing) == 0, report.OK())
	for _, w := range walk(t, tree) { // reparse data is content as well
		if w.entry.Reparse != nil && w.entry.Reparse.Size < 0 {
			missing[w.entry.Reparse.SHA1.String()] = true
		}
	}
	require.Equal(t, len(missing), report.MissingBlobs)
}

func TestAddPartRefusesWhatDoesNotBelong(t *testing.T) {
	part := func(name string) []byte { return wimtest.FixtureBytes(t, name) }
	r := openBytes(t, part("split.swm"))
	require.NoError(t, addPart(r, part("split2.swm")))

	err := addPart(r, part("split2.swm"))
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "part 2 was given twice")
	err = addPart(r, part("split.swm"))
	require.ErrorContains(t, err, "part 1 was given twice")

	err = addPart(r, part("split-pipable2.swm"))
	require.ErrorIs(t, err, wim.ErrFormat)
	require.ErrorContains(t, err, "GUID")
	require.ErrorIs(t, addPart(r, part("none.wim")), wim.ErrFormat)
	require.ErrorIs(t, addPart(r, []byte("MSWIM\x00\x00\x00")), wim.ErrFormat)

	// A part of a set of another size, and one of another codec, with our GUID.
	other := part("split3.swm")
	other[0x2A] = 4
	require.ErrorContains(t, addPart(r, other), "part 3 of 4 parts, not of 3")
	other = part("split3.swm")
	other[0x12] = 0x02 // flags 0x20000: XPRESS
	require.ErrorContains(t, addPart(r, other), "compressed in another way")

	// None of this did any harm.
	require.Equal(t, []int{3}, r.MissingParts())
	require.NoError(t, addPart(r, part("split3.swm")))
	requireContent(t, imageFS(t, r, 1), "common")
}

// OpenReader takes what is named like the other parts, and judges by headers.
func TestSiblingsAreFoundByName(t *testing.T) {
	copyTo := func(t *testing.T, dir, from, to string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), wimtest.FixtureBytes(t, from), 0o600))
	}
	t.Run("numbers do not count", func(t *testing.T) {
		dir := t.TempDir()
		copyTo(t, dir, "split.swm", "x7.swm")
		copyTo(t, dir, "split2.swm", "X.SWM")
		copyTo(t, dir, "split3.swm", "x12.swm")
		r := openFile(t, filepath.Join(dir, "X.SWM"))
		require.Empty(t, r.MissingParts())
		requireContent(t, imageFS(t, r, 1), "common")
	})
	t.Run("other files are left alone", func(t *testing.T) {
		dir := t.TempDir()
		copyTo(t, dir, "split.swm", "set.swm")
		copyTo(t, dir, "split2.swm", "set2.swm")
		copyTo(t, dir, "split3.swm", "other3.swm")
		copyTo(t, dir, "split3.swm", "set3.wim")
		r := openFile(t, filepath.Join(dir, "set.swm"))
		require.Equal(t, []int{3}, r.MissingParts())
	})
	t.Run("what is no part is no part", func(t *testing.T) {
		dir := t.TempDir()
		copyTo(t, dir, "split.swm", "set.swm")
		copyTo(t, dir, "split-pipable2.swm", "set2.swm")
		copyTo(t, dir, "split2.swm", "set3.swm")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "set4.swm"), []byte("something else"), 0o600))
		require.NoError(t, os.Mkdir(filepath.Join(dir, "set5.swm"), 0o700))
		r, err := wim.OpenReader(filepath.Join(dir, "set.swm"))
		require.NoError(t, err)
		defer r.Close()
		require.Equal(t, []int{3}, r.MissingParts())
		require.Len(t, r.Warnings(), 3) // set2, set4, set5
		require.ErrorContains(t, r.Warnings()[0], "set2.swm is not used")
		require.Len(t, imageNames(r.Reader), 1)
	})
}

func imageNames(r *wim.Reader) []string {
	var names []string
	for _, image := range r.Images {
		names = append(names, image.Info.Name)
	}
	return names
}

// A delta has the names of everything and the blobs that its base has not.
func TestDelta(t *testing.T) {
	own := map[string]bool{}
	for _, b := range fixtureInfo(t, "delta.wim").Blobs {
		own[b.SHA1] = true
	}
	alone := openFile(t, wimtest.FixturePath(t, "delta.wim"))
	tree := imageFS(t, alone, 1)
	missing := map[string]bool{}
	for _, w := range walk(t, tree) {
		if p := w.entry.Reparse; p != nil && !own[p.SHA1.String()] {
			missing[p.SHA1.String()] = true
			require.EqualValues(t, -1, p.Size)
			_, err := tree.ReadLink(w.path)
			require.ErrorIs(t, err, wim.ErrMissingBlob)
			_, err = tree.Stat(w.path)
			require.NoError(t, err, "a link that cannot be read is still there")
		}
	}
	for _, sum := range wimtest.FixtureSums(t, "later") {
		info, err := tree.Stat(sum.Path)
		require.NoError(t, err)
		if info.Sys().(*wim.Entry).Stream("").SHA1.IsZero() || own[sum.SHA1] {
			requireSum(t, tree, sum)
			continue
		}
		missing[sum.SHA1] = true
		require.EqualValues(t, -1, info.Size(), sum.Path)
		_, err = tree.ReadFile(sum.Path)
		require.ErrorIs(t, err, wim.ErrMissingBlob)
		require.NotErrorIs(t, err, wim.ErrMissingPart)
		require.NotErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, sum.SHA1)
	}
	require.NotEmpty(t, missing)
	report, err := alone.Verify(t.Context())
	require.NoError(t, err)
	require.False(t, report.OK())
	require.Equal(t, len(missing), report.MissingBlobs)
	require.Len(t, report.Problems, len(missing))
	affected := 0
	for _, p := range report.Problems {
		require.ErrorIs(t, p.Err, wim.ErrMissingBlob)
		require.NotEmpty(t, p.Affected)
		affected += len(p.Affected)
		require.IsIncreasing(t, wimtest.Paths(p.Affected)) // of one image
	}
	require.Greater(t, affected, len(missing)) // hard links

	// A wrong base does not help, the right one does, wherever it stands.
	alone.Reference(openFile(t, wimtest.FixturePath(t, "install.wim")))
	_, err = tree.ReadFile("one-byte.bin")
	require.ErrorIs(t, err, wim.ErrMissingBlob)
	alone.Reference(openFile(t, wimtest.FixturePath(t, "solid-lzms-128k.esd")), openFile(t, wimtest.FixturePath(t, "split.swm")))
	requireContent(t, tree, "later")
	requireListing(t, tree, fixtureListing(t, "later"))
	report, err = alone.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK())
	require.Equal(t, len(own)+len(missing), report.Blobs) // with what the image takes from its base
}

// A set in a file system is opened as one of the host is.
func TestOpenReaderFS(t *testing.T) {
	part := func(name string) *fstest.MapFile { return &fstest.MapFile{Data: wimtest.FixtureBytes(t, name)} }
	for _, names := range [][]string{
		{"sources/install.swm", "sources/install2.swm", "sources/install3.swm"},
		{"Reconstruct.WIM", "Reconstruct.WIM2", "Reconstruct.WIM3"}, // of a recovery drive
	} {
		fsys := fstest.MapFS{
			names[0]: part("split.swm"), names[1]: part("split2.swm"), names[2]: part("split3.swm"),
			"other/install4.swm": part("none.wim"),
		}
		for i, name := range names {
			r, err := wim.OpenReaderFS(fsys, name)
			require.NoError(t, err)
			require.Equal(t, i+1, r.Header.PartNumber)
			require.Empty(t, r.MissingParts())
			require.Empty(t, r.Warnings())
			require.NoError(t, r.Close())
		}
	}
	_, err := wim.OpenReaderFS(fstest.MapFS{"sources/ei.cfg": part("none.wim")}, "sources")
	require.ErrorContains(t, err, "not a regular file")
	for _, name := range []string{"nothing.wim", "none/nothing.wim"} {
		_, err := wim.OpenReaderFS(fstest.MapFS{}, name)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	_, err = wim.OpenReaderFS(fstest.MapFS{}, "../none.wim")
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// The files of an archive can only be read in order.
func TestOpenReaderFSInOrder(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	file, err := w.Create("none.wim")
	require.NoError(t, err)
	_, err = file.Write(wimtest.FixtureBytes(t, "none.wim"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	_, err = wim.OpenReaderFS(r, "none.wim")
	require.ErrorIs(t, err, wim.ErrUnsupported)
}
