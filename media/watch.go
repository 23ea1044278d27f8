package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// The kinds of an [Event].
const (
	Found      = "found"      // was there when the watch began
	Added      = "added"      // is there since
	Changed    = "changed"    // was replaced or written to
	Incomplete = "incomplete" // is still being copied or written, or that did not finish
	Removed    = "removed"    // is no longer there
)

// Event is something that happened to a package.
type Event struct {
	Kind    string
	Package Package // as it is now; for one that was removed, as it was

	// Images are what it holds now, Before what it held when an event told
	// last; nil where there is nothing to tell.
	Images, Before *Images

	// Changes say for people how Images differ from Before, such as
	// "10.0.18362.1139 → 10.0.18362.1256 (KB4592449)" and "image 2 removed".
	Changes []string
}

// WithInterval sets how long [Watch] rests between two looks at its names when
// nothing tells it of a change. It is 2 seconds otherwise.
func WithInterval(d time.Duration) Option { return func(o *opener) { o.interval = d } }

// WithUpdates sets the table that tells [Watch] the updates of versions. It is
// [winver.DefaultTable] otherwise.
func WithUpdates(t *winver.Table) Option { return func(o *opener) { o.updates = t } }

// Watch tells what happens to the WIM files that the names lead to, until the
// context ends or the loop does: files, sets, ISO files, and folders with all
// that [List] finds below them. A name need not exist yet. URLs are not
// watched; the error wraps [errors.ErrUnsupported].
//
// The first events are of what is there, with the kind [Found]. A file that is
// written to is read when it has come to rest. One whose header says that it is
// being written, or whose tables are to be beyond its end, is [Incomplete]. A
// file that was replaced by another of its name is [Changed].
//
// Watch looks again and again; see [WithInterval]. On Linux and Windows, the
// system's notices make it look sooner. What did not change is not read again.
func Watch(ctx context.Context, names []string, opts ...Option) (iter.Seq[Event], error) {
	w, err := NewWatcher(names, opts...)
	if err != nil {
		return nil, err
	}
	return func(yield func(Event) bool) {
		defer w.Close()
		for {
			for _, e := range w.Look(ctx) {
				if !yield(e) {
					return
				}
			}
			if w.Wait(ctx) != nil {
				return
			}
		}
	}, nil
}

// Watcher is a [Watch] whose looks can be called one by one. One goroutine may
// use it at a time.
type Watcher struct {
	opener *opener
	names  []string
	cache  *cache
	seen   map[string]*watched // by path
	looks  int
	xml    int // bytes of the documents of all packages
	moving bool
	began  time.Time // of the last look
	took   time.Duration
	notice *notice
}

// watched is what is known of a package.
type watched struct {
	pkg    Package // at the last look
	look   int     // when it was there last
	told   bool    // of what read is
	copied bool    // told to be incomplete
	moves  int     // looks in a row that found it other than before
	read   *Images // nil before it came to rest
	now    []PackageFile
	xml    int
}

// The bounds of a watch. What is beyond them is left out, and a package with an
// error says so.
const (
	maxWatched      = 20_000
	maxWatchEntries = 200_000 // of folders
	maxWatchDepth   = 32
	maxWatchXML     = 64 << 20 // bytes of the documents of all packages together
)

// NewWatcher makes a watcher; see [Watch]. It has to be closed.
func NewWatcher(names []string, opts ...Option) (*Watcher, error) {
	for _, name := range names {
		if IsURL(name) {
			return nil, fmt.Errorf("%s: a URL cannot be watched; name files and folders: %w", DisplayName(name), errors.ErrUnsupported)
		}
	}
	o := newOpener(opts)
	if o.interval <= 0 {
		o.interval = 2 * time.Second
	}
	if o.updates == nil {
		o.updates = winver.DefaultTable()
	}
	notice := newNotice()
	return &Watcher{opener: o, names: slices.Clone(names), cache: newCache(notice), seen: map[string]*watched{}, notice: notice}, nil
}

// Close ends the notices of the system.
func (w *Watcher) Close() { w.notice.close() }

// Look compares what is there with what was there at the last look, and returns
// what happened. A file that changes is read at the second look that finds it
// the same, and one that is missing twice is removed. The first look takes
// everything as it is.
func (w *Watcher) Look(ctx context.Context) []Event {
	w.began = time.Now()
	w.looks++
	w.moving = false
	var events []Event
	w.cache.begin()
	for _, p := range w.list(ctx) {
		if e := w.compare(ctx, p); e != nil {
			events = append(events, *e)
		}
	}
	if ctx.Err() != nil {
		return nil // not everything was seen
	}
	w.cache.end()
	for path, s := range w.seen {
		switch {
		case s.look == w.looks:
			continue
		case s.look == w.looks-1: // one that is replaced may be missing for a moment
			w.moving = true
			continue
		}
		delete(w.seen, path)
		w.xml -= s.xml
		if s.told || s.copied {
			events = append(events, Event{Kind: Removed, Package: s.pkg, Before: s.read})
		}
	}
	w.took = time.Since(w.began)
	return events
}

// list returns the packages of all names, each of them once.
func (w *Watcher) list(ctx context.Context) []Package {
	var list []Package
	have := map[string]bool{}
	add := func(p Package) bool {
		if have[p.Path] || errors.Is(p.Err, fs.ErrNotExist) {
			return true
		}
		have[p.Path] = true
		if len(list) == maxWatched {
			p = Package{Path: p.Path, Err: named(p.Path, errTooMany)}
		}
		list = append(list, p)
		return len(list) <= maxWatched
	}
	for _, name := range w.names {
		info, err := os.Stat(name)
		switch {
		case len(list) > maxWatched:
			return list
		case err == nil && info.IsDir():
			l := lister{ctx: ctx, fsys: hostFolder(name), root: name, yield: add, cache: w.cache}
			l.folder(".")
		default:
			w.listFile(ctx, name, add)
		}
	}
	return list
}

// listFile lists what a name leads to that is no folder: a file with the other
// parts of its set, or what is in an ISO file.
func (w *Watcher) listFile(ctx context.Context, name string, yield func(Package) bool) {
	dir := filepath.Dir(name)
	if iso, _ := splitISO(name); iso != "" {
		dir = filepath.Dir(iso)
	}
	w.cache.enter(dir)
	for p := range List(ctx, name, func(o *opener) { *o = *w.opener }) {
		if p.Kind == "swm" && p.Path == name {
			p = w.wholeSet(ctx, p)
		}
		if !yield(p) {
			return
		}
	}
}

// wholeSet returns the set in the same folder that a part belongs to.
func (w *Watcher) wholeSet(ctx context.Context, part Package) Package {
	dir := hostFolder(filepath.Dir(part.Path))
	l := lister{ctx: ctx, fsys: dir, root: string(dir), cache: w.cache, flat: true, yield: func(p Package) bool {
		for _, f := range p.Files {
			if filepath.Clean(f.Path) == filepath.Clean(part.Path) {
				part = p
			}
		}
		return true
	}}
	l.folder(".")
	return part
}

// compare returns what happened to a package, nil if nothing did or if it is
// not clear yet.
func (w *Watcher) compare(ctx context.Context, p Package) *Event {
	s := w.seen[p.Path]
	if s == nil {
		s = &watched{}
		w.seen[p.Path] = s
	}
	rested := w.looks == 1 || s.look != 0 && untouched(s.pkg.Files, p.Files)
	s.pkg, s.look = p, w.looks
	if s.read != nil && untouched(s.now, p.Files) && (s.read.Err == nil || s.copied || sameError(s.read.Err, p.Err)) {
		return nil
	}
	if !rested {
		w.moving = true
		if s.moves++; s.moves < 2 {
			return nil
		}
		return s.tell(&Images{Err: notWhole(p), incomplete: true}, s.xml, false, nil)
	}
	s.moves = 0
	images, xml := w.opener.images(ctx, p)
	if images == nil { // changed while it was read
		w.moving = true
		return nil
	}
	if s.told && s.read.Err == nil && images.Err == nil && images.sum == s.read.sum && slices.EqualFunc(s.now, p.Files, PackageFile.is) {
		s.now = p.Files // its rights changed, or it has one more name
		return nil
	}
	if w.xml+xml-s.xml > maxWatchXML {
		images, xml = &Images{Err: fmt.Errorf("%s: all files together have more than %d bytes of XML; watch fewer: %w", p.Path, maxWatchXML, wim.ErrLimit)}, 0
	}
	w.xml += xml - s.xml
	return s.tell(images, xml, w.looks == 1, w.opener.updates)
}

func sameError(a, b error) bool { return b == nil || a.Error() == b.Error() }

// tell notes what was read, and returns the event of it.
func (s *watched) tell(images *Images, xml int, first bool, table *winver.Table) *Event {
	e := &Event{Kind: Changed, Package: s.pkg, Images: images, Before: s.read}
	if e.Package.Err == nil {
		e.Package.Err = images.Err
	}
	s.pkg = e.Package
	s.now, s.xml = e.Package.Files, xml
	if s.moves > 0 {
		s.now = nil // what it is now was not read
	}
	switch {
	case images.incomplete:
		// What it was is remembered until it is whole again.
		if s.read == nil {
			s.read, e.Before = images, nil
		}
		again := s.copied
		s.copied = true
		if again {
			return nil
		}
		e.Kind = Incomplete
		return e
	case first:
		e.Kind = Found
	case !s.told:
		e.Kind, e.Before = Added, nil
	default:
		e.Changes = images.Since(s.read, table)
	}
	s.read, s.told, s.copied = images, true, false
	return e
}

// Wait waits until it is time for another look: sooner if the system tells of a
// change or something is moving, later if a look takes long. The error is that
// of the context.
func (w *Watcher) Wait(ctx context.Context) error {
	const soon = 250 * time.Millisecond
	rest := max(4*w.took, min(soon, w.opener.interval)) // of every two looks
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	if w.moving || rest >= w.opener.interval {
		return nil
	}
	timer.Reset(w.opener.interval - rest)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-w.notice.wake:
	}
	return nil
}
