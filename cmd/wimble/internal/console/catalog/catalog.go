package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// ErrBusy is what [Catalog.Open] returns when as many files as may be are open
// and stay in use.
var ErrBusy = errors.New("too many files are in use; try again in a moment")

const (
	maxOpen  = 6                // files that are open at a time
	idleTime = time.Minute      // after which a file that nobody uses is closed
	patience = 15 * time.Second // for a place among the open files
)

// Catalog is a list of packages. Its methods may be called by many goroutines
// at once.
type Catalog struct {
	Feed Feed // of what happened to packages

	roots   []root
	watcher *media.Watcher // for look alone
	table   *winver.Table

	mu      sync.Mutex
	entries map[string]*entry // by id
	open    map[openKey]*opened
	left    chan struct{} // closed when a user leaves, if somebody waits for that
}

// entry is a package and the file that it was made of.
type entry struct {
	found *found
	pkg   *Package
}

// openKey is what a file is open for: an image, whose tree is kept, or 0 for the
// file as a whole.
type openKey struct {
	id    string
	image int
}

// opened is an open file. It is in the map of the catalog as long as it is of
// the current generation and nobody needs its place.
type opened struct {
	once  sync.Once
	files *files
	err   error
	users int
	since time.Time   // when the last one left
	gone  bool        // no longer in the map
	tree  atomic.Bool // of the image that it is open for, was read

	mu   sync.Mutex
	kept []keptValue
}

// keptValue is something that was made of an open file.
type keptValue struct {
	key   string
	value any
}

// mostKept is how many values are kept for an open file.
const mostKept = 4

// New finds the packages below the paths, which have to exist. The table tells
// what versions are. The options are for what is at a URL.
func New(paths []string, table *winver.Table, options ...media.Option) (*Catalog, error) {
	roots, err := newRoots(paths, options)
	if err != nil {
		return nil, err
	}
	var local []string
	var remotes sync.WaitGroup
	for _, r := range roots {
		if r.remote != nil {
			remotes.Go(func() { r.remote.look(context.Background()) })
		} else {
			local = append(local, r.path)
		}
	}
	remotes.Wait()
	w, err := media.NewWatcher(local, media.WithUpdates(table), media.WithReaderOptions(wim.WithLimits(limits)))
	if err != nil {
		return nil, err
	}
	c := &Catalog{roots: roots, watcher: w, table: table, entries: map[string]*entry{}, open: map[openKey]*opened{}}
	c.look(true)
	return c, nil
}

// Run keeps the catalog current until the context ends, and closes it then.
func (c *Catalog) Run(ctx context.Context) {
	var remotes sync.WaitGroup
	defer remotes.Wait()
	for _, r := range c.roots {
		if r.remote != nil {
			remotes.Go(func() { r.remote.run(ctx) })
		}
	}
	defer c.watcher.Close()
	for c.watcher.Wait(ctx) == nil {
		c.look(false)
		c.close(func(o *opened) bool { return time.Since(o.since) > idleTime })
	}
	c.close(func(*opened) bool { return true })
}

// look takes over what the watcher and the remotes found. The first look
// publishes nothing.
func (c *Catalog) look(first bool) {
	for _, e := range c.watcher.Look(context.Background()) {
		f := c.find(e.Package)
		switch {
		case f == nil:
		case e.Kind == media.Removed:
			c.remove(f.name)
		case e.Kind == media.Incomplete:
			c.put(f, newIncomplete(f, c.table), first)
		default:
			c.load(f, first)
		}
	}
	for _, r := range c.roots {
		if r.remote != nil {
			c.lookAt(r, first)
		}
	}
}

// lookAt compares what is at a URL with the entries.
func (c *Catalog) lookAt(r root, first bool) {
	present := map[string]bool{}
	for _, f := range r.remote.get(r.label) {
		present[f.name] = true
		c.mu.Lock()
		e := c.entries[idOf(f.name)]
		c.mu.Unlock()
		if e == nil || !e.found.same(f) {
			c.load(f, first)
		}
	}
	var gone []string
	c.mu.Lock()
	for _, e := range c.entries {
		if e.found.remote == r.remote && !present[e.found.name] {
			gone = append(gone, e.found.name)
		}
	}
	c.mu.Unlock()
	for _, name := range gone {
		c.remove(name)
	}
}

// load reads a file and makes its package the current one.
func (c *Catalog) load(f *found, first bool) {
	p := newPackage(f, c.table)
	if errors.Is(p.Err, wim.ErrChanged) && !first {
		return // the next look tells
	}
	c.put(f, p, first)
}

// put makes a package the current one of its name.
func (c *Catalog) put(f *found, p *Package, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := Event{Kind: "added", Subject: p.ID, Name: p.Name}
	p.Generation = 1
	if old := c.entries[p.ID]; old != nil {
		p.Generation = old.pkg.Generation + 1
		e.Kind = "changed"
		switch {
		case p.Incomplete: // what it was is remembered until it is whole
			p.held, e.Changes = old.pkg.held, []string{"being copied or written"}
		case old.pkg.held != nil:
			e.Changes = p.held.Since(old.pkg.held, c.table)
		}
	}
	c.entries[p.ID] = &entry{f, p}
	c.retire(p.ID)
	if !first {
		c.Feed.Publish(e)
	}
}

// remove forgets a package.
func (c *Catalog) remove(name string) {
	id := idOf(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[id] == nil {
		return
	}
	delete(c.entries, id)
	c.retire(id)
	c.Feed.Publish(Event{Kind: "removed", Subject: id, Name: name})
}

var errNoPackage = fmt.Errorf("no such package: %w", fs.ErrNotExist)

// Packages returns all packages, sorted by name.
func (c *Catalog) Packages() []*Package {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]*Package, 0, len(c.entries))
	for _, e := range c.entries {
		list = append(list, e.pkg)
	}
	slices.SortFunc(list, func(a, b *Package) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Package returns a package by its id. The error wraps [fs.ErrNotExist] if there
// is none.
func (c *Catalog) Package(id string) (*Package, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[id]; e != nil {
		return e.pkg, nil
	}
	return nil, errNoPackage
}

// Handle is an open package. It has to be closed.
type Handle struct {
	Package *Package
	Reader  *wim.Reader

	catalog *Catalog
	key     openKey
	opened  *opened
	once    sync.Once
}

// Open opens the current version of a package for one of its images, or with 0
// as a whole. Few are open at a time; when all of those are in use it waits for
// some seconds, and then the error is [ErrBusy].
func (c *Catalog) Open(ctx context.Context, id string, image int) (*Handle, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrBusy)
	defer cancel()
	for {
		h, found, left, err := c.enter(openKey{id, image})
		if err != nil {
			return nil, err
		}
		if h == nil {
			select {
			case <-left:
				continue
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		o := h.opened
		o.once.Do(func() { o.files, o.err = openFiles(found) })
		if o.err != nil {
			c.mu.Lock()
			c.forget(h.key, o)
			c.mu.Unlock()
			h.Close()
			return nil, o.err
		}
		if err := o.files.check(); err != nil { // the next look tells what it is now
			h.Close()
			return nil, err
		}
		h.Reader = o.files.reader
		return h, nil
	}
}

// enter makes a handle that is not open yet. Without room for it there is none,
// but a channel that is closed when somebody leaves.
func (c *Catalog) enter(key openKey) (*Handle, *found, <-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key.id]
	switch {
	case e == nil:
		return nil, nil, nil, errNoPackage
	case e.pkg.Err != nil:
		return nil, nil, nil, e.pkg.Err
	case key.image != 0 && e.pkg.Image(key.image) == nil:
		return nil, nil, nil, fmt.Errorf("there is no image %d of %d: %w", key.image, len(e.pkg.Images), fs.ErrNotExist)
	}
	o := c.open[key]
	if o == nil {
		if !c.makeRoom() {
			if c.left == nil {
				c.left = make(chan struct{})
			}
			return nil, nil, c.left, nil
		}
		o = &opened{}
		c.open[key] = o
	}
	o.users++
	return &Handle{Package: e.pkg, catalog: c, key: key, opened: o}, e.found, nil, nil
}

// Image returns the image that the handle was opened for.
func (h *Handle) Image() *wim.Image { return h.Reader.Images[h.key.image-1] }

// HasTree says whether the tree of the image is in memory.
func (h *Handle) HasTree() bool { return h.opened.tree.Load() }

// Tree returns the tree of the image that the handle was opened for.
func (h *Handle) Tree() (*wim.FS, error) {
	tree, err := h.Image().FS()
	if err == nil {
		h.opened.tree.Store(true)
	}
	return tree, err
}

// Keep returns the value that make made for the key before, or makes it. It lives
// as long as the file is open, unless others take its place. Errors are not kept.
func (h *Handle) Keep(key string, make func() (any, error)) (any, error) {
	o := h.opened
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range o.kept {
		if k.key == key {
			return k.value, nil
		}
	}
	value, err := make()
	if err != nil {
		return nil, err
	}
	if o.kept = append(o.kept, keptValue{key, value}); len(o.kept) > mostKept {
		o.kept = o.kept[1:]
	}
	return value, nil
}

// Close ends the use of the handle. It may be called more than once.
func (h *Handle) Close() {
	h.once.Do(func() {
		c, o := h.catalog, h.opened
		c.mu.Lock()
		defer c.mu.Unlock()
		o.users--
		o.since = time.Now()
		if o.gone {
			o.close()
		}
		if c.left != nil {
			close(c.left)
			c.left = nil
		}
	})
}

// close closes the files if nobody uses them. The catalog is locked.
func (o *opened) close() {
	if o.users == 0 && o.files != nil {
		o.files.Close()
		o.files = nil
	}
}

// forget takes an open file out of the map; the last user closes it. The catalog
// is locked.
func (c *Catalog) forget(key openKey, o *opened) {
	if c.open[key] == o {
		delete(c.open, key)
	}
	o.gone = true
	o.close()
}

// retire forgets all that is open of a package. The catalog is locked.
func (c *Catalog) retire(id string) {
	for key, o := range c.open {
		if key.id == id {
			c.forget(key, o)
		}
	}
}

// close forgets the files that nobody uses and that are picked.
func (c *Catalog) close(pick func(*opened) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, o := range c.open {
		if o.users == 0 && pick(o) {
			c.forget(key, o)
		}
	}
}

// makeRoom closes the file that nobody has used for the longest time, if there
// are as many as may be. The catalog is locked.
func (c *Catalog) makeRoom() bool {
	if len(c.open) < maxOpen {
		return true
	}
	var oldest openKey
	var found *opened
	for key, o := range c.open {
		if o.users == 0 && (found == nil || o.since.Before(found.since)) {
			oldest, found = key, o
		}
	}
	if found == nil {
		return false
	}
	c.forget(oldest, found)
	return true
}
