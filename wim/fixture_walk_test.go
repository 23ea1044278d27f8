package wim_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// eachImage runs a test for each image of the fixtures.
func eachImage(t *testing.T, test func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS)) {
	for _, image := range wimtest.FixtureImages(t) {
		t.Run(image.String(), func(t *testing.T) {
			t.Parallel()
			test(t, image, fixtureFS(t, image.File, image.Index))
		})
	}
}

func fixtureListing(t *testing.T, name string) []wimtest.ListedEntry {
	t.Helper()
	listing, err := wimtest.ParseListing(wimtest.FixtureBytes(t, "expected/"+name+".dir.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, listing)
	return listing
}

// Every fixture is in the table of images, so that no test passes one over.
func TestFixturesAreListed(t *testing.T) {
	files := map[string]int{}
	for _, image := range wimtest.FixtureImages(t) {
		files[image.File]++
	}
	for _, file := range wimtest.FixtureFiles(t) {
		r := openFixture(t, file)
		if r.Header.PartNumber == 1 {
			require.Equal(t, len(r.Images), files[file], file)
		}
	}
}

func TestWalkAgreesWithWimlib(t *testing.T) {
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		require.Empty(t, tree.Warnings())
		requireListing(t, tree, fixtureListing(t, image.Listing))
	})
}

// filetime computes the FILETIME of a Unix time: 100 ns units since 1601,
// which is 11644473600 seconds before 1970.
func filetime(seconds int64, hundredNanoseconds int64) wim.Filetime {
	return wim.Filetime((seconds+11644473600)*10_000_000 + hundredNanoseconds)
}

// The listing has whole seconds. The exact times are those that make.sh gave
// to the files; wimlib on Linux has no creation times and stores those of the
// last change for them.
func TestExactTimes(t *testing.T) {
	// date -u -d '2020-03-09 01:02:03' +%s and so on.
	usual := filetime(1583715723, 1234567)
	special := map[string]wim.Filetime{
		"times/before-1970.txt": filetime(-310478400, 5_000_000), // 1960-02-29 12:00:00.5
		"times/epoch.txt":       filetime(0, 0),
		"times/after-2038.txt":  filetime(7289654399, 9_999_999), // 2200-12-31 23:59:59.9999999
		"readme.txt":            filetime(1552940482, 0),         // 2019-03-18 20:21:22
	}
	met := map[string]bool{}
	t.Run("images", func(t *testing.T) {
		for _, image := range wimtest.FixtureImages(t) {
			for _, w := range walk(t, fixtureFS(t, image.File, image.Index)) {
				created, modified, accessed := usual, usual, usual
				if want, ok := special[w.path]; ok {
					created, modified, accessed = want, want, want
					met[w.path] = true
				}
				if image.Listing == "ntfs" {
					created, modified, accessed = 132000000000000001, 132111111111111112, 132222222222222223
				}
				require.Equal(t, created, w.entry.CreationTime, "%v %s", image, w.path)
				require.Equal(t, modified, w.entry.LastWriteTime, "%v %s", image, w.path)
				require.Equal(t, accessed, w.entry.LastAccessTime, "%v %s", image, w.path)
			}
		}
	})
	require.Len(t, met, len(special))
}

// The files that were captured have the bytes that sha1sum saw, and there are
// no others.
func TestContentAgreesWithSHA1Sum(t *testing.T) {
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		byPath := byStoredPath(t, walk(t, tree))
		read := map[string]bool{}
		for _, sum := range wimtest.FixtureSums(t, image.Listing) {
			w, found := byPath["/"+sum.Path]
			require.True(t, found, sum.Path)
			file, err := tree.OpenStream(w.path, sum.Stream)
			require.NoError(t, err)
			hash := sha1.New()
			n, err := io.Copy(hash, file)
			require.NoError(t, err, sum.Path)
			require.Equal(t, sum.SHA1, hex.EncodeToString(hash.Sum(nil)), sum.Path)
			info, err := file.Stat()
			require.NoError(t, err)
			require.Equal(t, info.Size(), n)
			require.NoError(t, file.Close())

			if sum.Stream == "" {
				data, err := tree.ReadFile(w.path)
				require.NoError(t, err)
				require.Equal(t, sha1Of(t, sum.SHA1), wim.SHA1(sha1.Sum(data)), sum.Path)
			}
			read[w.path+":"+sum.Stream] = true
		}
		for _, w := range byPath {
			for _, s := range w.entry.Streams {
				special := w.entry.Unix != nil && w.entry.Unix.Mode&0o170000 != 0o100000 // not S_IFREG
				if w.info.Mode().IsRegular() && !special {
					require.True(t, read[w.path+":"+s.Name], "sha1sum knows nothing of %q, stream %q", w.path, s.Name)
				}
			}
		}
	})
}

func TestFSConformsToIOFS(t *testing.T) {
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		var expected []string
		for _, w := range walk(t, tree) {
			if w.path != "." {
				expected = append(expected, w.path)
			}
			if tooSlow(w.info.Size()) {
				t.Skipf("reading %d bytes one by one takes long here", w.info.Size())
			}
		}
		require.NoError(t, fstest.TestFS(tree, expected...))
	})
}

// getfattr says which extended attributes the captured tree had.
func TestExtendedAttributes(t *testing.T) {
	want := map[string]map[string]string{}
	var path string
	scanner := bufio.NewScanner(bytes.NewReader(wimtest.FixtureBytes(t, "expected/unix.xattrs.txt")))
	for scanner.Scan() {
		if name, ok := strings.CutPrefix(scanner.Text(), "# file: "); ok {
			path = name
			want[path] = map[string]string{}
		} else if name, value, ok := strings.Cut(scanner.Text(), "="); ok {
			raw, err := hex.DecodeString(strings.TrimPrefix(value, "0x"))
			require.NoError(t, err)
			want[path][name] = string(raw)
		}
	}
	require.Len(t, want, 2)

	got := map[string]map[string]string{}
	for _, w := range walk(t, fixtureFS(t, "unix.wim", 1)) {
		for _, x := range w.entry.Xattrs {
			if got[w.path] == nil {
				got[w.path] = map[string]string{}
			}
			got[w.path][x.Name] = string(x.Value)
			require.Zero(t, x.Flags)
		}
	}
	require.Equal(t, want, got)
}

// Modes of files with Unix data are those of Unix; the others follow from the
// attributes, as package os has it on Windows.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		file, path, want string
	}{
		{"unix.wim", "owned.txt", "-rw-r-----"},
		{"unix.wim", "setuid", "urwxr-xr-x"},
		{"unix.wim", "sticky", "dtrwxrwxrwx"},
		{"unix.wim", "link", "Lrwxrwxrwx"},
		{"ntfs.wim", "attribute-readonly.txt", "-r--r--r--"},
		{"ntfs.wim", "attribute-hidden.txt", "-rw-r--r--"},
		{"ntfs.wim", "plain", "drwxr-xr-x"},
		{"ntfs.wim", "junction", "Lrwxrwxrwx"},
		{"ntfs.wim", "directory-link", "Lrwxrwxrwx"},
		{"ntfs.wim", "wsl-symlink", "Lrwxrwxrwx"},
		{"ntfs.wim", "unknown-tag.bin", "?rw-r--r--"},
	} {
		info, err := fixtureFS(t, c.file, 1).Lstat(c.path)
		require.NoError(t, err)
		require.Equal(t, c.want, info.Mode().String(), c.path)
	}
}

// make.sh wrote these reparse points; the data is what follows the 8 bytes of
// tag and length.
func TestReparseData(t *testing.T) {
	tree := fixtureFS(t, "ntfs.wim", 1)
	utf16 := func(text string) string {
		var out []byte
		for _, c := range []byte(text) {
			out = append(out, c, 0)
		}
		return string(out)
	}
	for path, want := range map[string]string{
		// Substitute name at 0, 24 bytes; print name after its NUL, 16 bytes.
		"junction": "\x00\x00\x18\x00\x1a\x00\x10\x00" + utf16("\\??\\C:\\plain\x00C:\\plain\x00"),
		// Print name at 0, 28 bytes; substitute name at 28; relative.
		"symlink-relative.txt":     "\x1c\x00\x1c\x00\x00\x00\x1c\x00\x01\x00\x00\x00" + utf16(`plain\file.txtplain\file.txt`),
		"wsl-symlink":              "\x02\x00\x00\x00plain/file.txt",
		"unknown-tag.bin":          "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xffowner data",
		"reparse-with-content.txt": "dedup",
	} {
		info, err := tree.Lstat(path)
		require.NoError(t, err)
		point := info.Sys().(*wim.Entry).Reparse
		data, err := point.Data()
		require.NoError(t, err, path)
		require.Equal(t, want, string(data), path)
		require.EqualValues(t, len(want), point.Size, path)
		require.Equal(t, wim.SHA1(sha1.Sum(data)), point.SHA1, path)
	}
	// wimlib's dir does not list it, but the content is in the file.
	content, err := tree.ReadFile("reparse-with-content.txt")
	require.NoError(t, err)
	require.Equal(t, "content behind the reparse point\r\n", string(content))
}

// Security descriptors that were set with the same bytes are the same bytes.
// The listing has all of them; here is one, taken apart.
func TestSecurityDescriptor(t *testing.T) {
	descriptor := func(path string) []byte {
		info, err := fixtureFS(t, "ntfs.wim", 1).Lstat(path)
		require.NoError(t, err)
		return info.Sys().(*wim.Entry).SecurityDescriptor
	}
	d := descriptor("security-2.txt")
	require.Equal(t, byte(1), d[0])                                    // revision
	require.Equal(t, []byte{0x04, 0x90}, d[2:4])                       // self-relative, DACL protected and present
	require.Contains(t, string(d), "\x00\x00\x00\x05\x12\x00\x00\x00") // S-1-5-18 in it
	require.Equal(t, descriptor("security-1.txt"), descriptor("security-1-again.txt"))
	require.NotEqual(t, d, descriptor("security-1.txt"))
	require.Nil(t, func() []byte {
		info, err := fixtureFS(t, "none.wim", 1).Lstat("readme.txt")
		require.NoError(t, err)
		return info.Sys().(*wim.Entry).SecurityDescriptor
	}())
}

// StorageOrder yields every stream that has content once, by where wimlib says
// that it lies.
func TestStorageOrder(t *testing.T) {
	for _, image := range wimtest.FixtureImages(t) {
		t.Run(image.String(), func(t *testing.T) {
			tree := fixtureFS(t, image.File, image.Index)
			type place struct{ part, offset, inside int64 }
			places := map[string]place{}
			for _, file := range wimtest.FixtureFiles(t) {
				if file != image.File && !isSibling(image.File, file) && file != wimtest.FixtureReference(image.File) {
					continue
				}
				for _, b := range fixtureInfo(t, file).Blobs {
					if _, found := places[b.SHA1]; !found || file == image.File {
						places[b.SHA1] = place{int64(b.Part), b.Offset, b.SolidOffset}
					}
				}
			}
			want := map[string]string{} // stream to hash
			for _, w := range walk(t, tree) {
				for _, s := range w.entry.Streams {
					if !s.SHA1.IsZero() {
						want[w.path+":"+s.Name] = s.SHA1.String()
					}
				}
			}
			last, count := place{}, 0
			for path, stream := range tree.StorageOrder() {
				hash, found := want[path+":"+stream]
				require.True(t, found, "%s:%s", path, stream)
				require.Contains(t, places, hash)
				at := places[hash]
				require.LessOrEqual(t, slices.Compare([]int64{last.part, last.offset, last.inside}, []int64{at.part, at.offset, at.inside}), 0,
					"%s at %v comes after %v", path, at, last)
				last = at
				delete(want, path+":"+stream)
				count++
			}
			require.Empty(t, want)
			for range tree.StorageOrder() { // may be left early
				break
			}
		})
	}
}

// isSibling says whether two fixtures are parts of one split set.
func isSibling(file, other string) bool {
	stem := func(name string) string {
		base, isPart := strings.CutSuffix(name, ".swm")
		if !isPart {
			return name
		}
		return strings.TrimRight(base, "0123456789")
	}
	return stem(file) == stem(other)
}
