package wim_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// onDisk is what a file system has under a name.
type onDisk struct {
	kind     fs.FileMode // type bits
	content  string      // of a file, or the target of a link
	modified time.Time   // zero for a link where Extract does not set that
	twins    []string    // all names of the file, this one too
}

// linkTimes says whether Extract can set times of symbolic links here.
const linkTimes = runtime.GOOS == "linux" || runtime.GOOS == "freebsd"

// readDisk reads all that is below a directory. Link targets inside of it have
// "<dir>" in its place.
func readDisk(t *testing.T, dir string) map[string]onDisk {
	t.Helper()
	tree := map[string]onDisk{}
	infos := map[string]fs.FileInfo{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		relative, err := filepath.Rel(dir, name)
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		entry := onDisk{kind: info.Mode().Type(), modified: info.ModTime().UTC()}
		switch {
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			require.NoError(t, err)
			entry.content = strings.Replace(target, dir, "<dir>", 1)
			if !linkTimes {
				entry.modified = time.Time{}
			}
		case d.Type().IsRegular():
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			entry.content = string(data)
			for other, otherInfo := range infos {
				if os.SameFile(info, otherInfo) {
					entry.twins = append(entry.twins, other)
				}
			}
			infos[relative] = info
		}
		tree[relative] = entry
		return nil
	}))
	for name, info := range infos {
		entry := tree[name]
		entry.twins = nil
		for other, otherInfo := range infos {
			if os.SameFile(info, otherInfo) {
				entry.twins = append(entry.twins, other)
			}
		}
		slices.Sort(entry.twins)
		tree[name] = entry
	}
	return tree
}

// extract extracts a whole image and wants no problems.
func extract(t *testing.T, image *wim.Image, dir string, opts ...wim.ExtractOption) *wim.ExtractReport {
	t.Helper()
	report, err := image.Extract(t.Context(), dir, opts...)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	return report
}

// needsUnix skips tests whose file names and links other systems do not take.
func needsUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fixture has names and links that Windows refuses")
	}
}

// needsLinks skips tests that extract symbolic links where the user may not
// make any, as on Windows without the developer mode.
func needsLinks(t *testing.T) {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	if err := root.Symlink("nothing", "link"); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

// What is extracted is what the tree has.
func TestExtract(t *testing.T) {
	needsUnix(t)
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		dir := filepath.Join(t.TempDir(), "made", "if need be")
		var last wim.Progress
		report, err := openFixture(t, image.File).Images[image.Index-1].Extract(t.Context(), dir,
			wim.WithProgress(func(p wim.Progress) { last = p }))
		require.Equal(t, last.BytesTotal, last.BytesDone)
		if image.Listing != "names" { // see TestExtractOddNames
			require.NoError(t, err)
			require.Empty(t, report.Problems)
		}
		disk := readDisk(t, dir)
		var want wim.ExtractReport
		for _, w := range walk(t, tree) {
			if strings.HasPrefix(w.path, "unpaired-") {
				continue
			}
			name := filepath.FromSlash(strings.ReplaceAll(w.path, "%u005C", `\`))
			got, found := disk[name]
			require.True(t, found, name)
			delete(disk, name)
			mode := w.info.Mode()
			switch {
			case mode&fs.ModeSymlink != 0:
				target, err := tree.ReadLink(w.path)
				require.NoError(t, err)
				require.Equal(t, fs.ModeSymlink, got.kind)
				if target == "/readme.txt" || target == "/plain" || target == "/plain/file.txt" { // inside of the image
					target = "<dir>" + target
				}
				require.Equal(t, target, got.content, name)
				want.Links++
				if linkTimes && strconv.IntSize == 64 {
					require.Equal(t, w.info.ModTime(), got.modified, name)
				}
				continue
			case mode.IsDir():
				require.Equal(t, fs.ModeDir, got.kind)
				if w.path != "." {
					want.Directories++
				}
			default:
				data, err := tree.ReadFile(w.path)
				require.NoError(t, err)
				require.Zero(t, got.kind)
				require.True(t, string(data) == got.content, name)
				want.Files++
				if w.entry.HardLinkGroup == 0 {
					want.Bytes += int64(len(data))
					require.Equal(t, []string{name}, got.twins)
				} else {
					require.Greater(t, len(got.twins), 1, name)
				}
			}
			modified := w.info.ModTime()
			if strconv.IntSize == 32 && modified.Unix() != int64(int32(modified.Unix())) {
				continue // package syscall has 32 bits for a time on Linux
			}
			require.Equal(t, modified, got.modified, name)
		}
		require.Empty(t, disk)
		require.Equal(t, want.Files, report.Files)
		require.Equal(t, want.Directories, report.Directories)
		require.Equal(t, want.Links, report.Links)
		require.GreaterOrEqual(t, report.Bytes, want.Bytes) // and once for each hard link group
	})
}

// wimlib extracts the same. Where it is not there, TestExtract still is.
func TestExtractAgreesWithWimlib(t *testing.T) {
	if _, err := exec.LookPath("wimlib-imagex"); err != nil {
		t.Skip("wimlib-imagex is not on PATH")
	}
	eachImage(t, func(t *testing.T, image wimtest.FixtureImage, tree *wim.FS) {
		// Both directories have the path of the image in them, so links do.
		theirs, ours := filepath.Join(t.TempDir(), "theirs"), filepath.Join(t.TempDir(), "ours")
		applyWithWimlib(t, image, theirs)
		report, err := openFixture(t, image.File).Images[image.Index-1].Extract(t.Context(), ours)
		want, got := readDisk(t, theirs), readDisk(t, ours)
		switch image.Listing {
		case "names":
			// On Linux wimlib writes unpaired surrogates as three bytes that
			// are no UTF-8. We do not.
			require.Error(t, err)
			require.Len(t, report.Problems, 2)
			for name := range want {
				if strings.HasPrefix(name, "unpaired-") {
					delete(want, name)
				}
			}
		case "ntfs":
			// wimlib makes an empty file of a WSL symlink.
			require.Equal(t, fs.ModeSymlink, got["wsl-symlink"].kind)
			require.Equal(t, "plain/file.txt", got["wsl-symlink"].content)
			delete(want, "wsl-symlink")
			delete(got, "wsl-symlink")
			fallthrough
		default:
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
	})
}

func applyWithWimlib(t *testing.T, image wimtest.FixtureImage, dir string) {
	t.Helper()
	args := []string{"apply", wimtest.FixturePath(t, image.File), "--quiet"}
	if base := wimtest.FixtureReference(image.File); base != "" {
		args = append(args, "--ref="+wimtest.FixturePath(t, base))
	}
	if stem, isPart := strings.CutSuffix(image.File, ".swm"); isPart {
		args = append(args, "--ref="+wimtest.FixturePath(t, stem+"*.swm"))
	}
	args = slices.Insert(args, 2, image.IndexText(), dir)
	out, err := exec.Command("wimlib-imagex", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestExtractOddNames(t *testing.T) {
	needsUnix(t)
	dir := t.TempDir()
	report, err := openFixture(t, "names.wim").Images[0].Extract(t.Context(), dir)
	require.ErrorIs(t, err, wim.ErrUnsupported)
	require.Len(t, report.Problems, 2)
	for _, p := range report.Problems {
		require.ErrorIs(t, p.Err, wim.ErrUnsupported)
		require.Len(t, p.Affected, 1)
		require.Contains(t, p.Affected[0].Path, "unpaired-")
	}
	require.Equal(t, "a\n", readDisk(t, dir)[`back\slash`].content)
}

// What a file system like this one cannot be given is counted.
func TestExtractTellsWhatItLeftOut(t *testing.T) {
	needsUnix(t)
	counts := func(file string) map[string]int {
		m := map[string]int{}
		report := extract(t, openFixture(t, file).Images[0], t.TempDir())
		for i, n := range report.NotRestored {
			m[n.What] = n.Count
			require.True(t, i == 0 || report.NotRestored[i-1].Count >= n.Count)
		}
		return m
	}
	want := map[string]int{}
	for _, e := range fixtureListing(t, "ntfs") {
		link := e.ReparseTag == 0xA000000C || e.ReparseTag == 0xA0000003 || e.ReparseTag == 0xA000001D
		for what, has := range map[string]bool{
			"named streams":                       e.Stream(wimtest.NamedStream) != nil,
			"security descriptors":                e.SecurityDescriptor != nil,
			"short names":                         e.ShortName != "",
			"object ids":                          e.ObjectID != nil,
			"hidden, system and other attributes": e.Attributes&(0x2|0x4|0x100|0x800|0x1000) != 0, // and temporary, compressed, offline
			"reparse points that are not links":   e.ReparseTag != 0 && !link,
			"times of symbolic links":             link && !linkTimes,
		} {
			if has {
				want[what]++
			}
		}
	}
	require.GreaterOrEqual(t, len(want), 6)
	require.Equal(t, want, counts("ntfs.wim"))
	require.Empty(t, counts("lzx-64k.wim"))

	unix := counts("unix.wim")
	require.Equal(t, 2, unix["extended attributes"])
	require.Equal(t, 4, unix["devices, pipes and sockets"])
	if os.Getuid() == 0 && os.Getgid() == 0 {
		require.Equal(t, 2, unix["owners"])
	}
}

func TestExtractModes(t *testing.T) {
	needsUnix(t)
	dir := t.TempDir()
	extract(t, openFixture(t, "unix.wim").Images[0], dir, wim.WithUnixData())
	mode := func(name string) string {
		info, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		return info.Mode().String()
	}
	require.Equal(t, "-rw-r-----", mode("owned.txt"))
	require.Equal(t, "-rwxr-xr-x", mode("setuid"))
	require.Equal(t, "dtrwxrwxrwx", mode("sticky"))

	dir = t.TempDir()
	extract(t, openFixture(t, "ntfs.wim").Images[0], dir)
	require.Equal(t, "-r--r--r--", mode("attribute-readonly.txt"))
	// Once more over a file that cannot be written to.
	extract(t, openFixture(t, "ntfs.wim").Images[0], dir)
	require.Equal(t, "-r--r--r--", mode("attribute-readonly.txt"))
}

func TestExtractPaths(t *testing.T) {
	needsUnix(t)
	image := openFixture(t, "none.wim").Images[0]
	names := func(dir string) []string {
		var list []string
		for name := range readDisk(t, dir) {
			list = append(list, name)
		}
		slices.Sort(list)
		return list
	}
	for _, c := range []struct{ paths, want []string }{
		{[]string{"readme.txt"}, []string{".", "readme.txt"}},
		{[]string{"README.TXT"}, []string{".", "readme.txt"}},
		{[]string{"times"}, []string{".", "times", "times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}},
		{[]string{"times/epoch.txt", "times"}, []string{".", "times", "times/after-2038.txt", "times/before-1970.txt", "times/epoch.txt"}},
		{[]string{"links/hard-2.txt", "empty-dir"}, []string{".", "empty-dir", "links", "links/hard-2.txt"}},
		// One name of a file is enough, and two names stay one file.
		{[]string{"links/hard-2.txt", "deep/a/hard-3.txt"}, []string{".", "deep", "deep/a", "deep/a/hard-3.txt", "links", "links/hard-2.txt"}},
		{[]string{"links/relative"}, []string{".", "links", "links/relative"}},                         // the link, not what it leads to
		{[]string{"links/directory/hard-3.txt"}, []string{".", "deep", "deep/a", "deep/a/hard-3.txt"}}, // through one
	} {
		dir := t.TempDir()
		report := extract(t, image, dir, wim.WithPaths(c.paths...))
		require.Equal(t, c.want, names(dir))
		require.Equal(t, len(c.want)-1, report.Files+report.Directories+report.Links)
	}
	dir := t.TempDir()
	extract(t, image, dir, wim.WithPaths("links/hard-2.txt", "deep/a/hard-3.txt"))
	require.Len(t, readDisk(t, dir)["deep/a/hard-3.txt"].twins, 2)

	dir = t.TempDir()
	for _, missing := range []string{"nothing", "links/dangling/below", "../none", ""} {
		_, err := image.Extract(t.Context(), dir, wim.WithPaths("readme.txt", missing))
		require.Error(t, err, missing)
		require.Equal(t, []string{"."}, names(dir))
	}
	_, err := image.Extract(t.Context(), dir, wim.WithPaths("nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "extract nothing: file does not exist")
}

// What is in the way is replaced, but no directory, and nothing is written
// through a link.
func TestExtractOverWhatIsThere(t *testing.T) {
	needsUnix(t)
	image := openFixture(t, "none.wim").Images[0]
	fresh := filepath.Join(t.TempDir(), "fresh")
	extract(t, image, fresh)
	want := readDisk(t, fresh)

	t.Run("a second time", func(t *testing.T) {
		extract(t, image, fresh)
		require.Equal(t, want, readDisk(t, fresh))
	})
	t.Run("files and links", func(t *testing.T) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dir")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "links"), 0o700))
		outside := filepath.Join(parent, "outside.txt")
		require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "one-byte.bin"), []byte("much longer"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".wimble-1.tmp"), []byte("somebody's"), 0o600))
		for _, name := range []string{"readme.txt", "empty.txt", "twin-1.txt", "twin-2.txt", "links/hard-1.txt", "links/hard-2.txt", "links/relative"} {
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, name)))
		}
		extract(t, image, dir)
		got := readDisk(t, dir)
		require.Equal(t, "somebody's", got[".wimble-1.tmp"].content)
		delete(got, ".wimble-1.tmp")
		require.Equal(t, want, got)
		data, err := os.ReadFile(outside)
		require.NoError(t, err)
		require.Equal(t, "outside", string(data))
	})
	for _, name := range []string{"links", "deep", "deep/a/b"} {
		t.Run("a link in place of the directory "+name, func(t *testing.T) {
			parent := t.TempDir()
			dir, outside := filepath.Join(parent, "dir"), filepath.Join(parent, "outside")
			require.NoError(t, os.Mkdir(outside, 0o700))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, name)))
			_, err := image.Extract(t.Context(), dir)
			require.ErrorIs(t, err, fs.ErrExist)
			entries, err := os.ReadDir(outside)
			require.NoError(t, err)
			require.Empty(t, entries)
		})
	}
	for _, name := range []string{"readme.txt", "empty.txt", "twin-2.txt", "links/hard-2.txt", "links/relative"} {
		t.Run("a directory in place of the file "+name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, name, "kept"), 0o700))
			_, err := image.Extract(t.Context(), dir)
			require.Error(t, err)
			require.DirExists(t, filepath.Join(dir, name, "kept"))
			requireNoTemporaries(t, dir)
		})
	}
	t.Run("a file in place of the target", func(t *testing.T) {
		_, err := image.Extract(t.Context(), filepath.Join(fresh, "readme.txt"))
		require.Error(t, err)
	})
}

func requireNoTemporaries(t *testing.T, dir string) {
	t.Helper()
	for name := range readDisk(t, dir) {
		require.False(t, strings.HasSuffix(name, ".tmp"), name)
	}
}

// An extraction that is ended leaves whole files, and no others.
func TestExtractIsEndedByItsContext(t *testing.T) {
	needsUnix(t)
	for _, file := range []string{"none.wim", "xpress-4k.wim", "solid-lzx-32k.esd"} {
		r := openFixture(t, file)
		tree := imageFS(t, r, 1)
		for stop := range 6 { // after so many reports
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			reports := 0
			_, err := r.Images[0].Extract(ctx, dir, wim.WithProgress(func(wim.Progress) {
				if reports++; reports > stop {
					cancel()
				}
			}))
			cancel()
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			requireNoTemporaries(t, dir)
			for name, got := range readDisk(t, dir) {
				if got.kind.IsRegular() {
					data, err := tree.ReadFile(name)
					require.NoError(t, err)
					require.True(t, string(data) == got.content, name)
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Images[0].Extract(ctx, t.TempDir())
		require.ErrorIs(t, err, context.Canceled)
	}
}

// A damaged content costs the files that have it.
func TestExtractDamaged(t *testing.T) {
	needsUnix(t)
	data := changeText(t, "none.wim", "linked\n")
	dir := t.TempDir()
	report, err := openBytes(t, data).Images[0].Extract(t.Context(), dir)
	require.ErrorIs(t, err, wim.ErrChecksum)
	require.ErrorContains(t, err, "3 problems, the first: extract ")
	var affected []string
	for _, p := range report.Problems {
		var pathError *fs.PathError
		require.ErrorAs(t, p.Err, &pathError)
		affected = append(affected, wimtest.Paths(p.Affected)...)
	}
	slices.Sort(affected)
	require.Equal(t, []string{"deep/a/hard-3.txt", "links/hard-1.txt", "links/hard-2.txt"}, affected)
	disk := readDisk(t, dir)
	for _, name := range affected {
		require.NotContains(t, disk, name)
	}
	requireNoTemporaries(t, dir)
	require.Equal(t, len(wimtest.FixtureSums(t, "small"))-3, report.Files)
}

// Without all parts, what is there is extracted.
func TestExtractMissingPart(t *testing.T) {
	needsUnix(t)
	r := openBytes(t, wimtest.FixtureBytes(t, "split.swm"))
	dir := t.TempDir()
	report, err := r.Images[0].Extract(t.Context(), dir)
	require.ErrorIs(t, err, wim.ErrMissingPart)
	require.NotEmpty(t, report.Problems)
	require.Equal(t, "linked\n", readDisk(t, dir)["links/hard-1.txt"].content)
	requireNoTemporaries(t, dir)
}

// changeMetadata returns a copy of a fixture that stores its metadata raw, with
// changes to the metadata of image 1. The blob table has the new SHA-1.
func changeMetadata(t *testing.T, file string, change func(metadata []byte)) []byte {
	t.Helper()
	data := wimtest.FixtureBytes(t, file)
	for _, b := range fixtureInfo(t, file).Blobs {
		if !b.IsMetadata() {
			continue
		}
		require.Equal(t, b.Size, b.Stored, "the metadata is compressed")
		metadata := data[b.Offset:][:b.Size]
		was := sha1.Sum(metadata)
		change(metadata)
		is := sha1.Sum(metadata)
		require.Equal(t, 1, bytes.Count(data, was[:]))
		return bytes.Replace(data, was[:], is[:], 1)
	}
	require.Fail(t, "no metadata")
	return nil
}

// rename gives an entry another name, not longer than the old one. The length
// of a dentry's name is 2 bytes before the name.
func rename(t *testing.T, metadata []byte, old, new string) {
	t.Helper()
	name := utf16le(old)
	at := bytes.Index(metadata, append(binary.LittleEndian.AppendUint16(nil, uint16(len(name))), name...))
	require.Positive(t, at, old)
	clear(metadata[at+2:][:len(name)])
	require.LessOrEqual(t, len(new), len(old))
	binary.LittleEndian.PutUint16(metadata[at:], uint16(copy(metadata[at+2:], utf16le(new))))
}

// No name in an image leads out of the target, and each entry is still reached
// by a path of its own.
func TestNamesDoNotLeadOut(t *testing.T) {
	needsUnix(t)
	for _, c := range []struct{ old, new, shown string }{
		{"twin-1.txt", "../esc.txt", "..%u002Fesc.txt"},
		{"twin-1.txt", "/tmp/x.txt", "%u002Ftmp%u002Fx.txt"},
		{"twin-1.txt", "..", "%u002E%u002E"},
		{"twin-1.txt", ".", "%u002E"},
		{"twin-1.txt", "a/../../b", "a%u002F..%u002F..%u002Fb"},
		{"twin-1.txt", "nul\x00.txt", "nul%u0000.txt"},
		{"twin-1.txt", "", "%u"},
		{"links", "..", "%u002E%u002E"}, // a directory with files in it
		{"links", "../x", "..%u002Fx"},
		{"links", ".", "%u002E"},
		{"links", "/", "%u002F"},
	} {
		data := changeMetadata(t, "none.wim", func(metadata []byte) { rename(t, metadata, c.old, c.new) })
		r := openBytes(t, data)
		tree := imageFS(t, r, 1)
		info, err := tree.Stat(c.shown)
		require.NoError(t, err, c.new)
		require.Equal(t, c.new, wimtest.WTF8(info.Sys().(*wim.Entry).RawName))
		require.Len(t, walk(t, tree), len(fixtureListing(t, "small")))

		parent := t.TempDir()
		dir := filepath.Join(parent, "a", "b", "dir")
		report, err := r.Images[0].Extract(t.Context(), dir)
		require.Error(t, err, c.new)
		require.NotContains(t, err.Error(), "\n")
		require.Len(t, report.Problems, 1)
		require.Equal(t, []string{c.shown}, wimtest.Paths(report.Problems[0].Affected))
		outside := readDisk(t, parent)
		require.Len(t, outside, 3+len(readDisk(t, dir))) // parent, a, a/b
		require.NotContains(t, outside, "a/b/hard-1.txt")
		// All the rest is there.
		require.Equal(t, "A fixture of wimble. Each line ends as on Windows.\r\n", outside["a/b/dir/readme.txt"].content)
	}
}

// Two entries with one name have two paths, and one of them is extracted.
func TestTwoEntriesWithOneName(t *testing.T) {
	needsUnix(t)
	data := changeMetadata(t, "none.wim", func(metadata []byte) { rename(t, metadata, "readme.txt", "twin-2.txt") })
	r := openBytes(t, data)
	tree := imageFS(t, r, 1)
	require.Len(t, tree.Warnings(), 1)
	require.Len(t, walk(t, tree), len(fixtureListing(t, "small")))
	contents := map[string]bool{}
	for _, name := range []string{"twin-2.txt", "twin-2.txt~2"} {
		data, err := tree.ReadFile(name)
		require.NoError(t, err)
		contents[string(data)] = true
	}
	require.Equal(t, map[string]bool{"the same bytes\n": true, "A fixture of wimble. Each line ends as on Windows.\r\n": true}, contents)

	dir := t.TempDir()
	report, err := r.Images[0].Extract(t.Context(), dir)
	require.ErrorIs(t, err, wim.ErrFormat)
	require.Len(t, report.Problems, 1)
	first, err := tree.ReadFile("twin-2.txt")
	require.NoError(t, err)
	require.Equal(t, string(first), readDisk(t, dir)["twin-2.txt"].content)
}

// An error of the target ends the extraction and is what it was.
func TestExtractIntoWhatCannotBeWritten(t *testing.T) {
	needsUnix(t)
	if os.Getuid() == 0 {
		t.Skip("root writes everywhere")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	_, err := openFixture(t, "none.wim").Images[0].Extract(t.Context(), dir)
	require.True(t, errors.Is(err, fs.ErrPermission), "%v", err)
}
