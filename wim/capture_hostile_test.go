package wim_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// riggedFS is a file system whose files are not what they were said to be.
type riggedFS struct {
	fstest.MapFS
	// open replaces what is opened; nil leaves it.
	open func(name string, times int) (fs.File, error)

	mu    sync.Mutex
	times map[string]int // how often a file was opened
}

func (r *riggedFS) Open(name string) (fs.File, error) {
	file, err := r.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || info.IsDir() {
		return file, err
	}
	r.mu.Lock()
	if r.times == nil {
		r.times = map[string]int{}
	}
	r.times[name]++
	times := r.times[name]
	r.mu.Unlock()
	if r.open != nil {
		other, err := r.open(name, times)
		if other != nil || err != nil {
			return other, err
		}
	}
	return file, nil
}

// fileOf is an open file with the content.
func fileOf(t testing.TB, data []byte) fs.File {
	t.Helper()
	file, err := fstest.MapFS{"x": {Data: data}}.Open("x")
	require.NoError(t, err)
	return file
}

// brokenFile is a file that cannot be read beyond some bytes.
type brokenFile struct {
	fs.File
	left int
}

var errBadSector = errors.New("bad sector")

func (b *brokenFile) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBadSector
	}
	n, err := b.File.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// noiseOf is noise of a size, in which nothing comes again within a chunk.
func noiseOf(size int) []byte {
	random := rand.New(rand.NewPCG(uint64(size), 1))
	block := make([]byte, 99_991)
	for i := range block {
		block[i] = byte(random.Uint32())
	}
	return repeat(block, size)
}

// captured writes an image of a file system, and reads it.
func captured(t testing.TB, fsys fs.FS, writer []wim.WriterOption, opts ...wim.CaptureOption) (*wim.FS, *wim.WriteReport, error) {
	t.Helper()
	w := newWriter(t, append([]wim.WriterOption{wim.WithCompression(wim.CompressionXPRESS)}, writer...)...)
	_, err := w.Capture(t.Context(), fsys, opts...)
	if err != nil {
		return nil, nil, err
	}
	dst := &memoryFile{room: 1 << 30}
	report, err := w.Write(t.Context(), dst)
	if err != nil {
		return nil, nil, err
	}
	requireInvariants(t, dst.data, false)
	requireClean(t, dst.data)
	return imageFS(t, openBytes(t, dst.data), 1), report, nil
}

// TestCaptureChangedFiles captures files that have changed since their folder
// was read: that is an error, or they are read again, or left out.
func TestCaptureChangedFiles(t *testing.T) {
	small, large := []byte(strings.Repeat("small ", 1000)), noiseOf(1100<<10)
	changes := map[string]func(data []byte) []byte{
		"shrunk":  func(data []byte) []byte { return data[:len(data)/2] },
		"grown":   func(data []byte) []byte { return append(bytes.Clone(data), data...) },
		"emptied": func([]byte) []byte { return nil },
		"small":   func([]byte) []byte { return []byte("x") },
		"large":   func([]byte) []byte { return noiseOf(1200 << 10) },
	}
	for what, change := range changes {
		for name, data := range map[string][]byte{"a": small, "b": large} {
			for _, same := range []bool{false, true} { // whether another file has the size
				if same && name == "a" {
					continue // small ones are read once in any case
				}
				fsys := &riggedFS{MapFS: fstest.MapFS{"a": {Data: small}, "b": {Data: large}, "z": {Data: []byte("kept")}}}
				if same {
					fsys.MapFS["c"] = &fstest.MapFile{Data: data}
				}
				now := change(data)
				fsys.open = func(opened string, _ int) (fs.File, error) {
					if opened == name {
						return fileOf(t, now), nil
					}
					return nil, nil
				}
				_, _, err := captured(t, fsys, nil)
				require.ErrorIs(t, err, wim.ErrChanged, "%s %s", what, name)
				require.ErrorContains(t, err, "capture "+name+": ")

				tree, report, err := captured(t, fsys, []wim.WriterOption{wim.WithRetries(1)})
				require.NoError(t, err, "%s %s", what, name)
				require.Empty(t, report.Skipped)
				got, err := tree.ReadFile(name)
				require.NoError(t, err)
				require.True(t, bytes.Equal(now, got), "%s %s", what, name)

				tree, report, err = captured(t, fsys, nil, wim.WithSkipUnreadable())
				require.NoError(t, err, "%s %s", what, name)
				require.Len(t, report.Skipped, 1)
				require.Equal(t, name, report.Skipped[0].Path)
				require.ErrorIs(t, report.Skipped[0].Err, wim.ErrChanged)
				_, err = tree.Open(name)
				require.ErrorIs(t, err, fs.ErrNotExist)
				if same {
					got, err := tree.ReadFile("c")
					require.NoError(t, err)
					require.True(t, bytes.Equal(data, got))
				}
			}
		}
	}
}

// A large file that has another content when it is written than when it was
// hashed is noticed, and so is the one that was to be the same.
func TestCaptureContentChanges(t *testing.T) {
	large, other := noiseOf(1100<<10), noiseOf(1100<<10 + 1)[1:]
	fsys := &riggedFS{MapFS: fstest.MapFS{"a": {Data: large}, "b": {Data: large}}}
	fsys.open = func(name string, times int) (fs.File, error) {
		if name == "a" && times > 1 {
			return fileOf(t, other), nil
		}
		return nil, nil
	}
	_, _, err := captured(t, fsys, nil)
	require.ErrorIs(t, err, wim.ErrChanged)

	fsys.times = nil
	tree, report, err := captured(t, fsys, []wim.WriterOption{wim.WithRetries(3)})
	require.NoError(t, err)
	require.Equal(t, 2, report.Blobs)
	for name, want := range map[string][]byte{"a": other, "b": large} {
		got, err := tree.ReadFile(name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), name)
	}
}

// TestCaptureUnreadable captures files that cannot be opened, or read to their
// end.
func TestCaptureUnreadable(t *testing.T) {
	for _, size := range []int{5000, 1100 << 10} {
		for _, readable := range []int{-1, 0, 3000, 1100<<10 - 1} {
			fsys := &riggedFS{MapFS: fstest.MapFS{"a": {Data: noiseOf(size)}, "b": {Data: noiseOf(size)}, "d/c": {Data: []byte("kept")}}}
			fsys.open = func(name string, times int) (fs.File, error) {
				switch {
				case name != "a":
					return nil, nil
				case readable < 0:
					return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
				}
				return &brokenFile{fileOf(t, noiseOf(size)), min(readable, size-1)}, nil
			}
			want := errBadSector
			if readable < 0 {
				want = fs.ErrPermission
			}
			_, _, err := captured(t, fsys, nil)
			require.ErrorIs(t, err, want)
			require.NotContains(t, err.Error(), "\n")
			tree, report, err := captured(t, fsys, nil, wim.WithSkipUnreadable())
			require.NoError(t, err)
			require.Len(t, report.Skipped, 1)
			require.ErrorIs(t, report.Skipped[0].Err, want)
			list, err := tree.ReadDir(".")
			require.NoError(t, err)
			require.Len(t, list, 2)
			got, err := tree.ReadFile("b")
			require.NoError(t, err)
			require.True(t, bytes.Equal(noiseOf(size), got), "b is the same, and can be read")
		}
	}
}

// Contents are read once, large ones of one size twice.
func TestCaptureReadsOnce(t *testing.T) {
	fsys := &riggedFS{MapFS: fstest.MapFS{
		"small 1": {Data: []byte("same")}, "small 2": {Data: []byte("same")}, "small 3": {Data: []byte("else")}, "empty": {},
		"alone": {Data: noiseOf(1200 << 10)}, "large 1": {Data: noiseOf(1100 << 10)}, "large 2": {Data: noiseOf(1100 << 10)}, "large 3": {Data: noiseOf(1100<<10 + 1)[1:]},
	}}
	_, report, err := captured(t, fsys, nil)
	require.NoError(t, err)
	require.Equal(t, 5, report.Blobs)
	require.Equal(t, map[string]int{"small 1": 1, "small 2": 1, "small 3": 1, "alone": 2, "large 1": 3, "large 2": 1, "large 3": 3}, fsys.times,
		"large noise is read once more to be stored raw")
}

// deepFS is a directory in a directory, and so on.
type deepFS int

func (d deepFS) Open(name string) (fs.File, error) {
	return fstest.MapFS{"x": {Mode: fs.ModeDir | 0o755}}.Open("x")
}

func (d deepFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." && strings.Count(name, "/")+1 >= int(d) {
		return nil, nil
	}
	return fs.ReadDir(fstest.MapFS{"d": {Mode: fs.ModeDir | 0o755}}, ".")
}

func TestHostileDeepCapture(t *testing.T) {
	tree, _, err := captured(t, deepFS(4000), nil)
	require.NoError(t, err)
	_, err = tree.Stat(strings.Repeat("d/", 3999) + "d")
	require.NoError(t, err)
	w := newWriter(t)
	_, err = w.Capture(t.Context(), deepFS(20_000))
	require.ErrorIs(t, err, wim.ErrLimit)
	require.Less(t, len(err.Error()), 40_000, "it has one path")
}

func TestHostileNamesInCapture(t *testing.T) {
	for name, good := range map[string]bool{
		"a\xffb": false, `a\b`: false, "a\x00b": false, strings.Repeat("x", 255): true, strings.Repeat("x", 256): false,
		strings.Repeat("🚀", 127): true, strings.Repeat("🚀", 128): false, "a:b": true, "ä": true,
	} {
		fsys := fakeDirectory{entries: []fs.DirEntry{fakeEntry{name: name}}}
		_, _, err := captured(t, fsys, nil)
		if good {
			require.NoError(t, err, "%q", name)
			continue
		}
		require.ErrorIs(t, err, fs.ErrInvalid, "%q", name)
		require.NotContains(t, err.Error(), "\n")
		_, report, err := captured(t, fsys, nil, wim.WithSkipUnreadable())
		require.NoError(t, err)
		require.Len(t, report.Skipped, 1)
	}
}

// TestHostileFolder captures what folders have that no WIM has.
func TestHostileFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such folders")
	}
	root := t.TempDir()
	require.NoError(t, os.Symlink(".", filepath.Join(root, "loop")))
	require.NoError(t, os.Symlink("two", filepath.Join(root, "one")))
	require.NoError(t, os.Symlink("one", filepath.Join(root, "two")))
	require.NoError(t, os.Symlink("/no/where", filepath.Join(root, "absolute")))
	tree, report, err := captured(t, os.DirFS(root), nil)
	require.NoError(t, err)
	require.Empty(t, report.Skipped)
	for name, target := range map[string]string{"loop": ".", "one": "two", "two": "one", "absolute": "/no/where"} {
		got, err := tree.ReadLink(name)
		require.NoError(t, err)
		require.Equal(t, target, got)
	}
	info, err := tree.Lstat("loop")
	require.NoError(t, err)
	require.Equal(t, wim.AttributeReparsePoint|wim.AttributeDirectory, info.Sys().(*wim.Entry).Attributes)

	// Sizes there say nothing, and files come and go.
	if _, err := os.Stat("/proc/self"); err == nil {
		_, _, err := captured(t, os.DirFS("/proc/self/net"), nil, wim.WithSkipUnreadable())
		require.NoError(t, err)
	}
}

// fakeDirectory is a file system with one directory.
type fakeDirectory struct{ entries []fs.DirEntry }

func (d fakeDirectory) Open(string) (fs.File, error)               { return deepFS(0).Open(".") }
func (d fakeDirectory) ReadDir(name string) ([]fs.DirEntry, error) { return d.entries, nil }

// fakeEntry is an empty file, or what sys says.
type fakeEntry struct {
	fs.FileInfo
	name string
	sys  any
}

func (e fakeEntry) Name() string      { return e.name }
func (e fakeEntry) IsDir() bool       { return false }
func (e fakeEntry) Type() fs.FileMode { return 0 }
func (e fakeEntry) Sys() any          { return e.sys }
func (e fakeEntry) Info() (fs.FileInfo, error) {
	info, err := fs.Stat(fstest.MapFS{"x": {}}, "x")
	return fakeEntry{info, e.name, e.sys}, err
}
