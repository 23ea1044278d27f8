package wim_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// captureTar makes a file of a tar and opens it.
func captureTar(t *testing.T, r io.Reader, opts ...wim.CaptureOption) (*wim.Reader, *wim.WriteReport, []byte) {
	t.Helper()
	w := newWriter(t, wim.WithCompression(wim.CompressionXPRESS), wim.WithTime(time.Unix(1e9, 0)))
	image, err := w.CaptureTar(r, opts...)
	require.NoError(t, err)
	require.NoError(t, image.Set("NAME", "tar"))
	dst := &memoryFile{room: 1 << 30}
	report, err := w.Write(t.Context(), dst)
	require.NoError(t, err)
	requireInvariants(t, dst.data, false)
	requireClean(t, dst.data)
	return openBytes(t, dst.data), report, dst.data
}

// A tar of an image makes an image of which the tar is the same, byte for byte.
func TestTarComesBack(t *testing.T) {
	for _, name := range []string{"ntfs.wim", "unix.wim", "install.wim", "multi.wim", "solid-lzx-32k.esd"} {
		r := openFixture(t, name)
		for _, image := range r.Images {
			data, report := writeTar(t, image)
			opts := []wim.CaptureOption(nil)
			if name == "unix.wim" {
				opts = append(opts, wim.WithUnixData())
			}
			got, written, _ := captureTar(t, bytes.NewReader(data), opts...)
			require.Empty(t, written.Skipped)
			again, reportAgain := writeTar(t, got.Images[0])
			require.True(t, bytes.Equal(data, again), "%s, image %d", name, image.Index)
			require.Equal(t, report.Files, reportAgain.Files)
			require.Equal(t, report.Links, reportAgain.Links)
			require.Equal(t, report.Directories, reportAgain.Directories)
		}
	}
}

// The image has what wimlib lists of the one that the tar is of.
func TestTarKeepsMetadata(t *testing.T) {
	needsWimlib(t)
	r := openFixture(t, "ntfs.wim")
	data, _ := writeTar(t, r.Images[0])
	_, _, file := captureTar(t, bytes.NewReader(data))
	name := filepath.Join(t.TempDir(), "tar.wim")
	require.NoError(t, os.WriteFile(name, file, 0o666))
	require.Equal(t, listedForTar(t, wimtest.FixturePath(t, "ntfs.wim")), listedForTar(t, name))
}

// listedForTar is what wimlib lists, without what may differ: the numbers of
// hard link groups, the order of streams, and an unnamed stream of links that
// old programs made.
func listedForTar(t *testing.T, name string) []wimtest.ListedEntry {
	t.Helper()
	list, err := wimtest.ParseListing(mustWimlib(t, "dir", name, "1", "--detailed"))
	require.NoError(t, err)
	for i := range list {
		e := &list[i]
		if e.LinkGroup != 0 {
			e.LinkGroup = 1
		}
		var streams []wimtest.ListedStream
		for _, s := range e.Streams {
			if s.Kind != wimtest.UnnamedStream || s.Size > 0 || e.Attributes&uint32(wim.AttributeReparsePoint|wim.AttributeDirectory) == 0 {
				streams = append(streams, s)
			}
		}
		slices.SortFunc(streams, func(a, b wimtest.ListedStream) int { return strings.Compare(a.Name, b.Name) })
		e.Streams = streams
	}
	return list
}

// GNU tar packs a folder, compressed in three ways and in three formats; the
// image is the one that wimlib captures of the folder.
func TestTarOfGNU(t *testing.T) {
	needsWimlib(t)
	needsUnpacker(t, "tar")
	dir := makeOddTree(t)
	file := filepath.Join(t.TempDir(), "folder.wim")
	mustWimlib(t, "capture", dir, file, "--compress=none", "--unix-data", "--norpfix")
	want := listedForGNU(t, file)
	for _, format := range []string{"gnu", "pax", "oldgnu"} {
		cmd := exec.Command("tar", "--create", "--format="+format, "--sparse", "--directory", dir, ".")
		data, err := cmd.Output()
		require.NoError(t, err)
		for name, packed := range map[string][]byte{"tar": data, "gz": gzipped(t, data), "zst": zstandard(t, data)} {
			_, report, image := captureTar(t, bytes.NewReader(packed), wim.WithUnixData(), wim.WithSecurityDescriptor(nil))
			require.Empty(t, report.Skipped)
			require.NoError(t, os.WriteFile(file, image, 0o666))
			require.Equal(t, want, listedForGNU(t, file), "%s.%s", format, name)
		}
	}
}

// listedForGNU is what wimlib lists, without what a tar of GNU does not have:
// times except that of the last change, and whether a file is sparse.
func listedForGNU(t *testing.T, name string) []wimtest.ListedEntry {
	list := listedForTar(t, name)
	for i := range list {
		list[i].Created, list[i].Accessed = time.Time{}, time.Time{}
		if list[i].Attributes == uint32(wim.AttributeSparseFile) {
			list[i].Attributes = uint32(wim.AttributeNormal)
		}
	}
	return list
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func zstandard(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return z.EncodeAll(data, nil)
}

// makeTar writes a tar of entries, each with its name as content if it has one.
func makeTar(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg && h.Size == 0 {
			content = h.Name + h.Uname
			h.Size = int64(len(content))
		}
		if h.Format = tar.FormatPAX; h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &b
}

func file(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }

func linkEntry(kind byte, name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: kind, Linkname: target}
}

func treePaths(t *testing.T, r *wim.Reader) []string {
	t.Helper()
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	var paths []string
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	return paths[1:]
}

func TestTarTree(t *testing.T) {
	in := makeTar(t,
		file("/abs/olute"), // as GNU tar, without its slash
		file("./a//b/./c"),
		linkEntry(tar.TypeSymlink, "todir", "a/b"),
		linkEntry(tar.TypeSymlink, "later/up", "../x"), // which comes later
		linkEntry(tar.TypeSymlink, "loop", "loop"),
		linkEntry(tar.TypeSymlink, "tofile", "/a/b/c"),
		linkEntry(tar.TypeSymlink, "out", "../.."),
		tar.Header{Name: "x", Typeflag: tar.TypeDir, ModTime: time.Unix(2e9, 0)},
		linkEntry(tar.TypeLink, "hard", "a/b/c"),
		linkEntry(tar.TypeLink, "hard2", "./hard"),
		file("twice"),
		linkEntry(tar.TypeLink, "first", "twice"),
		tar.Header{Name: "twice", Typeflag: tar.TypeReg, Uname: " again"},
		tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}},
		linkEntry(tar.TypeLink, "linklink", "todir"),
		file("empty/dir/gone"), tar.Header{Name: "empty/dir/gone", Typeflag: tar.TypeDir},
	)
	r, _, _ := captureTar(t, in)
	require.Equal(t, strings.Fields("a a/b a/b/c abs abs/olute empty empty/dir empty/dir/gone first hard hard2 later later/up linklink loop out todir tofile twice x"), treePaths(t, r))
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	stat := func(name string) *wim.Entry {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		return info.Sys().(*wim.Entry)
	}
	content := func(name string) string {
		data, err := fs.ReadFile(tree, name)
		require.NoError(t, err)
		return string(data)
	}
	require.Equal(t, "twice again", content("twice"))
	require.Equal(t, "twice", content("first")) // the file that had the name then
	require.Equal(t, "./a//b/./c", content("hard2"))
	require.Equal(t, 3, stat("hard").HardLinkCount)
	require.Equal(t, 1, stat("first").HardLinkCount)
	for _, name := range []string{"todir", "later/up", "linklink"} {
		require.NotZero(t, stat(name).Attributes&wim.AttributeDirectory, name)
	}
	for _, name := range []string{"loop", "tofile", "out"} {
		require.Zero(t, stat(name).Attributes&wim.AttributeDirectory, name)
	}
	require.True(t, stat("x").LastWriteTime.Time().Equal(time.Unix(2e9, 0)))
	require.True(t, stat("a").LastWriteTime.Time().Equal(time.Unix(1e9, 0))) // now
	require.NotEmpty(t, stat("x").SecurityDescriptor)
	require.NotEmpty(t, stat("a").SecurityDescriptor)
	require.Nil(t, stat("x").Unix)
}

func TestTarExclusions(t *testing.T) {
	list, err := wim.ParseExclusions([]byte("[ExclusionList]\n\\dir\n*.tmp\n[ExclusionException]\n\\dir\\keep\n"))
	require.NoError(t, err)
	r, report, _ := captureTar(t, makeTar(t, file("dir/a"), file("dir/keep/b"), file("x.tmp"), file("y.tmp/z"), file("y.tmp/w"), file("z")),
		wim.WithExclusions(list))
	require.Equal(t, []string{"dir", "dir/keep", "dir/keep/b", "z"}, treePaths(t, r))
	require.Equal(t, 3, report.Excluded) // dir/a, x.tmp, y.tmp
}

// Entries that no image can have, or that lead out of the tar.
func TestHostileTarEntries(t *testing.T) {
	const sd = "AQAUgAAAAAA="
	record := func(key, value string) tar.Header {
		h := file("x")
		h.PAXRecords = map[string]string{key: value}
		return h
	}
	for want, bad := range map[string]tar.Header{
		`has the element ".."`:                file("a/../b"),
		`"dir/link" is no directory`:          file("dir/link/b"),
		`"dir/file" is no directory`:          file("dir/file/b"),
		`which Windows does not take`:         file(`a\b`),
		`is not in the image before it`:       linkEntry(tar.TypeLink, "x", "nothing"),
		`link to "x", which is not`:           linkEntry(tar.TypeLink, "x", "x"),
		`a hard link to the directory "dir"`:  linkEntry(tar.TypeLink, "x", "dir"),
		`the name "../x" has`:                 linkEntry(tar.TypeLink, "x", "../x"),
		`a file replaces a directory`:         file("dir"),
		`pipe, device or socket`:              {Name: "x", Typeflag: tar.TypeFifo},
		`PAX record MSWINDOWS.fileattr`:       record("MSWINDOWS.fileattr", "-1"),
		`PAX record MSWINDOWS.rawsd`:          record("MSWINDOWS.rawsd", sd),
		`PAX record WIMBLE.reparse`:           record("WIMBLE.reparse", "AAAA"),
		`PAX record WIMBLE.objectid`:          record("WIMBLE.objectid", "AAAA"),
		`PAX record LIBARCHIVE.creationtime`:  record("LIBARCHIVE.creationtime", "1e9"),
		`PAX record WIMBLE.stream.a%u12`:      record("WIMBLE.stream.a%u12", ""),
		`PAX record WIMBLE.stream.b: illegal`: record("WIMBLE.stream.b", "?"),
		`cannot be the name of a stream`:      record("WIMBLE.stream.a:b", ""),
		`cannot be a short name`:              record("WIMBLE.shortname", "a/b"),
		`the extended attribute`:              record("MSWINDOWS.xattr."+strings.Repeat("x", 256), ""),
		`the name has 256 UTF-16 units`:       file(strings.Repeat("x", 256)),
		`the path has`:                        file(strings.Repeat(strings.Repeat("d", 200)+"/", 170) + "x"),
	} {
		good := []tar.Header{{Name: "dir", Typeflag: tar.TypeDir}, file("dir/file"), linkEntry(tar.TypeSymlink, "dir/link", "nowhere")}
		in := makeTar(t, append(good, bad, file("last"))...).Bytes()

		w := newWriter(t)
		_, err := w.CaptureTar(bytes.NewReader(in))
		require.NoError(t, err)
		_, err = w.Write(t.Context(), &memoryFile{room: 1 << 30})
		if bad.Typeflag == tar.TypeFifo {
			require.NoError(t, err) // as with folders
		} else {
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n")
		}

		r, report, _ := captureTar(t, bytes.NewReader(in), wim.WithSkipUnreadable())
		require.Len(t, report.Skipped, 1, want)
		require.ErrorContains(t, report.Skipped[0].Err, want)
		paths := treePaths(t, r)
		if len(paths) < 100 { // a deep path exists as far as it goes
			require.Equal(t, []string{"dir", "dir/file", "dir/link", "last"}, paths, want)
		}
	}
}

// A tar that has no end fails, wherever it is cut off; and so does one that is
// damaged.
func TestTarCutOff(t *testing.T) {
	in := makeTar(t, file("a"), tar.Header{Name: "d", Typeflag: tar.TypeDir}, file("b")).Bytes()
	capture := func(in []byte) error {
		w := newWriter(t)
		_, err := w.CaptureTar(bytes.NewReader(in))
		require.NoError(t, err)
		_, err = w.Write(t.Context(), &memoryFile{room: 1 << 30})
		return err
	}
	end := len(in) - 1024
	for n := 0; n <= len(in); n += 256 {
		if n < end+512 || n%512 != 0 {
			require.ErrorIs(t, capture(in[:n]), io.ErrUnexpectedEOF, "%d bytes", n)
		} else {
			require.NoError(t, capture(in[:n]))
		}
	}
	packed := gzipped(t, in)
	packed[len(packed)-6] ^= 1 // in the checksum
	require.ErrorIs(t, capture(packed), gzip.ErrChecksum)
	require.ErrorContains(t, capture([]byte("not a tar, but long enough to be one"+strings.Repeat(".", 1000))), "tar")
}

func TestTarDevices(t *testing.T) {
	r, _, _ := captureTar(t, makeTar(t,
		tar.Header{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3},
		tar.Header{Name: "disk", Typeflag: tar.TypeBlock, Devmajor: 8, Devminor: 0x1FF, Uid: 1, Gid: 2},
		tar.Header{Name: "pipe", Typeflag: tar.TypeFifo},
	), wim.WithUnixData())
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	// The numbers are those of makedev(3).
	for name, want := range map[string]wim.UnixData{
		"null": {Mode: 0o020644, Rdev: 0x103}, "disk": {UID: 1, GID: 2, Mode: 0o060644, Rdev: 0x1008FF}, "pipe": {Mode: 0o010644},
	} {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		require.Equal(t, &want, info.Sys().(*wim.Entry).Unix, name)
	}
}
