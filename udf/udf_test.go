package udf_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/udf"
)

func open(t testing.TB, image []byte) *udf.Reader {
	t.Helper()
	r, err := udf.NewReader(bytes.NewReader(image), int64(len(image)))
	require.NoError(t, err)
	return r
}

// counted is n bytes that repeat only after 2^24 of them.
func counted(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i/3>>(8*(i%3))) ^ byte(i)
	}
	return b
}

// tree has all kinds of names and contents, for blocks of a size.
func tree(blockSize int) *item {
	long := dir("long")
	for i := range 120 {
		long.children = append(long.children, file(fmt.Sprintf("a name that is rather long, so that many cross blocks %d.txt", i), []byte(fmt.Sprint(i))))
	}
	embedded := file("embedded.txt", []byte("in the entry"))
	embedded.embedded = true
	small := dir("small", file("x", []byte("x")))
	small.embedded = true
	wide := file("wide.txt", []byte("wide"))
	wide.wide = true
	pieces := file("pieces.bin", counted(5*blockSize+7))
	pieces.pieces = 3
	more := file("more.bin", counted(9*blockSize-1))
	more.pieces, more.more = 9, 2
	return dir("",
		dir("sources", file("install.wim", counted(10*blockSize+123)), file("ei.cfg", []byte("[Channel]\r\nRetail\r\n"))),
		dir("empty"), long, small, embedded, wide, pieces, more,
		file("nothing", nil), file("naïve Grüße.txt", []byte("Latin-1")), file("日本語.txt", []byte("UTF-16")), file("𝄞", []byte("a pair")),
	)
}

// files lists what is in a tree: the contents of files by their paths, nil for
// directories.
func files(it *item, path string, into map[string][]byte) map[string][]byte {
	for _, c := range it.children {
		name := strings.TrimPrefix(join(path, c.name), "/")
		if c.children != nil {
			into[name] = nil
			files(c, name, into)
		} else {
			into[name] = append([]byte{}, c.data...)
		}
	}
	return into
}

// requireTree checks that a volume has what is expected, and nothing else.
func requireTree(t *testing.T, r fs.FS, want map[string][]byte) {
	t.Helper()
	got := make(map[string][]byte)
	var names []string
	require.NoError(t, fs.WalkDir(r, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		names = append(names, name)
		got[name] = nil
		if !d.IsDir() {
			data, err := fs.ReadFile(r, name)
			if got[name] = append([]byte{}, data...); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Equal(t, want, got)
	require.NoError(t, fstest.TestFS(r, names...))
}

var discs = map[string]disc{
	"Windows":              {blockSize: 2048, attributes: true, bridge: true},
	"long descriptors":     {blockSize: 2048, long: true},
	"extended entries":     {blockSize: 2048, extended: true},
	"sectors of 512 bytes": {blockSize: 512, attributes: true},
	"sectors of 1 KiB":     {blockSize: 1024, extended: true, long: true},
	"sectors of 4 KiB":     {blockSize: 4096, attributes: true, long: true},
	"metadata partition":   {blockSize: 2048, extended: true, metadata: true},
	"the same, 512 bytes":  {blockSize: 512, extended: true, metadata: true},
}

// TestCrafted reads volumes made by the test. 7-Zip finds the same in them.
func TestCrafted(t *testing.T) {
	for name, d := range discs {
		t.Run(name, func(t *testing.T) {
			root := tree(d.blockSize)
			image := d.build(root)
			r := open(t, image)
			require.Equal(t, "LABEL", r.Label)
			require.Equal(t, map[bool]uint16{false: 0x0102, true: 0x0250}[d.metadata], r.Revision)
			want := files(root, "", map[string][]byte{})
			requireTree(t, r, want)

			info, err := fs.Stat(r, "sources/INSTALL.WIM")
			require.NoError(t, err)
			require.Equal(t, "install.wim", info.Name())
			require.EqualValues(t, 10*d.blockSize+123, info.Size())
			require.Equal(t, fs.FileMode(0o555), info.Mode()) // 0x14A5 is the right to read and execute, for all
			require.True(t, time.Date(2020, 10, 13, 15, 0, 5, 250_000_000, time.UTC).Equal(info.ModTime()), info.ModTime())

			t.Run("7zz", func(t *testing.T) {
				program, err := exec.LookPath("7zz")
				if err != nil {
					t.Skip("7zz is not installed (Debian: 7zip)")
				}
				if d.blockSize == 1024 || d.blockSize == 4096 {
					t.Skip("7-Zip reads no sectors of this size")
				}
				// It reads no descriptors beyond those in an entry, and a
				// metadata file in one extent alone, as Windows writes it.
				var own []*item
				for _, it := range root.children {
					if it.more == 0 {
						own = append(own, it)
					}
				}
				root := dir("", own...)
				work := t.TempDir()
				image := (&disc{blockSize: d.blockSize, extended: d.extended, long: d.long, attributes: d.attributes, metadata: d.metadata, whole: true, bridge: d.bridge}).build(root)
				require.NoError(t, os.WriteFile(filepath.Join(work, "image"), image, 0o600))
				out, err := exec.Command(program, "x", "-tudf", "-o"+filepath.Join(work, "out"), filepath.Join(work, "image")).CombinedOutput()
				require.NoError(t, err, string(out))
				requireSame(t, files(root, "", map[string][]byte{}), os.DirFS(filepath.Join(work, "out")))
			})
		})
	}
}

func requireSame(t *testing.T, want map[string][]byte, tree fs.FS) {
	t.Helper()
	for name, data := range want {
		if data == nil {
			info, err := fs.Stat(tree, name)
			require.NoError(t, err)
			require.True(t, info.IsDir(), name)
			continue
		}
		got, err := fs.ReadFile(tree, name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got), name)
	}
}

// source is what a disc was made of for genisoimage.
func source(t *testing.T) (string, map[string][]byte) {
	root := t.TempDir()
	want := map[string][]byte{
		"README.TXT": []byte("hello\n"), "sources/install.wim": counted(300_000), "sources/ei.cfg": []byte("cfg\n"), "empty": {},
		"naïve Grüße.txt": []byte("x\n"), "日本語.txt": []byte("y\n"), "deep/a/b/c.txt": []byte("z\n"),
	}
	for i := range 120 {
		want[fmt.Sprintf("deep/file with a rather long name %d.txt", i)] = []byte(fmt.Sprint(i))
	}
	for name, data := range want {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), data, 0o644))
	}
	for _, name := range []string{"sources", "deep", "deep/a", "deep/a/b"} {
		want[name] = nil
	}
	return root, want
}

func TestGenisoimage(t *testing.T) {
	program, err := exec.LookPath("genisoimage")
	if err != nil {
		t.Skip("genisoimage is not installed")
	}
	root, want := source(t)
	makeImage := func(args ...string) []byte {
		image := filepath.Join(t.TempDir(), "image.iso")
		command := exec.Command(program, append(args, "-quiet", "-V", "A LABEL", "-o", image, root)...)
		command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
		data, err := os.ReadFile(image)
		require.NoError(t, err)
		return data
	}
	r := open(t, makeImage("-udf", "-input-charset", "utf-8"))
	require.Equal(t, "A LABEL", r.Label)
	require.Equal(t, uint16(0x0102), r.Revision)
	requireTree(t, r, want)

	image := makeImage("-R", "-J", "-input-charset", "utf-8")
	_, err = udf.NewReader(bytes.NewReader(image), int64(len(image)))
	require.ErrorIs(t, err, udf.ErrISO9660)
	require.NotContains(t, err.Error(), "\n")
}

// mkudffs makes volumes without files.
func TestMkudffs(t *testing.T) {
	program, err := exec.LookPath("mkudffs")
	if err != nil {
		program = "/usr/sbin/mkudffs" // not on the path of everybody
		if _, err := os.Stat(program); err != nil {
			t.Skip("mkudffs is not installed (Debian: udftools)")
		}
	}
	makeImage := func(args ...string) (*udf.Reader, error) {
		image := filepath.Join(t.TempDir(), "image")
		require.NoError(t, os.WriteFile(image, make([]byte, 6<<20), 0o600))
		out, err := exec.Command(program, append(args, "--label=LABEL", image)...).CombinedOutput()
		require.NoError(t, err, string(out))
		data, err := os.ReadFile(image)
		require.NoError(t, err)
		return udf.NewReader(bytes.NewReader(data), int64(len(data)))
	}
	revisions := []string{"1.02", "1.50", "2.01"}
	numbers := []uint16{0x0102, 0x0150, 0x0201}
	for i, blockSize := range []int{512, 1024, 2048, 4096} {
		for k, form := range []string{"inicb", "short", "long"} {
			n, strategy := (i+k)%3, []string{"4", "4096"}[(i+k)%2]
			args := []string{fmt.Sprintf("--blocksize=%d", blockSize), "--media-type=hd", "--udfrev=" + revisions[n], "--ad=" + form, "--strategy=" + strategy}
			r, err := makeImage(args...)
			require.NoError(t, err, args)
			require.Equal(t, "LABEL", r.Label)
			require.Equal(t, numbers[n], r.Revision)
			requireTree(t, r, map[string][]byte{})
		}
	}
	for kind, args := range map[string][]string{
		"*UDF Virtual Partition":  {"--media-type=cdr", "--udfrev=1.50"},
		"*UDF Sparable Partition": {"--media-type=dvdrw", "--udfrev=2.01"},
	} {
		_, err := makeImage(args...)
		require.ErrorIs(t, err, udf.ErrUnsupported)
		require.ErrorContains(t, err, kind)
	}
}

// fixture reads a volume made by another program; testdata/make.sh has made it.
func fixture(t testing.TB, name string) []byte {
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}

func TestFixtures(t *testing.T) {
	want := map[string][]byte{"README.TXT": []byte("hello\n"), "sources": nil, "sources/ei.cfg": []byte("[Channel]\r\nRetail\r\n"), "naïve.txt": []byte("x\n"), "日本語.txt": []byte("y\n")}
	requireTree(t, open(t, fixture(t, "genisoimage.iso.gz")), want)
	for _, name := range []string{"mkudffs-512-short.img.gz", "mkudffs-2048-embedded.img.gz", "mkudffs-4096-long.img.gz"} {
		requireTree(t, open(t, fixture(t, name)), map[string][]byte{})
	}
}

// Opening a volume and a file two levels down takes one read each of the
// anchor, 4 volume descriptors, the file set, 3 entries and 2 directories.
func TestReadsLittle(t *testing.T) {
	image := (&disc{blockSize: 2048, attributes: true, bridge: true}).build(tree(2048))
	source := &counting{ReaderAt: bytes.NewReader(image)}
	r, err := udf.NewReader(source, int64(len(image)))
	require.NoError(t, err)
	_, err = r.Open("sources/install.wim")
	require.NoError(t, err)
	require.LessOrEqual(t, source.reads, 1+4+1+3+2)
	require.LessOrEqual(t, source.bytes, 11*2048)
}

// A file in one piece is a section of the source itself. One of more than 1 GiB
// has several extents and is one too.
func TestOnePiece(t *testing.T) {
	image := (&disc{blockSize: 2048, bridge: true}).build(tree(2048))
	source := bytes.NewReader(image)
	r, err := udf.NewReader(source, int64(len(image)))
	require.NoError(t, err)
	for name, one := range map[string]bool{"sources/install.wim": true, "pieces.bin": false, "more.bin": false} {
		file, err := r.Open(name)
		require.NoError(t, err)
		outer, offset, size := file.(*udf.File).Outer()
		info, err := file.Stat()
		require.NoError(t, err)
		require.Equal(t, info.Size(), size)
		require.Equal(t, one, outer == io.ReaderAt(source), name)
		if one {
			require.True(t, bytes.Equal(counted(10*2048+123), image[offset:][:size]))
		}
	}
}

// A file of 4.6 GB as genisoimage writes it: four extents of 0x3FFFF800 bytes
// and a rest, one after the other.
func TestLargeFile(t *testing.T) {
	const size, most = int64(4_600_000_001), int64(0x3FFFF800)
	var start uint32
	d := &disc{blockSize: 2048, attributes: true}
	d.edit = func(name string, b []byte) {
		switch name {
		case "entry /install.wim":
			start = le.Uint32(b[176+56+4:])
			le.PutUint64(b[56:], uint64(size))
			for n := range int64(5) {
				extent := b[176+56+8*n:]
				le.PutUint32(extent, uint32(min(most, size-n*most)))
				le.PutUint32(extent[4:], start+uint32(n*(most/2048)))
			}
		case "partition":
			le.PutUint32(b[192:], uint32(size/2048+10_000))
		}
	}
	it := file("install.wim", counted(5*2048)) // room for five descriptors
	it.pieces = 5
	image := d.build(dir("", it))
	source := io.NewSectionReader(padded{image}, 0, size+100<<20)
	r, err := udf.NewReader(source, source.Size())
	require.NoError(t, err)
	file, err := r.Open("install.wim")
	require.NoError(t, err)
	outer, offset, n := file.(*udf.File).Outer()
	require.True(t, outer == io.ReaderAt(source))
	require.Equal(t, int64(289*2048+int64(start)*2048), offset)
	require.EqualValues(t, size, n)
}

// padded has zeros after some bytes.
type padded struct{ bytes []byte }

func (p padded) ReadAt(b []byte, offset int64) (int, error) {
	clear(b)
	if offset < int64(len(p.bytes)) {
		copy(b, p.bytes[offset:])
	}
	return len(b), nil
}

// Ranges that are not recorded are zeros.
func TestHoles(t *testing.T) {
	d := &disc{blockSize: 2048}
	d.edit = func(name string, b []byte) {
		if name == "entry /f" { // three extents of a block; the second of two kinds of hole
			le.PutUint32(b[176+8:], 1<<30|2048)
		}
	}
	it := file("f", counted(3*2048))
	it.pieces = 3
	want := counted(3 * 2048)
	clear(want[2048:4096])
	got, err := fs.ReadFile(open(t, d.build(dir("", it))), "f")
	require.NoError(t, err)
	require.Equal(t, want, got)
}
