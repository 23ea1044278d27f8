package media

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// recognized is what Recognize says of a whole file.
func recognized(data []byte) string {
	kind, _ := Recognize(data[:min(len(data), HeadSize)], data[max(0, len(data)-TailSize):])
	return kind.Name
}

func written(t *testing.T, w io.WriteCloser, out *bytes.Buffer) []byte {
	t.Helper()
	_, err := w.Write([]byte("content"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// Files that other programs and packages wrote.
func TestRecognizeRealFiles(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	_, err := z.Create("sources/install.wim")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Equal(t, "a ZIP archive", recognized(out.Bytes()))

	out = bytes.Buffer{}
	require.Equal(t, "compressed with gzip", recognized(written(t, gzip.NewWriter(&out), &out)))
	out = bytes.Buffer{}
	compressor, err := zstd.NewWriter(&out)
	require.NoError(t, err)
	require.Equal(t, "compressed with Zstandard", recognized(written(t, compressor, &out)))

	out = bytes.Buffer{}
	archive := tar.NewWriter(&out)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "install.wim", Size: 7}))
	require.Equal(t, "a tar archive", recognized(written(t, archive, &out)))

	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "tree"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tree", "file"), []byte("content"), 0o600))
	for _, c := range []struct {
		want string
		args []string // OUT is the file to make
	}{
		{"a 7z archive", []string{"7zz", "a", "OUT.7z", "tree"}},
		{"compressed with xz", []string{"7zz", "a", "OUT.xz", "tree/file"}},
		{"compressed with bzip2", []string{"7zz", "a", "OUT.bz2", "tree/file"}},
		{"an ISO image", []string{"genisoimage", "-o", "OUT.iso", "tree"}},
		{"an ISO image", []string{"genisoimage", "-udf", "-o", "OUT.iso", "tree"}},
	} {
		if _, err := exec.LookPath(c.args[0]); err != nil {
			t.Logf("no %s: skipped", c.args[0])
			continue
		}
		name := ""
		for i, arg := range c.args {
			if len(arg) > 4 && arg[:4] == "OUT." {
				c.args[i] = filepath.Join(t.TempDir(), arg)
				name = c.args[i]
			}
		}
		cmd := exec.Command(c.args[0], c.args[1:]...)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, c.want, recognized(data), "%v", c.args)
	}
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.Contains(t, []string{"", "a program"}, recognized(program)) // a program of Windows or none
}

// The bytes are those of the published formats: [MS-CAB] 2.1, the VHD image
// format specification ("Hard Disk Footer Format"), [MS-VHDX] 2.2.1, the FFU
// image format's security header, the boot sector of NTFS, [MS-CFB] 2.2, the
// PE format, and the Git LFS specification.
func TestRecognize(t *testing.T) {
	at := func(size, offset int, magic string) []byte {
		data := make([]byte, size)
		data[0] = 'x'
		copy(data[offset:], magic)
		return data
	}
	for _, c := range []struct {
		want string
		data []byte
	}{
		{"a Git LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")},
		{"a cabinet", at(100, 0, "MSCF\x00\x00\x00\x00")},
		{"a VHDX disk", at(100, 0, "vhdxfile")},
		{"a VHD disk", at(2048, 0, "conectix")},
		{"a VHD disk", at(2048, 1536, "conectix")},
		{"a macOS disk image", at(2048, 1536, "koly\x00\x00\x00\x04")},
		{"an FFU image", at(100, 0, "\x20\x00\x00\x00SignedImage ")},
		{"an NTFS volume", at(512, 0, "\xEB\x52\x90NTFS    ")},
		{"an image of a disk", at(1024, 510, "\x55\xAAEFI PART")},
		{"an image of a disk", at(512, 510, "\x55\xAA")},
		{"an ISO image", at(40000, 0x8001, "CD001")},
		{"an ISO image", append(at(40000, 0x8001, "CD001")[:510:510], append([]byte("\x55\xAA"), at(40000, 0x8001, "CD001")[512:]...)...)},
		{"an MSI package or an Office document", at(512, 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")},
		{"a program", at(512, 0, "MZ\x90\x00")},
		{"a registry hive", at(512, 0, "regf")},
		{"a web page", []byte("\n<!DOCTYPE HTML>\n<html><body>404")},
		{"a web page", []byte("\uFEFF<html lang=en>")},
		{"an XML document", []byte("<?xml version='1.0'?>")},
		{"nothing but zero bytes where it begins", make([]byte, 5000)},
		{"", nil},
		{"", []byte("just a text")},
		{"", []byte("P")},
		{"", wimtest.FixtureBytes(t, "none.wim")},
		{"", wimtest.FixtureBytes(t, "pipable-none.wim")},
	} {
		require.Equal(t, c.want, recognized(c.data), "%.60q", c.data)
	}
}

func FuzzRecognize(f *testing.F) {
	f.Add([]byte("MZ"), []byte("conectix"))
	f.Add(make([]byte, HeadSize), make([]byte, TailSize))
	f.Fuzz(func(t *testing.T, head, tail []byte) {
		kind, known := Recognize(head, tail)
		require.Equal(t, known, kind.Name != "")
		require.Equal(t, known, kind.Advice != "")
	})
}
