package wim_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// TestNameTaken gives images names that others have, one call after the other
// and in a circle. The names that result count.
func TestNameTaken(t *testing.T) {
	file := copyFixture(t, "multi.wim")
	before := wimtest.FixtureBytes(t, "multi.wim")
	set := func(names map[int]string) error {
		u, err := wim.OpenUpdate(file)
		require.NoError(t, err)
		defer u.Close()
		for i, name := range names {
			require.NoError(t, u.Images()[i].Set("NAME", name))
		}
		_, err = u.Commit(t.Context())
		return err
	}
	info := openBytes(t, before)
	first, last := info.Images[0].Info.Name, info.Images[3].Info.Name
	for _, names := range []map[int]string{{0: last}, {3: first}, {0: "x", 1: "x"}, {1: first, 3: "x"}} {
		err := set(names)
		require.ErrorIs(t, err, wim.ErrNameTaken)
		require.ErrorContains(t, err, file+": image ")
		require.ErrorContains(t, err, "give it another name")
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, data), "%v", names)
	}
	require.NoError(t, set(map[int]string{0: last, 3: first}), "changed about")
	require.NoError(t, set(map[int]string{0: "", 1: ""}), "images without names are allowed")

	// A file that has a name twice already may be changed, but not made worse.
	w := wimtest.NewWIM()
	root := wimtest.Directory("", wimtest.RegularFile("file", w.AddBlob([]byte("hello"))))
	for range 3 {
		w.AddImage(&wimtest.Metadata{Root: root})
	}
	w.XML = wimtest.UTF16(`<WIM><IMAGE INDEX="1"><NAME>a</NAME></IMAGE><IMAGE INDEX="2"><NAME>a</NAME></IMAGE><IMAGE INDEX="3"><NAME>b</NAME></IMAGE></WIM>`)
	before = w.Bytes()
	require.NoError(t, os.WriteFile(file, before, 0o666))
	require.ErrorIs(t, set(map[int]string{2: "a"}), wim.ErrNameTaken)
	require.NoError(t, set(map[int]string{2: "c"}))
	require.NoError(t, set(map[int]string{0: "d"}))
	require.ErrorIs(t, set(map[int]string{0: "a"}), wim.ErrNameTaken)
}

// TestCodecThatCannotBeWritten adds to LZMS files in all ways. What needs no
// compression works.
func TestCodecThatCannotBeWritten(t *testing.T) {
	other := openFixture(t, "xpress-32k.wim")
	tree := fstest.MapFS{"file": {Data: []byte("content")}}
	rebuild := func(u *wim.Update) error { _, err := u.Rebuild(t.Context()); return err }
	commit := func(u *wim.Update) error { _, err := u.Commit(t.Context()); return err }
	export := func(u *wim.Update) error {
		if err := u.Export(other.Images[0]); err != nil {
			return err
		}
		return u.Images()[len(u.Images())-1].Set("NAME", "added")
	}
	capture := func(u *wim.Update) error { _, err := u.Capture(t.Context(), tree); return err }
	edit := func(u *wim.Update) error {
		e, err := u.Images()[0].Edit()
		if err != nil {
			return err
		}
		return e.Remove("empty.txt") // has no content
	}
	nothing := func(*wim.Update) error { return nil }
	drop := func(u *wim.Update) error { u.Delete(u.Images()[0]); return nil }
	for _, c := range []struct {
		name    string
		fixture string
		change  func(*wim.Update) error
		write   func(*wim.Update) error
		image   int // that cannot be written, 0 for none
	}{
		{"export", "install.esd", export, commit, 4},
		{"capture", "install.esd", capture, commit, 4},
		{"edit", "lzms-32k.wim", edit, commit, 1},
		{"rebuild", "install.esd", nothing, rebuild, 2}, // the first has no contents,
		{"rebuild of one image", "install.esd", drop, rebuild, 1},
		{"soft delete", "install.esd", drop, commit, 0},
		{"rebuild without solid resources", "lzms-32k.wim", nothing, rebuild, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := copyFixture(t, c.fixture)
			u, err := wim.OpenUpdate(file)
			require.NoError(t, err)
			defer u.Close()
			require.NoError(t, c.change(u))
			err = c.write(u)
			if c.image == 0 {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, fmt.Sprintf("%s: image %d: LZMS cannot be written: wim: unsupported; write the file anew as LZX", file, c.image))
			require.ErrorIs(t, err, wim.ErrUnsupported)
			requireOnly(t, file)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(wimtest.FixtureBytes(t, c.fixture), data))
			u, err = wim.OpenUpdate(file, wim.WithCompression(wim.CompressionLZX), wim.WithChunkSize(0))
			require.NoError(t, err)
			defer u.Close()
			require.NoError(t, c.change(u))
			require.NoError(t, rebuild(u), "the remedy")
			requireAccepted(t, file, false)
		})
	}
}

// hugeFS has a file that is larger than any disk, and cannot be read.
type hugeFS struct {
	fstest.MapFS
	opened atomic.Bool
}

func (f *hugeFS) Open(name string) (fs.File, error) {
	if name != "." {
		f.opened.Store(true)
	}
	return f.MapFS.Open(name)
}

func (f *hugeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := f.MapFS.ReadDir(name)
	for i, e := range list {
		list[i] = hugeEntry{e}
	}
	return list, err
}

type hugeEntry struct{ fs.DirEntry }

func (e hugeEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return hugeInfo{info}, err
}

type hugeInfo struct{ fs.FileInfo }

func (hugeInfo) Size() int64 { return 1 << 62 }

// TestNoSpace captures what no disk has room for. Where it is stored raw that
// is said before anything is read or written.
func TestNoSpace(t *testing.T) {
	for _, count := range []int{1, 3} { // 3 are more than 64 bits have
		tree := &hugeFS{MapFS: fstest.MapFS{}}
		for i := range count {
			tree.MapFS[fmt.Sprint("file", i)] = &fstest.MapFile{Data: []byte("x")}
		}
		out := filepath.Join(t.TempDir(), "out.wim")
		w := newWriter(t, wim.WithCompression(wim.CompressionNone))
		_, err := w.Capture(t.Context(), tree)
		require.NoError(t, err)
		_, err = w.WriteFile(t.Context(), out)
		require.ErrorIs(t, err, wim.ErrNoSpace)
		require.ErrorContains(t, err, out+": ")
		require.False(t, tree.opened.Load())

		file := copyFixture(t, "none.wim")
		for _, rebuild := range []bool{false, true} {
			u, err := wim.OpenUpdate(file)
			require.NoError(t, err)
			defer u.Close()
			_, err = u.Capture(t.Context(), tree)
			require.NoError(t, err)
			if rebuild {
				_, err = u.Rebuild(t.Context())
			} else {
				_, err = u.Commit(t.Context())
			}
			require.ErrorIs(t, err, wim.ErrNoSpace)
			require.False(t, tree.opened.Load())
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(wimtest.FixtureBytes(t, "none.wim"), data))

		// Zeros would fit, and so it is tried.
		w = newWriter(t)
		_, err = w.Capture(t.Context(), tree)
		require.NoError(t, err)
		_, err = w.WriteFile(t.Context(), out)
		require.ErrorIs(t, err, wim.ErrChanged)
		require.True(t, tree.opened.Load())
		require.NoFileExists(t, out)
	}
}
