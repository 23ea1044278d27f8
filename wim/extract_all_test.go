package wim_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// All images together are what each of them is.
func TestExtractAllImages(t *testing.T) {
	needsLinks(t)
	r := openFixture(t, "install.wim")
	require.Greater(t, len(r.Images), 1)
	together, alone := t.TempDir(), t.TempDir()
	report, err := r.Extract(t.Context(), together)
	require.NoError(t, err)
	var files, directories int
	for i, image := range r.Images {
		one := extract(t, image, filepath.Join(alone, string(rune('1'+i))))
		files += one.Files
		directories += one.Directories
	}
	want, got := readDisk(t, alone), readDisk(t, together)
	delete(want, ".") // its time is that of the test
	delete(got, ".")
	require.True(t, reflect.DeepEqual(want, got))
	require.Equal(t, files, report.Files)
	require.Equal(t, directories, report.Directories)
}

// Content that images share is read once: the second image of this file has
// the files of the first, and one more.
func TestExtractAllReadsOnce(t *testing.T) {
	w := wimtest.NewWIM()
	shared := w.AddBlob(bytes.Repeat([]byte("shared"), 50_000))
	other := w.AddBlob([]byte("other"))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("a", shared), wimtest.RegularFile("b", shared))})
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("c", shared), wimtest.RegularFile("d", other))})
	source, size := w.Source()
	counting := &wimtest.CountingReader{ReaderAt: source}
	r, err := wim.NewReader(counting, size)
	require.NoError(t, err)
	dir := t.TempDir()
	report, err := r.Extract(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, 4, report.Files)
	require.EqualValues(t, 3*300_000+5, report.Bytes)
	require.Less(t, counting.Bytes.Load(), int64(2*300_000))
	for _, name := range []string{"1/a", "1/b", "2/c"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("shared", 50_000), string(data))
	}
}

// An image whose tree is damaged does not keep the others from being extracted.
func TestExtractAllWithDamagedImage(t *testing.T) {
	needsLinks(t)
	data := wimtest.FixtureBytes(t, "install.wim")
	// The first entry of the blob table that is for metadata (WIM format sheet,
	// sections 2 and 3): at 7 its flags, at 8 the offset.
	entry := data[binary.LittleEndian.Uint64(data[0x38:]):]
	for entry[7]&2 == 0 {
		entry = entry[50:]
	}
	data[binary.LittleEndian.Uint64(entry[8:])+40] ^= 0xFF
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	dir := t.TempDir()
	report, err := r.Extract(t.Context(), dir)
	require.Error(t, err)
	require.Len(t, report.Problems, 1)
	require.Equal(t, []string{"1:"}, wimtest.Texts(report.Problems[0].Affected))
	require.NoDirExists(t, filepath.Join(dir, "1"))
	require.FileExists(t, filepath.Join(dir, "2", "Windows", "notepad.exe"))
}

func TestExtractPatterns(t *testing.T) {
	needsUnix(t)
	image := openFixture(t, "none.wim").Images[0]
	for _, c := range []struct {
		pattern string
		want    []string // files
	}{
		{"times/*", []string{"times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}},
		{"TIMES/*-[12]*", []string{"times/after-2038.txt", "times/before-1970.txt"}},
		{"times/E*", []string{"times/epoch.txt"}},
		{"*/a/hard-?.txt", []string{"deep/a/hard-3.txt"}},
		{"tim*", []string{"times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}},
	} {
		dir := t.TempDir()
		extract(t, image, dir, wim.WithPaths(c.pattern))
		var got []string
		for name, file := range readDisk(t, dir) {
			if file.kind == 0 {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		require.Equal(t, c.want, got, c.pattern)
	}
	for pattern, want := range map[string]string{
		"nothing*":      "extract nothing*: file does not exist",
		"times/*/below": "extract times/*/below: file does not exist",
		"times/[":       "extract times/[: syntax error in pattern: wim: wrong option",
	} {
		_, err := image.Extract(t.Context(), t.TempDir(), wim.WithPaths("readme.txt", pattern))
		require.EqualError(t, err, want)
	}
}

// A source that fails anywhere after the start ends in errors that say so, for
// those files that it concerns, and the others are written.
func TestExtractFromFailingSource(t *testing.T) {
	needsUnix(t)
	data := wimtest.FixtureBytes(t, "lzx-32k.wim")
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	dir := t.TempDir()
	extract(t, r.Images[0], dir)
	whole := readDisk(t, dir)
	failed := 0
	for offset := 208; offset < len(data); offset += len(data) / 60 {
		broken := &brokenSource{Reader: bytes.NewReader(data)}
		r, err := wim.NewReader(broken, int64(len(data)))
		require.NoError(t, err)
		_, err = r.Images[0].FS()
		require.NoError(t, err)
		broken.at = int64(offset)
		dir := t.TempDir()
		report, err := r.Images[0].Extract(t.Context(), dir)
		got := readDisk(t, dir)
		for name, file := range got {
			require.Equal(t, whole[name].content, file.content, name)
		}
		requireNoTemporaries(t, dir)
		require.Equal(t, len(whole)-len(got), len(report.Problems), "offset %d", offset)
		if len(report.Problems) == 0 {
			require.NoError(t, err)
			continue
		}
		failed++
		require.ErrorIs(t, err, errBroken)
		for _, p := range report.Problems {
			var pathError *fs.PathError
			require.ErrorAs(t, p.Err, &pathError)
			require.ErrorIs(t, p.Err, errBroken)
			require.Contains(t, whole, pathError.Path)
			require.NotContains(t, got, pathError.Path)
		}
	}
	require.Greater(t, failed, 10)
}

var errBroken = errors.New("broken disk")

// brokenSource cannot read the byte at an offset.
type brokenSource struct {
	*bytes.Reader
	at int64 // 0 for none
}

func (b *brokenSource) ReadAt(p []byte, offset int64) (int, error) {
	if b.at != 0 && offset <= b.at && b.at < offset+int64(len(p)) {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, offset)
}
