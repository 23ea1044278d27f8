package wimtest_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/wimble-go/wimble/internal/wimtest"
)

// content is n bytes that differ everywhere.
func content(name string, n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%s %d\n", name, i)
	}
	return b.Bytes()[:n]
}

// withFiles adds an image with files of the given contents, a.txt, b.txt, ...
func withFiles(w *WIM, sums ...[20]byte) *WIM {
	root := Directory("")
	for i, sum := range sums {
		root.Children = append(root.Children, RegularFile(string(rune('a'+i))+".txt", sum))
	}
	w.AddImage(&Metadata{Root: root})
	return w
}

// What the crafting code writes by default is right, say the programs that
// others wrote: the contents of the files of each set are as they are given.
func TestCraftedFilesAreRight(t *testing.T) {
	a, b := content("a", 70_000), content("b", 100_000)
	sets := map[string]struct {
		parts      []*WIM
		contents   [][]byte
		wimlibOnly bool
	}{}
	one := func(name string, w *WIM, contents ...[]byte) {
		set := sets[name]
		set.parts, set.contents = []*WIM{w}, contents
		sets[name] = set
	}

	w := NewWIM()
	one("none", withFiles(w, w.AddBlob(a), w.AddBlob(b)), a, b)

	for name, codec := range map[string]uint32{"xpress": HeaderXPRESS, "xpress2": HeaderXPRESS2, "lzx": HeaderLZX, "lzms": HeaderLZMS} {
		w := NewCompressedWIM(codec, 32768)
		if codec == HeaderLZMS {
			w.Header.Version = VersionSolid
		}
		one(name, withFiles(w, w.AddChunked(a), w.AddChunked(b)), a, b)
	}

	for name, codec := range map[string]uint32{"solid-xpress": CodecXPRESS, "solid-lzx": CodecLZX, "solid-lzms": CodecLZMS} {
		w := NewCompressedWIM(HeaderLZX, 32768)
		w.AddSolid(SolidOf(append(a, b...), codec, 32768))
		w.AddSolid(SolidOf(a[1:], codec, 65536))
		one(name, withFiles(w, w.AddSolidBlob(a, 0), w.AddSolidBlob(b, uint64(len(a))), w.AddSolidBlob(a[1:], uint64(len(a)+len(b)))), a, b, a[1:])
	}

	w = NewPipableWIM(HeaderXPRESS, 4096)
	one("pipable", withFiles(w, w.AddBlob(a), w.AddChunked(b)), a, b)
	set := sets["pipable"]
	set.wimlibOnly = true // 7-Zip does not know pipable files
	sets["pipable"] = set

	var parts []*WIM
	for i := range 2 {
		w := NewCompressedWIM(HeaderXPRESS, 32768)
		w.Header.Flags |= HeaderSpanned
		w.Header.Part, w.Header.Parts = uint16(i+1), 2
		parts = append(parts, w)
	}
	// A first part that is shorter than another is an error in 7-Zip.
	withFiles(parts[0], parts[0].AddChunked(b), parts[1].AddChunked(a))
	parts[1].Header.Images = 1
	set.parts, set.contents, set.wimlibOnly = parts, [][]byte{b, a}, false
	sets["split"] = set

	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i, w := range set.parts {
				number := ""
				if i > 0 {
					number = fmt.Sprint(i + 1)
				}
				w.IntegrityChunk = 4096
				require.NoError(t, os.WriteFile(filepath.Join(dir, "set"+number+".swm"), w.Bytes(), 0o666))
			}
			first := filepath.Join(dir, "set.swm")
			check := func(program string) {
				for i, content := range set.contents {
					got, err := os.ReadFile(filepath.Join(dir, program, string(rune('a'+i))+".txt"))
					require.NoError(t, err)
					require.True(t, bytes.Equal(content, got))
				}
			}
			t.Run("wimlib-imagex", func(t *testing.T) {
				ref := "--ref=" + filepath.Join(dir, "set*.swm")
				out := run(t, "wimlib-imagex", "verify", first, ref)
				require.NotContains(t, out, "WARNING")
				run(t, "wimlib-imagex", "apply", first, "1", filepath.Join(dir, "wimlib-imagex"), ref)
				check("wimlib-imagex")
			})
			t.Run("7zz", func(t *testing.T) {
				if set.wimlibOnly {
					t.Skip("a kind of file that 7-Zip does not read")
				}
				out := run(t, "7zz", "t", first)
				if len(set.parts) == 1 { // of any split set 7-Zip says that there are data after the end
					require.NotContains(t, strings.ToLower(out), "warning")
				}
				run(t, "7zz", "x", "-o"+filepath.Join(dir, "7zz"), first)
				check("7zz")
			})
		})
	}
}

// Everything that the metadata can hold comes out of wimlib as it was put in.
func TestCraftedMetadataIsRight(t *testing.T) {
	w := NewWIM()
	w.Header.Flags = HeaderReparseFix
	data, stream, link := w.AddBlob([]byte("data")), w.AddBlob([]byte("stream")), w.AddBlob(SymlinkData("data.txt", true))
	w.Table[0].References = 3 // of three names, two of them of one file
	first, second := RegularFile("one", data), RegularFile("two", data)
	first.HardLink, second.HardLink = 7, 7
	file := RegularFile("data.txt", [20]byte{})
	file.ShortName = "DATA~1.TXT"
	file.Streams = []StreamEntry{{Hash: data}, {Name: "Zone", Hash: stream}}
	file.Times = [3]uint64{132000000000000000, 132111111110000000, 132222222220000000}
	file.SecurityID = 1
	file.Tagged = []TaggedItem{{Tag: 1, Data: bytes.Repeat([]byte{0xAB}, 64)}, {Tag: 0x337DD873, Data: []byte{1, 0, 0, 0, 2, 0, 0, 0, 0xA4, 0x81, 0, 0, 0, 0, 0, 0}}}
	empty := Directory("empty")
	empty.SecurityID = 0
	descriptor := func(n byte) []byte { return append([]byte{1, 0, 0, 0x80}, bytes.Repeat([]byte{0}, int(16+n))...) }
	w.AddImage(&Metadata{
		Security: [][]byte{descriptor(0), descriptor(5)},
		Root:     Directory("", file, Directory("sub", first, second), Symlink("link", link), empty),
	})
	path := filepath.Join(t.TempDir(), "crafted.wim")
	require.NoError(t, os.WriteFile(path, w.Bytes(), 0o666))

	out := run(t, "wimlib-imagex", "dir", path, "1", "--detailed")
	require.NotContains(t, out, "WARNING")
	for _, want := range []string{
		`Full Path           = "/data.txt"`, `Short Name          = "DATA~1.TXT"`, `Named data stream "Zone"`, "uid:1 gid:2 mode:0100644 rdev:0x0",
		"Last Write Time     = Mon Dec 30 23:30:22 2019 UTC", "Reparse Tag         = 0xa000000c", "Link Count          = 2",
		`Full Path           = "/sub/two"`, `Full Path           = "/empty"`, "Object ID           = 0x" + strings.Repeat("ab", 16),
		"Security Descriptor = 01000080" + strings.Repeat("00", 21) + "\n",
	} {
		require.Contains(t, out, want)
	}
	// 132222222220000000 / 10^7 - 11644473600 = 1577748622, which is that date.
	require.NotContains(t, strings.ToLower(run(t, "7zz", "t", path)), "warning")
}

// run runs a program of others, and skips the test where there is none.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s %v\n%s", program, args, out)
	return string(out)
}
