package wimtest

import (
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FixturePath returns the path of a file in testdata, the folder at the root
// of the module. A test runs in the folder of its package, somewhere below.
func FixturePath(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", name)
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, parent, dir, "no go.mod above the working directory")
		dir = parent
	}
}

// FixtureBytes returns the content of a file in testdata.
func FixtureBytes(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(FixturePath(t, name))
	require.NoError(t, err)
	return data
}

// FixtureFiles returns the names of all WIM files in testdata.
func FixtureFiles(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(FixturePath(t, ""))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if slices.Contains([]string{".wim", ".esd", ".swm"}, filepath.Ext(entry.Name())) {
			names = append(names, entry.Name())
		}
	}
	require.NotEmpty(t, names)
	return names
}

// A FixtureImage is a row of testdata/expected/images.tsv: an image, and the
// name of what other programs say about its content.
type FixtureImage struct {
	File    string
	Index   int
	Listing string
}

// IndexText is the index as programs take it on their command line.
func (i FixtureImage) IndexText() string { return strconv.Itoa(i.Index) }

// String is good as the name of a subtest.
func (i FixtureImage) String() string { return i.File + ":" + i.IndexText() }

// FixtureImages returns the images of all fixtures.
func FixtureImages(t testing.TB) []FixtureImage {
	t.Helper()
	var images []FixtureImage
	for _, line := range lines(FixtureBytes(t, "expected/images.tsv")) {
		fields := strings.Split(line, "\t")
		require.Len(t, fields, 3)
		index, err := strconv.Atoi(fields[1])
		require.NoError(t, err)
		images = append(images, FixtureImage{fields[0], index, fields[2]})
	}
	require.NotEmpty(t, images)
	return images
}

// FixtureReference returns the file that a delta was made against, "" for a
// file that stands alone.
func FixtureReference(file string) string {
	if file == "delta.wim" {
		return "lzx-32k.wim"
	}
	return ""
}

// A FixtureSum is a line of testdata/expected/LISTING.sha1: what sha1sum said
// about a file, or a named stream, before it was captured.
type FixtureSum struct {
	Path   string // as captured, without a slash in front; see [WTF8]
	Stream string
	SHA1   string
}

// FixtureSums returns the sums of the files of a listing.
func FixtureSums(t testing.TB, listing string) []FixtureSum {
	t.Helper()
	var sums []FixtureSum
	for _, line := range lines(FixtureBytes(t, "expected/"+listing+".sha1")) {
		hash, path, found := strings.Cut(line, "  ")
		require.True(t, found, line)
		sum := FixtureSum{Path: path, SHA1: hash}
		if listing == "ntfs" { // elsewhere a colon is part of a name
			sum.Path, sum.Stream, _ = strings.Cut(path, ":")
		}
		sums = append(sums, sum)
	}
	return sums
}

// lines splits text into lines without their ends.
func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// WTF8 encodes UTF-16 as wimlib does on Linux: as UTF-8, where an unpaired
// surrogate takes the three bytes that its number would have.
func WTF8(units []uint16) string {
	var out []byte
	for i := 0; i < len(units); i++ {
		r := uint32(units[i])
		if r&0xFC00 == 0xD800 && i+1 < len(units) && units[i+1]&0xFC00 == 0xDC00 {
			i++
			r = 0x10000 + (r&0x3FF)<<10 + uint32(units[i])&0x3FF
		}
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case r < 0x800:
			out = append(out, 0xC0|byte(r>>6), 0x80|byte(r&0x3F))
		case r < 0x10000:
			out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
		default:
			out = append(out, 0xF0|byte(r>>18), 0x80|byte(r>>12&0x3F), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
		}
	}
	return string(out)
}

// HexSHA1 is what sha1sum prints for data.
func HexSHA1(data []byte) string {
	sum := sha1.Sum(data)
	return hex.EncodeToString(sum[:])
}
