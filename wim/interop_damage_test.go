package wim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// A byte that is changed makes a file bad for Verify exactly if it makes it
// bad for wimlib: in contents, metadata, chunk tables, the blob table and the
// integrity table. Nothing that wimlib finds good is bad for us.
func TestVerifyAgreesWithWimlib(t *testing.T) {
	needsWimlib(t)
	source := goSource(t, "sort")
	for name, args := range map[string][]string{
		"none":            {"--compress=none"},
		"xpress":          {"--compress=xpress"},
		"lzx checked":     {"--compress=lzx", "--check"},
		"lzms":            {"--compress=lzms"},
		"solid lzms":      {"--solid", "--compress=lzms", "--solid-chunk-size=32K", "--check"},
		"solid lzx":       {"--solid", "--compress=lzx", "--solid-compress=lzx"},
		"pipable xpress":  {"--pipable", "--compress=xpress", "--chunk-size=4K"},
		"pipable checked": {"--pipable", "--compress=lzx", "--check"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, copied := filepath.Join(dir, "good.wim"), filepath.Join(dir, "copy.wim")
			mustWimlib(t, append([]string{"capture", source, file, "go"}, args...)...)
			good, err := os.ReadFile(file)
			require.NoError(t, err)
			header, err := wimtest.ParseInfo(mustWimlib(t, "info", file, "--header"))
			require.NoError(t, err)
			number := func(key string) int {
				n, err := strconv.Atoi(header.Header[key])
				require.NoError(t, err)
				return n
			}
			xml := number("XML Data Offset")
			xmlEnd := xml + number("XML Data Size")
			end := len(good)
			if strings.HasPrefix(name, "pipable") {
				end -= 208 // the final header
			}
			table := number("Blob Table Offset")
			found := 0
			for i, at := range positions(208, end, xml, xmlEnd) {
				bad := bytes.Clone(good)
				bad[at] ^= []byte{0x10, 0xFF}[i%2]
				require.NoError(t, os.WriteFile(copied, bad, 0o600))
				said, theirs := wimlib("verify", copied)
				ours := verifies(t, bad)
				switch {
				case at >= table && at < xml && (at-table)%50 >= 4 && (at-table)%50 < 8:
					// wimlib computes with 32 bits of the size of a chunk, and
					// so does not see that a resource is said to have 2^32
					// bytes. The flag for solid it ignores in a file that can
					// have none.
					require.False(t, ours, "byte %d of %d", at, len(good))
				case at < xml || at >= xmlEnd:
					require.Equal(t, theirs, ours, "byte %d of %d, wimlib says: %s", at, len(good), said)
				default:
					// Of the XML we want that it is well-formed; wimlib refuses
					// an index that is no number, too.
					require.True(t, ours || !theirs, "byte %d of the XML", at-xml)
				}
				if !ours {
					found++
				}
			}
			require.Greater(t, found, 30)
		})
	}
}

// positions returns positions between start and end, some of them from the
// end of the XML on and from the part in front of it, where the blob table is.
func positions(start, end, xml, xmlEnd int) []int {
	var list []int
	for i := range 30 {
		list = append(list, start+(end-start)*i/30)
	}
	for i := 1; i <= 12; i++ {
		list = append(list, xml-i*37, xml+(xmlEnd-xml)*i/13)
		if xmlEnd+i*5 < end {
			list = append(list, xmlEnd+i*5)
		}
	}
	return list
}

// verifies says whether we find nothing wrong with a file.
func verifies(t *testing.T, data []byte) bool {
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	return report.OK()
}

// Bytes that are missing at the end are missed by both.
func TestCutOffFilesAgreeWithWimlib(t *testing.T) {
	needsWimlib(t)
	file := filepath.Join(t.TempDir(), "cut.wim")
	for _, fixture := range []string{"install.wim", "solid-lzms-128k.esd", "none.wim", "pipable-lzx-32k.wim"} {
		data := wimtest.FixtureBytes(t, fixture)
		for _, keep := range []int{0, 100, 207, 208, 1000, len(data) / 2, len(data) - 1000, len(data) - 100, len(data) - 20, len(data) - 1, len(data)} {
			require.NoError(t, os.WriteFile(file, data[:keep], 0o600))
			said, theirs := wimlib("verify", file)
			require.Equal(t, theirs, verifies(t, data[:keep]), "%d bytes of %s, wimlib says: %s", keep, fixture, said)
		}
	}
}
