package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/fileid"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// looker is a watcher of a folder, and a clock that no two writes share.
type looker struct {
	*Watcher
	t    *testing.T
	dir  string
	time time.Time
}

func newLooker(t *testing.T, names ...string) *looker {
	dir := t.TempDir()
	if names == nil {
		names = []string{""}
	}
	for i := range names {
		names[i] = filepath.Join(dir, names[i])
	}
	w, err := NewWatcher(names)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return &looker{w, t, dir, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}
}

func (l *looker) put(name string, data []byte) {
	l.t.Helper()
	path := filepath.Join(l.dir, filepath.FromSlash(name))
	require.NoError(l.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(l.t, os.WriteFile(path, data, 0o600))
	l.time = l.time.Add(time.Hour)
	require.NoError(l.t, os.Chtimes(path, l.time, l.time))
}

// look looks, and returns each event as "kind name: changes".
func (l *looker) look() []string {
	out := []string{}
	for _, e := range l.Look(context.Background()) {
		line := e.Kind + " " + filepath.ToSlash(strings.TrimPrefix(e.Package.Path, l.dir+string(filepath.Separator)))
		if e.Changes != nil {
			line += ": " + strings.Join(e.Changes, "; ")
		}
		out = append(out, line)
	}
	return out
}

func fixture(t *testing.T, name string) []byte { return wimtest.FixtureBytes(t, name) }

// serviced is install.wim with a newer version, and without image 2.
func serviced(t *testing.T) string {
	path := write(t, "next.wim", fixture(t, "install.wim"))
	u, err := wim.OpenUpdate(path)
	require.NoError(t, err)
	for _, image := range u.Images() {
		require.NoError(t, image.Set("WINDOWS/VERSION/SPBUILD", "1256"))
	}
	u.Delete(u.Images()[1])
	_, err = u.Rebuild(context.Background())
	require.NoError(t, err)
	return path
}

func TestWatchReplacedAndRemoved(t *testing.T) {
	l := newLooker(t)
	l.put("install.wim", fixture(t, "install.wim"))
	require.Equal(t, []string{"found install.wim"}, l.look())
	require.Empty(t, l.look())
	require.NoError(t, os.Rename(serviced(t), filepath.Join(l.dir, "install.wim")))
	require.Empty(t, l.look(), "it may still be changing")
	require.Equal(t, []string{"changed install.wim: 10.0.18362.1139 → 10.0.18362.1256 (KB4592449); image 2 removed"}, l.look())
	l.put("install.wim", fixture(t, "install.wim"))
	l.look()
	require.Equal(t, []string{"changed install.wim: 10.0.18362.1256 → 10.0.18362.1139 (KB4577671); image 2 added"}, l.look())
	l.put("install.wim", fixture(t, "install.wim"))
	l.look()
	require.Equal(t, []string{"changed install.wim: written anew"}, l.look())

	require.NoError(t, os.Remove(filepath.Join(l.dir, "install.wim")))
	require.Empty(t, l.look(), "it may be missing for a moment only")
	require.Equal(t, []string{"removed install.wim"}, l.look())
	require.Empty(t, l.seen)
	require.Zero(t, l.xml)
}

// A file that could not be opened is tried again, although it has the size and
// the time that it had.
func TestWatchUnreadable(t *testing.T) {
	c := newCache(newNotice())
	t.Cleanup(c.notice.close)
	path := write(t, "a.wim", fixture(t, "install.wim"))
	for _, p := range []Package{{Path: path, Err: os.ErrPermission}, {Path: path, Files: []PackageFile{{Path: path}}}} {
		c.begin()
		got, _ := c.get(path, func() ([]Package, wim.Header) { return []Package{p}, wim.Header{} })
		require.Equal(t, []Package{p}, got)
		c.end()
	}
	c.begin()
	_, _ = c.get(path, func() ([]Package, wim.Header) {
		require.Fail(t, "read again")
		return nil, wim.Header{}
	})
}

// twin has a file with another GUID, and with the size and the time of one,
// take the place of that.
func (l *looker) twin(name string) {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	data, err := os.ReadFile(path)
	require.NoError(l.t, err)
	info, err := os.Stat(path)
	require.NoError(l.t, err)
	data[24] ^= 0xFF // gWIMGuid, which is at 24
	other := filepath.Join(l.t.TempDir(), "twin")
	require.NoError(l.t, os.WriteFile(other, data, 0o600))
	require.NoError(l.t, os.Chtimes(other, info.ModTime(), info.ModTime()))
	require.NoError(l.t, os.Rename(other, path))
	now, err := os.Stat(path)
	require.NoError(l.t, err)
	require.Equal(l.t, info.Size(), now.Size())
	require.Equal(l.t, info.ModTime(), now.ModTime())
}

// Size and time of modification are not all that tells one file from another.
func TestWatchTwin(t *testing.T) {
	for _, names := range [][]string{{""}, {"x.wim"}} {
		l := newLooker(t, names...)
		l.put("x.wim", fixture(t, "install.wim"))
		require.Equal(t, []string{"found x.wim"}, l.look())
		l.twin("x.wim")
		require.Empty(t, l.look())
		require.Equal(t, []string{"changed x.wim: written anew"}, l.look())
		require.Empty(t, l.look())
	}
}

// The time of the last change of state tells of a write whose time was put
// back, and also of one more name or other rights, which are nothing to tell.
func TestWatchTouched(t *testing.T) {
	l := newLooker(t)
	data := fixture(t, "install.wim")
	l.put("x.wim", data)
	require.Equal(t, []string{"found x.wim"}, l.look())
	path := filepath.Join(l.dir, "x.wim")
	before, err := os.Stat(path)
	require.NoError(t, err)
	touched := func(do func()) {
		t.Helper()
		require.Eventually(t, func() bool { // clocks of file systems have ticks
			do()
			now, err := os.Stat(path)
			require.NoError(t, err)
			return fileid.Touched(before, now)
		}, time.Minute, time.Millisecond)
		before, err = os.Stat(path)
		require.NoError(t, err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("not every system tells")
	}
	touched(func() { require.NoError(t, os.Chmod(path, 0o640)) })
	for range 3 {
		require.Empty(t, l.look())
	}
	touched(func() {
		data[24] ^= 0xFF
		require.NoError(t, os.WriteFile(path, data, 0o600))
		require.NoError(t, os.Chtimes(path, l.time, l.time))
	})
	require.Empty(t, l.look())
	require.Equal(t, []string{"changed x.wim: written anew"}, l.look())
}

// A file that is copied slowly is read when it is whole, and told to be
// incomplete once.
func TestWatchSlowCopy(t *testing.T) {
	l := newLooker(t)
	require.Empty(t, l.look())
	data := fixture(t, "install.wim")
	var got []string
	for i := range 8 { // no two looks find it the same
		l.put("a/install.wim", data[:len(data)*(i+1)/9])
		got = append(got, l.look()...)
	}
	got = append(got, l.look()...) // the copy pauses
	require.Equal(t, []string{"incomplete a/install.wim"}, got)
	l.put("a/install.wim", data)
	require.Empty(t, l.look())
	require.Equal(t, []string{"added a/install.wim"}, l.look())
}

func TestWatchIncomplete(t *testing.T) {
	whole := fixture(t, "install.wim")
	writing := append([]byte(nil), whole...)
	writing[16] |= 0x40 // FLAG_HEADER_WRITE_IN_PROGRESS of dwFlags, which is at 16
	pipable := fixture(t, "pipable-none.wim")
	for name, data := range map[string][]byte{
		"empty": {}, "part of a header": whole[:100], "header alone": whole[:208], "without its last byte": whole[:len(whole)-1],
		"zeros": make([]byte, len(whole)), "being written": writing, "pipable without its end": pipable[:len(pipable)-10],
	} {
		l := newLooker(t, "x.wim")
		l.put("x.wim", whole)
		require.Equal(t, []string{"found x.wim"}, l.look())
		l.put("x.wim", data)
		require.Empty(t, l.look(), name)
		require.Equal(t, []string{"incomplete x.wim"}, l.look(), name)
		require.Empty(t, l.look(), name)
		l.put("x.wim", whole)
		l.look()
		require.Equal(t, []string{"changed x.wim: written anew"}, l.look(), name)
	}
	l := newLooker(t)
	l.put("x.wim", fixture(t, "README.md"))
	events := l.Look(context.Background())
	require.Len(t, events, 1)
	require.ErrorContains(t, events[0].Package.Err, "MSWIM")
	require.Equal(t, Found, events[0].Kind, "what is no WIM is not one that is incomplete")
	l.put("x.wim", whole)
	l.look()
	require.Equal(t, []string{"changed x.wim: can be read now"}, l.look())
}

func TestWatchSet(t *testing.T) {
	for _, names := range [][]string{{""}, {"install.swm"}} {
		l := newLooker(t, names...)
		l.put("install.swm", fixture(t, "split.swm"))
		require.Equal(t, []string{"found install.swm"}, l.look())
		l.put("install2.swm", fixture(t, "split2.swm"))
		l.put("install3.swm", fixture(t, "split3.swm")[:1000])
		l.look()
		require.Equal(t, []string{"incomplete install.swm"}, l.look())
		l.put("install3.swm", fixture(t, "split3.swm"))
		l.look()
		require.Equal(t, []string{"changed install.swm: 7417 → 30309 bytes"}, l.look()) // 7417+17686+5206
		pkg := l.seen[filepath.Join(l.dir, "install.swm")].pkg
		require.Len(t, pkg.Files, 3)
		require.Equal(t, "install2.swm", filepath.Base(pkg.Files[1].Path))
		require.NoError(t, os.Remove(filepath.Join(l.dir, "install2.swm")))
		l.look()
		require.Equal(t, []string{"changed install.swm: 30309 → 12623 bytes"}, l.look())
	}
}

func TestWatchISO(t *testing.T) {
	for _, name := range []string{"", "win.iso"} {
		l := newLooker(t, name)
		require.Empty(t, l.look())
		l.put("win.iso", iso(t, "media"))
		l.look()
		require.Equal(t, []string{"added win.iso:sources/boot.wim", "added win.iso:sources/install.swm"}, l.look())
		l.put("win.iso", iso(t, "media"))
		l.look()
		require.Equal(t, []string{"changed win.iso:sources/boot.wim: written anew", "changed win.iso:sources/install.swm: written anew"}, l.look())
	}
}

// An ISO file with damage in it is as it is until it changes: it is not read at
// each look.
func TestWatchDamagedISO(t *testing.T) {
	l := newLooker(t)
	data := iso(t, "media")
	for block := len(data) / 2048; ; block-- { // some blocks hold what the tree needs
		require.Positive(t, block)
		damaged := slices.Clone(data)
		clear(damaged[(block-1)*2048:][:2048])
		path := write(t, "win.iso", damaged)
		failed := func(p Package) bool {
			return p.Err != nil && strings.HasPrefix(p.Path, path+":") && p.Kind == "" && p.Size == 0
		}
		if slices.ContainsFunc(slices.Collect(List(context.Background(), path)), failed) {
			l.put("win.iso", damaged)
			break
		}
	}
	require.NotEmpty(t, l.look())
	known := l.cache.old
	require.Len(t, known, 1)
	require.Empty(t, l.look())
	for path, c := range l.cache.old {
		require.Same(t, &known[path].packages[0], &c.packages[0], "read again")
	}
}

// What does not change is not read again: of 10,000 files, only the one that
// does.
func TestWatchManyFiles(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 500
	}
	l := newLooker(t)
	for i := range count {
		require.NoError(t, os.WriteFile(filepath.Join(l.dir, fmt.Sprintf("%d.wim", i)), []byte("no WIM"), 0o600))
	}
	require.Len(t, l.look(), count)
	known := l.cache.old
	for range 5 { // this one changes all the time
		l.put("7.wim", []byte("no WIM"))
		require.LessOrEqual(t, len(l.look()), 1)
		read := 0
		for path, c := range l.cache.old {
			if &c.packages[0] != &known[path].packages[0] {
				read++
			}
		}
		require.Equal(t, 1, read)
	}
}

func TestWatchBounds(t *testing.T) {
	l := newLooker(t)
	deep := strings.Repeat("d/", maxWatchDepth+1)
	l.put(deep+"x.wim", fixture(t, "none.wim"))
	events := l.Look(context.Background())
	require.Len(t, events, 1)
	require.ErrorIs(t, events[0].Package.Err, wim.ErrLimit)

	_, err := Watch(context.Background(), []string{"https://u:secret@example.org/x.wim"})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.NotContains(t, err.Error(), "secret")
}

// Watch ends with its context, and tells of changes as they come.
func TestWatch(t *testing.T) {
	l := newLooker(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	events, err := Watch(ctx, []string{l.dir}, WithInterval(10*time.Millisecond), WithUpdates(winver.DefaultTable()))
	require.NoError(t, err)
	l.put("first.wim", fixture(t, "none.wim"))
	var kinds []string
	for e := range events {
		kinds = append(kinds, e.Kind)
		switch e.Kind {
		case Found:
			l.put("later.wim", fixture(t, "install.wim"))
		case Added:
			require.Len(t, e.Images.List, 3)
			require.Equal(t, "10.0.18362.1139", e.Images.List[0].Version.String())
			require.NoError(t, os.Remove(e.Package.Path))
		case Removed:
			cancel()
		}
	}
	require.Equal(t, []string{Found, Added, Removed}, kinds)
}

// A notice of the system wakes the next look up, where there are notices.
func TestWatchNotice(t *testing.T) {
	l := newLooker(t)
	l.look()
	if l.notice.wake == nil {
		t.Skip("no notices on this system")
	}
	l.put("x.wim", nil)
	l.opener.interval = time.Hour
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, l.Wait(ctx))
}

// What happens in a folder after it was read, and before the look is over,
// wakes the next one.
func TestWatchNoticeDuringLook(t *testing.T) {
	l := newLooker(t)
	if l.notice.wake == nil {
		t.Skip("no notices on this system")
	}
	l.put("a.wim", nil)
	l.cache.begin()
	lister := lister{ctx: context.Background(), fsys: hostFolder(l.dir), root: l.dir, cache: l.cache, yield: func(Package) bool {
		l.put("b.wim", nil)
		return true
	}}
	lister.folder(".")
	l.cache.end()
	select {
	case <-l.notice.wake:
	case <-time.After(time.Minute):
		require.Fail(t, "no notice")
	}
}
