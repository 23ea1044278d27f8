package wim_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// writeTar writes a whole image and wants no problems.
func writeTar(t *testing.T, image *wim.Image, opts ...wim.ExtractOption) ([]byte, *wim.TarReport) {
	t.Helper()
	var out bytes.Buffer
	report, err := image.WriteTar(t.Context(), &out, opts...)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	return out.Bytes(), report
}

// tarEntry is an entry of a tar and its content.
type tarEntry struct {
	*tar.Header
	content []byte
}

// binary returns a record in base64, nil if there is none.
func (e tarEntry) binary(t *testing.T, record string) []byte {
	t.Helper()
	text, found := e.PAXRecords[record]
	if !found {
		return nil
	}
	value, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return value
}

// readTar reads a tar by path, "." for the root, with archive/tar. It checks
// the order: parents first, targets of hard links first, and what comes twice
// is a directory.
func readTar(t *testing.T, data []byte) map[string]tarEntry {
	t.Helper()
	entries := map[string]tarEntry{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return entries
		}
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		name := path.Clean(h.Name)
		require.Equal(t, h.Typeflag == tar.TypeDir, strings.HasSuffix(h.Name, "/"))
		if first, again := entries[name]; again {
			require.EqualValues(t, tar.TypeDir, h.Typeflag, name)
			require.Equal(t, first.PAXRecords, h.PAXRecords)
		}
		if parent := path.Dir(name); name != "." && parent != "." {
			require.EqualValues(t, tar.TypeDir, entries[parent].Typeflag, name)
		}
		if h.Typeflag == tar.TypeLink {
			require.EqualValues(t, tar.TypeReg, entries[h.Linkname].Typeflag, name)
		}
		require.Empty(t, h.Uname+h.Gname)
		entries[name] = tarEntry{h, content}
	}
}

// hardLinkTarget returns the entry that has what a hard link is another name
// of.
func hardLinkTarget(entries map[string]tarEntry, e tarEntry) tarEntry {
	if e.Typeflag == tar.TypeLink {
		return entries[e.Linkname]
	}
	return e
}

// Everything that wimlib lists of an image is in the tar.
func TestTar(t *testing.T) {
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		var last wim.Progress
		data, report := writeTar(t, openFixture(t, image.File).Images[image.Index-1],
			wim.WithProgress(func(p wim.Progress) { last = p }))
		require.Equal(t, last.BytesTotal, last.BytesDone)
		entries := readTar(t, data)
		listing := fixtureListing(t, image.Listing)
		require.Len(t, entries, len(listing))
		var want wim.TarReport
		firstOfGroup := map[uint64]string{}
		for _, l := range listing {
			name := strings.TrimPrefix(l.Path, "/")
			if name == "" {
				name = "."
			}
			e, found := entries[name]
			if !found { // wimlib prints surrogates in a way of its own
				require.Contains(t, name, "unpaired-")
				name = map[string]string{"unpaired-h": "unpaired-high-%uD800", "unpaired-l": "unpaired-low-%uDFFF-end"}[name[:10]]
				e, found = entries[name]
				require.True(t, found, name)
			}
			requireListedTarEntry(t, l, e, hardLinkTarget(entries, e))
			link := l.ReparseTag == 0xA000000C || l.ReparseTag == 0xA0000003 || l.ReparseTag == 0xA000001D
			switch {
			case link:
				require.EqualValues(t, tar.TypeSymlink, e.Typeflag, name)
				want.Links++
			case l.Attributes&0x10 != 0:
				require.EqualValues(t, tar.TypeDir, e.Typeflag, name)
				want.Directories++
			default:
				want.Files++
				first := firstOfGroup[l.LinkGroup]
				target := hardLinkTarget(entries, e).Name
				if l.LinkCount > 1 && first != "" {
					require.Equal(t, first, target)
				} else {
					if s := l.Stream(wimtest.UnnamedStream); s != nil {
						want.Bytes += s.Size
					} else { // wimlib does not list the content of a reparse point
						require.NotZero(t, l.ReparseTag)
						want.Bytes += e.Size
					}
					if l.LinkCount > 1 {
						firstOfGroup[l.LinkGroup] = target
					} else {
						require.EqualValues(t, tar.TypeReg, e.Typeflag, name)
					}
				}
			}
		}
		want.LeftOut, want.Escaped = report.LeftOut, report.Escaped // see the tests below
		require.Equal(t, want, *report)
	})
}

// requireListedTarEntry compares an entry with what wimlib lists of it. A hard
// link has its name alone; file is the entry that has the rest.
func requireListedTarEntry(t *testing.T, l wimtest.ListedEntry, e, file tarEntry) {
	t.Helper()
	require.Equal(t, l.Written.Unix(), e.ModTime.Unix(), l.Path)
	require.Equal(t, l.Accessed.Unix(), e.AccessTime.Unix(), l.Path)
	require.Equal(t, l.ShortName, e.PAXRecords["WIMBLE.shortname"], l.Path)
	require.Equal(t, strconv.Itoa(int(l.Attributes)), file.PAXRecords["MSWINDOWS.fileattr"], l.Path)
	require.Equal(t, l.SecurityDescriptor, file.binary(t, "MSWINDOWS.rawsd"), l.Path)
	whole, _, fraction := strings.Cut(file.PAXRecords["LIBARCHIVE.creationtime"], ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	require.NoError(t, err)
	if fraction && strings.HasPrefix(whole, "-") {
		seconds-- // wimlib rounds down
	}
	require.Equal(t, l.Created.Unix(), seconds, l.Path)
	id := file.binary(t, "WIMBLE.objectid")
	require.Equal(t, l.ObjectID, id[:min(len(id), 16)], l.Path) // wimlib lists no birth ids
	uid, gid, mode := 0, 0, int64(0o644)
	switch {
	case l.Unix != nil:
		uid, gid, mode = int(l.Unix.UID), int(l.Unix.GID), int64(l.Unix.Mode&0o1777) // a tar makes no set-user-ID programs
	case e.Typeflag == tar.TypeSymlink:
		mode = 0o777
	case e.Typeflag == tar.TypeDir:
		mode = 0o755
	case l.Attributes&1 != 0:
		mode = 0o444
	}
	require.Equal(t, []int{uid, gid}, []int{e.Uid, e.Gid}, l.Path)
	require.Equal(t, mode, e.Mode, l.Path)
	streams := 0
	for _, s := range l.Streams {
		content := file.content
		switch s.Kind {
		case wimtest.NamedStream:
			streams++
			value, found := file.PAXRecords["WIMBLE.stream."+s.Name]
			require.True(t, found, "%s:%s", l.Path, s.Name)
			var err error
			content, err = base64.StdEncoding.DecodeString(value)
			require.NoError(t, err)
		case wimtest.ReparseStream:
			buffer := file.binary(t, "WIMBLE.reparse")
			require.Equal(t, l.ReparseTag, binary.LittleEndian.Uint32(buffer), l.Path)
			length := int(binary.LittleEndian.Uint16(buffer[4:]))
			if l.ReparseTag>>31 == 0 {
				length += 16 // the GUID of the tag's owner, which does not count
			}
			require.Len(t, buffer, 8+length)
			content = buffer[8:]
		}
		require.Len(t, content, int(s.Size), l.Path)
		if s.Size > 0 {
			require.Equal(t, s.SHA1, wimtest.HexSHA1(content), l.Path)
		}
	}
	for record := range file.PAXRecords {
		if strings.HasPrefix(record, "WIMBLE.stream.") {
			streams--
		}
	}
	require.Zero(t, streams, l.Path)
}

// The same image gives the same bytes, however it is read.
func TestTarIsTheSameEachTime(t *testing.T) {
	for _, file := range []string{"none.wim", "ntfs.wim", "solid-three.esd", "split.swm", "xpress-4k.wim", "pipable-lzx-32k.wim", "delta.wim"} {
		want, _ := writeTar(t, openFixture(t, file).Images[0], wim.WithWorkers(1))
		for _, opts := range [][]wim.ExtractOption{{}, {wim.WithWorkers(7)}, {wim.WithWorkers(3), wim.WithMemory(1)}} {
			got, _ := writeTar(t, openFixture(t, file).Images[0], opts...)
			require.True(t, bytes.Equal(want, got), file)
		}
	}
}

// unpackers are the programs that a tar has to suit. GNU tar warns of records
// that it does not know, and of times before 1970 and in the future.
var unpackers = map[string][]string{
	"tar":    {"-xf", "-", "--warning=no-unknown-keyword", "--warning=no-timestamp"},
	"bsdtar": {"-xf", "-"},
}

// eachUnpacker unpacks a tar with each program that is there, and calls a test
// with the directory.
func eachUnpacker(t *testing.T, data []byte, test func(t *testing.T, program, dir string)) {
	t.Helper()
	for program, args := range unpackers {
		t.Run(program, func(t *testing.T) {
			needsUnpacker(t, program)
			dir := filepath.Join(t.TempDir(), "dir")
			require.NoError(t, os.Mkdir(dir, 0o777))
			cmd := exec.Command(program, args...)
			cmd.Dir, cmd.Stdin = dir, bytes.NewReader(data)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Empty(t, string(out))
			test(t, program, dir)
		})
	}
}

func needsUnpacker(t *testing.T, program string) {
	t.Helper()
	needsUnix(t)
	version, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Skipf("%s is not on PATH; on Debian bsdtar is in the package libarchive-tools", program)
	}
	if program == "tar" && !bytes.Contains(version, []byte("GNU tar")) {
		t.Skip("tar is not GNU tar")
	}
}

// relativeLinks makes targets relative that are rooted in the directory.
func relativeLinks(t *testing.T, disk map[string]onDisk) map[string]onDisk {
	t.Helper()
	for name, entry := range disk {
		target, rooted := strings.CutPrefix(entry.content, "<dir>/")
		if entry.kind == fs.ModeSymlink && rooted {
			var err error
			entry.content, err = filepath.Rel(filepath.Dir(name), target)
			require.NoError(t, err)
			disk[name] = entry
		}
	}
	return disk
}

// What GNU tar and bsdtar unpack is what wimlib extracts, and what we do.
func TestTarUnpacks(t *testing.T) {
	if testing.Short() {
		t.Skip("tests with other programs are left out in short mode")
	}
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, _ *wim.FS) {
		r := openFixture(t, image.File)
		data, _ := writeTar(t, r.Images[image.Index-1])
		extracted := map[string]map[string]onDisk{}
		ours := filepath.Join(t.TempDir(), "ours")
		_, err := r.Images[image.Index-1].Extract(t.Context(), ours)
		if image.Listing != "names" {
			require.NoError(t, err)
		}
		extracted["ours"] = relativeLinks(t, readDisk(t, ours))
		if _, err := exec.LookPath("wimlib-imagex"); err == nil {
			theirs := filepath.Join(t.TempDir(), "theirs")
			applyWithWimlib(t, image, theirs)
			extracted["theirs"] = relativeLinks(t, readDisk(t, theirs))
		}
		eachUnpacker(t, data, func(t *testing.T, program, dir string) {
			for by, want := range extracted {
				got := readDisk(t, dir)
				if early, found := got["times/before-1970.txt"]; found && program == "bsdtar" {
					// libarchive takes the fraction of a time before 1970 for a
					// positive one.
					early.modified = early.modified.Add(-time.Second) // from half past to half to
					got["times/before-1970.txt"] = early
				}
				// What is extracted otherwise, see TestExtractAgreesWithWimlib.
				odd := []string{"unpaired-high-%uD800", "unpaired-low-%uDFFF-end"}
				if by == "theirs" {
					odd = append(odd, "unpaired-high-\xed\xa0\x80", "unpaired-low-\xed\xbf\xbf-end")
					if image.Listing == "ntfs" {
						odd = append(odd, "wsl-symlink")
					}
				}
				want = maps.Clone(want)
				for _, name := range odd {
					delete(want, name)
					delete(got, name)
				}
				require.Equal(t, want, got, by)
			}
		})
	})
}

// What a tar cannot hold as it is stands in the report.
func TestTarTellsWhatItChanged(t *testing.T) {
	_, report := writeTar(t, openFixture(t, "names.wim").Images[0])
	require.Len(t, report.Escaped, 2)
	require.EqualError(t, report.Escaped[0].Err,
		"tar unpaired-high-%uD800: the name has unpaired surrogates, which UTF-8 cannot hold: wim: unsupported")
	require.Equal(t, []string{"1:unpaired-high-%uD800"}, wimtest.Texts(report.Escaped[0].Affected))

	_, report = writeTar(t, openFixture(t, "unix.wim").Images[0])
	require.Equal(t, []wim.NotRestored{{What: "devices, pipes and sockets", Count: 4}}, report.LeftOut)
	_, report = writeTar(t, openFixture(t, "ntfs.wim").Images[0])
	require.Empty(t, report.LeftOut)
	require.Empty(t, report.Escaped)
}

func TestTarXattrs(t *testing.T) {
	r := openFixture(t, "unix.wim")
	data, _ := writeTar(t, r.Images[0])
	entries, found := readTar(t, data), 0
	for _, w := range walk(t, imageFS(t, r, 1)) {
		for _, x := range w.entry.Xattrs {
			require.Equal(t, x.Value, entries[w.path].binary(t, "MSWINDOWS.xattr."+x.Name))
			found++
		}
	}
	require.NotZero(t, found)
}

func TestTarPaths(t *testing.T) {
	image := openFixture(t, "none.wim").Images[0]
	for _, c := range []struct{ paths, want []string }{
		{[]string{"README.TXT"}, []string{"readme.txt"}},
		{[]string{"times"}, []string{"times", "times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}},
		{[]string{"links/hard-2.txt", "empty-dir"}, []string{"empty-dir", "links", "links/hard-2.txt"}},
		{[]string{"links/hard-2.txt", "deep/a/hard-3.txt"}, []string{"deep", "deep/a", "deep/a/hard-3.txt", "links", "links/hard-2.txt"}},
		{[]string{"links/relative"}, []string{"links", "links/relative"}},
	} {
		data, report := writeTar(t, image, wim.WithPaths(c.paths...))
		entries := readTar(t, data)
		var names []string
		for name := range entries {
			names = append(names, name)
		}
		require.ElementsMatch(t, c.want, names)
		require.Equal(t, len(c.want), report.Files+report.Directories+report.Links)
	}
	var out bytes.Buffer
	report, err := image.WriteTar(t.Context(), &out, wim.WithPaths("readme.txt", "nothing"))
	require.EqualError(t, err, "tar nothing: file does not exist")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Nil(t, report)
	require.Zero(t, out.Len())
}

// failingWriter takes some bytes.
type failingWriter struct{ left int }

var errFull = errors.New("no space left")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// The error of the writer ends a tar and is what it was.
func TestTarWriterFails(t *testing.T) {
	for _, file := range []string{"none.wim", "solid-lzms.esd", "lzx-2m.wim"} {
		image := openFixture(t, file).Images[0]
		data, _ := writeTar(t, image)
		for i := range 20 {
			_, err := image.WriteTar(t.Context(), &failingWriter{(len(data) - 1) * i / 19}, wim.WithWorkers(1+i%3))
			require.ErrorIs(t, err, errFull)
		}
		_, err := image.WriteTar(t.Context(), &failingWriter{len(data)})
		require.NoError(t, err)
	}
}

// The context ends a tar, which has no end then.
func TestTarIsEndedByItsContext(t *testing.T) {
	for _, file := range []string{"none.wim", "lzx-2m.wim", "solid-lzx-32k.esd"} {
		image := openFixture(t, file).Images[0]
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := image.WriteTar(ctx, io.Discard)
		require.ErrorIs(t, err, context.Canceled)
		ended := 0
		for stop := range 6 { // after so many reports
			ctx, cancel := context.WithCancelCause(t.Context())
			var out bytes.Buffer
			reports := 0
			_, err := image.WriteTar(ctx, &out, wim.WithProgress(func(wim.Progress) {
				if reports++; reports > stop {
					cancel(errFull)
				}
			}))
			cancel(nil)
			if err != nil {
				require.ErrorIs(t, err, errFull)
				requireNoEnd(t, out.Bytes())
				ended++
			}
		}
		require.NotZero(t, ended)
	}
}

// requireNoEnd checks that no program can take a tar for a whole one.
func requireNoEnd(t *testing.T, data []byte) {
	t.Helper()
	require.False(t, bytes.HasSuffix(data, make([]byte, 1024)))
}

// A file that turns out to be damaged ends the tar.
func TestTarDamaged(t *testing.T) {
	data := changeText(t, "none.wim", "linked\n")
	var out bytes.Buffer
	_, err := openBytes(t, data).Images[0].WriteTar(t.Context(), &out)
	require.ErrorIs(t, err, wim.ErrChecksum)
	require.EqualError(t, err, "tar deep/a/hard-3.txt: blob 755cfbc92b31c227c2428a51ebbf360277877977: the content has SHA-1 "+
		wimtest.HexSHA1([]byte("linKed\n"))+": wim: SHA-1 mismatch")
	var pathError *fs.PathError
	require.ErrorAs(t, err, &pathError)
	requireNoEnd(t, out.Bytes())

	// Of what is asked for nothing is damaged.
	_, err = openBytes(t, data).Images[0].WriteTar(t.Context(), &out, wim.WithPaths("readme.txt"))
	require.NoError(t, err)
}

// What is known to be missing before it is written is left out, with its
// further names, and the tar is whole.
func TestTarMissingPart(t *testing.T) {
	for name, c := range map[string]struct {
		r    *wim.Reader
		kind error
	}{
		"split": {openBytes(t, wimtest.FixtureBytes(t, "split.swm")), wim.ErrMissingPart},
		"delta": {openBytes(t, wimtest.FixtureBytes(t, "delta.wim")), wim.ErrMissingBlob},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			report, err := c.r.Images[0].WriteTar(t.Context(), &out)
			require.ErrorIs(t, err, c.kind)
			require.NotEmpty(t, report.Problems)
			entries := readTar(t, out.Bytes())
			missing := map[string]bool{}
			require.Len(t, report.Problems, 1)
			require.ErrorIs(t, report.Problems[0].Err, c.kind)
			require.Zero(t, report.Problems[0].MoreAffected)
			for _, path := range wimtest.Paths(report.Problems[0].Affected) {
				require.NotContains(t, entries, path)
				missing[path] = true
			}
			for _, w := range walk(t, imageFS(t, c.r, 1)) {
				s := w.entry.Stream("")
				require.Equal(t, s != nil && s.Size < 0 || w.entry.Reparse != nil && w.entry.Reparse.Size < 0, missing[w.path], w.path)
			}
		})
	}
}

// The source of Go, unpacked by others, is what it was.
func TestTarOfGoSource(t *testing.T) {
	needsWimlib(t)
	source := goSource(t, "net")
	want := scanDisk(t, source)
	for name, args := range map[string][]string{
		"xpress": {"--compress=xpress"}, "solid lzx": {"--compress=lzx", "--solid", "--solid-compress=lzx"}, "none": {"--compress=none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "go.wim")
			mustWimlib(t, append([]string{"capture", source, file, "go"}, args...)...)
			data, report := writeTar(t, openFile(t, file).Images[0])
			require.Equal(t, len(want), report.Files+report.Directories+report.Links)
			eachUnpacker(t, data, func(t *testing.T, _, dir string) {
				require.Equal(t, want, scanDisk(t, dir))
			})
		})
	}
}

// A tree with everything odd in it unpacks to what wimlib extracts.
func TestTarOfOddTree(t *testing.T) {
	needsWimlib(t)
	root := makeOddTree(t)
	file, theirs := filepath.Join(t.TempDir(), "odd.wim"), filepath.Join(t.TempDir(), "theirs")
	mustWimlib(t, "capture", root, file, "odd", "--compress=xpress", "--solid", "--solid-chunk-size=64K", "--solid-compress=lzx", "--norpfix")
	mustWimlib(t, "apply", file, "1", theirs)
	want := readDisk(t, theirs)
	data, _ := writeTar(t, openFile(t, file).Images[0])
	eachUnpacker(t, data, func(t *testing.T, _, dir string) {
		require.Equal(t, want, readDisk(t, dir))
	})
	sum := sha1.Sum(data)
	again, _ := writeTar(t, openFile(t, file).Images[0], wim.WithWorkers(5))
	require.Equal(t, sum, sha1.Sum(again))
}
