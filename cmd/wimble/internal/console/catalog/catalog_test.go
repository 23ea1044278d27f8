package catalog

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// put writes a copy of a fixture into a folder.
func put(t *testing.T, dir, name, fixture string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, wimtest.FixtureBytes(t, fixture), 0o600))
	return path
}

func open(t *testing.T, paths ...string) *Catalog {
	t.Helper()
	c, err := New(paths, winver.DefaultTable())
	require.NoError(t, err)
	t.Cleanup(func() {
		c.watcher.Close()
		c.close(func(*opened) bool { return true })
	})
	return c
}

func names(c *Catalog) []string {
	var list []string
	for _, p := range c.Packages() {
		list = append(list, p.Name)
	}
	return list
}

// byName returns a package that has to be there.
func byName(t *testing.T, c *Catalog, name string) *Package {
	t.Helper()
	for _, p := range c.Packages() {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "no package", name)
	return nil
}

func TestWhatIsFound(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "install.wim", "install.wim")
	put(t, dir, "media/sources/INSTALL.ESD", "install.esd")
	put(t, dir, "set/install.swm", "split.swm")
	put(t, dir, "set/install2.swm", "split2.swm")
	put(t, dir, "set/install3.swm", "split3.swm")
	put(t, dir, "lone/second.swm", "split2.swm")
	put(t, dir, "notes.txt", "install.wim")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "damaged.wim"), []byte("MSWIM\x00\x00\x00 and no more"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder.wim"), 0o700))

	c := open(t, dir)
	require.Equal(t, []string{"damaged.wim", "install.wim", "lone/second.swm", "media/sources/INSTALL.ESD", "set/install.swm"}, names(c))
	require.ErrorIs(t, byName(t, c, "damaged.wim").Err, wim.ErrFormat)

	p := byName(t, c, "install.wim")
	require.NoError(t, p.Err)
	require.Len(t, p.Images, 3)
	require.EqualValues(t, 36429, p.Size)
	require.Equal(t, "KB4577671", p.Images[0].Status.Update.KB.String())

	set := byName(t, c, "set/install.swm")
	require.NoError(t, set.Err)
	require.Empty(t, set.Warnings)
	require.EqualValues(t, len(wimtest.FixtureBytes(t, "split.swm"))+len(wimtest.FixtureBytes(t, "split2.swm"))+len(wimtest.FixtureBytes(t, "split3.swm")), set.Size)

	got, err := c.Package(p.ID)
	require.NoError(t, err)
	require.Same(t, p, got)
	for _, id := range []string{"", "..", "install.wim", "../install.wim", strings.ToUpper(p.ID) + "x", filepath.Join(dir, "install.wim")} {
		_, err = c.Package(id)
		require.ErrorIs(t, err, fs.ErrNotExist, id)
		_, err = c.Open(t.Context(), id, 1)
		require.ErrorIs(t, err, fs.ErrNotExist, id)
	}
}

// Two paths whose names are equal have labels of their own, and a file that two
// paths lead to is one package.
func TestSeveralPaths(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "images"), filepath.Join(t.TempDir(), "images")
	put(t, a, "x.wim", "none.wim")
	file := put(t, b, "x.wim", "none.wim")
	require.Equal(t, []string{"images (2)/x.wim", "images/x.wim"}, names(open(t, a, b, file)))

	_, err := New([]string{filepath.Join(a, "nothing")}, winver.DefaultTable())
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLinksLeadNowhereElse(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	secret := put(t, outside, "secret.wim", "none.wim")
	inside := put(t, dir, "deep/a.wim", "none.wim")
	if err := os.Symlink(secret, filepath.Join(dir, "out.wim")); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "folder")))
	require.NoError(t, os.Symlink(filepath.Join("..", filepath.Base(outside), "secret.wim"), filepath.Join(dir, "relative.wim")))
	require.NoError(t, os.Symlink(inside, filepath.Join(dir, "z.wim")))
	require.NoError(t, os.Symlink("loop.wim", filepath.Join(dir, "loop.wim")))
	c := open(t, dir)
	require.Equal(t, []string{"deep/a.wim", "loop.wim", "out.wim", "relative.wim"}, names(c)) // z.wim is deep/a.wim again
	for _, name := range []string{"out.wim", "relative.wim"} {
		p := byName(t, c, name)
		require.ErrorIs(t, p.Err, fs.ErrPermission)
		_, err := c.Open(t.Context(), p.ID, 0)
		require.ErrorIs(t, err, fs.ErrPermission)
	}
}

// readWhole reads one file of image 1.
func readWhole(h *Handle) ([]byte, error) {
	tree, err := h.Image().FS()
	if err != nil {
		return nil, err
	}
	return tree.ReadFile("Windows/System32/ntoskrnl.exe")
}

func TestReplacedFile(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "install.wim", "install.wim")
	c := open(t, dir)
	id := c.Packages()[0].ID
	old, err := c.Open(t.Context(), id, 1)
	require.NoError(t, err)
	defer old.Close()
	want, err := readWhole(old)
	require.NoError(t, err)
	unread, err := c.Open(t.Context(), id, 2) // its tree is not read before the file is replaced
	require.NoError(t, err)

	// A new file with another version and without image 2 takes its place.
	next := put(t, t.TempDir(), "next.wim", "install.wim")
	u, err := wim.OpenUpdate(next)
	require.NoError(t, err)
	for _, image := range u.Images() {
		require.NoError(t, image.Set("WINDOWS/VERSION/SPBUILD", "1256"))
	}
	u.Delete(u.Images()[1])
	_, err = u.Rebuild(context.Background())
	require.NoError(t, err)
	require.NoError(t, os.Rename(next, path))

	c.look(false)
	events, _ := c.Feed.After(0)
	require.Empty(t, events, "it may still be changing")
	c.look(false)
	events, _ = c.Feed.After(0)
	require.Len(t, events, 1)
	require.Equal(t, "changed", events[0].Kind)
	require.Equal(t, id, events[0].Subject)
	require.Equal(t, []string{"10.0.18362.1139 → 10.0.18362.1256 (KB4592449)", "image 2 removed"}, events[0].Changes)
	require.Equal(t, 2, c.Packages()[0].Generation)
	require.Len(t, c.Packages()[0].Images, 2)

	// Those who had the old file read it to the end.
	got, err := readWhole(old)
	require.NoError(t, err)
	require.Equal(t, want, got)
	tree, err := unread.Image().FS()
	require.NoError(t, err)
	_, err = tree.ReadFile("Windows/System32/ntoskrnl.exe")
	require.NoError(t, err)
	unread.Close()
	fresh, err := c.Open(t.Context(), id, 2)
	require.NoError(t, err)
	require.Equal(t, "Windows 10 Enterprise", fresh.Image().Info.Name)
	fresh.Close()
	_, err = c.Open(t.Context(), id, 3)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// A file that is overwritten while it is open is not read as a mix.
func TestOverwrittenFile(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "install.wim", "install.wim")
	c := open(t, dir)
	id := c.Packages()[0].ID
	h, err := c.Open(t.Context(), id, 1)
	require.NoError(t, err)
	defer h.Close()
	_, err = h.Image().FS()
	require.NoError(t, err)

	later := time.Now().Add(time.Hour)
	require.NoError(t, os.WriteFile(path, wimtest.FixtureBytes(t, "boot.wim"), 0o600))
	require.NoError(t, os.Chtimes(path, later, later))
	_, err = readWhole(h)
	require.ErrorIs(t, err, wim.ErrChanged)
	for _, image := range []int{1, 2} { // which is open, and which is opened only now
		_, err = c.Open(t.Context(), id, image)
		require.ErrorIs(t, err, wim.ErrChanged)
		require.ErrorContains(t, err, "try again")
	}

	c.look(false)
	c.look(false)
	require.Len(t, c.Packages()[0].Images, 2)
	fresh, err := c.Open(t.Context(), id, 1)
	require.NoError(t, err)
	require.Contains(t, fresh.Image().Info.Name, "Windows PE")
	fresh.Close()
}

// A file that is being copied over one is said to be, until it is whole.
func TestCopiedFile(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "install.wim", "install.wim")
	c := open(t, dir)
	id := c.Packages()[0].ID
	whole := wimtest.FixtureBytes(t, "boot.wim")
	write := func(data []byte, age time.Duration) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		at := time.Now().Add(age)
		require.NoError(t, os.Chtimes(path, at, at))
		c.look(false)
		c.look(false)
	}
	write(whole[:len(whole)/2], time.Hour)
	p := c.Packages()[0]
	require.True(t, p.Incomplete)
	require.EqualValues(t, len(whole)/2, p.Size)
	require.ErrorIs(t, p.Err, wim.ErrFormat)
	require.NotContains(t, p.Err.Error(), dir)
	_, err := c.Open(t.Context(), id, 0)
	require.ErrorIs(t, err, p.Err)

	write(whole, 2*time.Hour)
	p = c.Packages()[0]
	require.False(t, p.Incomplete)
	require.NoError(t, p.Err)
	require.Len(t, p.Images, 2)
	events, _ := c.Feed.After(0)
	require.Len(t, events, 2)
	require.Equal(t, []string{"being copied or written"}, events[0].Changes)
	require.Contains(t, events[1].Changes, "image 3 removed", "it is compared with what was whole")
}

func TestAddedAndRemovedFiles(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	require.Empty(t, c.Packages())
	path := put(t, dir, "install.wim", "install.wim")
	c.look(false)
	c.look(false)
	require.Equal(t, []string{"install.wim"}, names(c))
	require.NoError(t, os.Remove(path))
	c.look(false)
	require.Len(t, c.Packages(), 1, "it may be missing for a moment only")
	c.look(false)
	require.Empty(t, c.Packages())
	events, _ := c.Feed.After(0)
	require.Len(t, events, 2)
	require.Equal(t, "added", events[0].Kind)
	require.Equal(t, "removed", events[1].Kind)
}

func TestFewFilesAreOpen(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "install.wim", "install.wim")
	put(t, dir, "multi.wim", "multi.wim")
	c := open(t, dir)
	install, multi := byName(t, c, "install.wim").ID, byName(t, c, "multi.wim").ID
	var handles []*Handle
	for _, key := range []openKey{{install, 0}, {install, 1}, {install, 2}, {install, 3}, {multi, 0}, {multi, 1}} {
		h, err := c.Open(t.Context(), key.id, key.image)
		require.NoError(t, err)
		handles = append(handles, h)
	}
	short, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, ErrBusy)
	defer cancel()
	_, err := c.Open(short, multi, 2)
	require.ErrorIs(t, err, ErrBusy)
	again, err := c.Open(t.Context(), install, 1) // what is open can be used by more
	require.NoError(t, err)
	again.Close()
	require.Len(t, c.open, maxOpen)

	// Whoever waits gets the place of one that leaves.
	time.AfterFunc(10*time.Millisecond, func() {
		handles[2].Close()
		handles[2].Close() // a second time does nothing
	})
	h, err := c.Open(t.Context(), multi, 2)
	require.NoError(t, err)
	h.Close()
	require.Len(t, c.open, maxOpen)
	for _, h := range handles {
		h.Close()
	}
	_, err = readWhole(handles[1])
	require.NoError(t, err, "what nobody needs room for stays open")
	c.close(func(*opened) bool { return true })
	require.Empty(t, c.open)
	_, err = handles[1].Reader.Images[1].FS()
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestRunSeesChangesAndEnds(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	_, more := c.Feed.After(0)
	put(t, dir, "install.wim", "install.wim")
	<-more
	events, _ := c.Feed.After(0)
	require.Equal(t, "added", events[0].Kind)
	cancel()
	<-done
}

func TestFeed(t *testing.T) {
	var f Feed
	for range kept + 10 {
		f.Publish(Event{Kind: "changed", Subject: "a"})
	}
	events, more := f.After(0)
	require.Len(t, events, kept)
	require.EqualValues(t, 11, events[0].ID)
	f.Publish(Event{Kind: "job", Subject: "1", Data: 1})
	<-more
	f.Publish(Event{Kind: "job", Subject: "1", Data: 2})
	events, _ = f.After(kept + 10)
	require.Len(t, events, 1)
	require.Equal(t, 2, events[0].Data)
	require.Equal(t, f.Last(), events[0].ID)
}

func TestUnreadableSource(t *testing.T) {
	_, err := openFiles(&found{err: io.ErrUnexpectedEOF})
	require.True(t, errors.Is(err, io.ErrUnexpectedEOF))
}
