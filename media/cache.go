package media

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/wim"
)

// cache keeps what a lister read of files, as long as they do not change. A nil
// one keeps nothing.
type cache struct {
	old, now map[string]cached // by path
	entries  int               // of the folders that were looked at
	notice   *notice           // tells what happens in them from then on
}

// cached is what was read of a file: one package, or those in an ISO file.
type cached struct {
	file     PackageFile
	packages []Package
	header   wim.Header
}

func newCache(n *notice) *cache { return &cache{notice: n} }

// begin begins a look. What it does not get is forgotten at its end.
func (c *cache) begin() {
	c.now, c.entries = map[string]cached{}, 0
	c.notice.begin()
}

func (c *cache) end() {
	c.old, c.now = c.now, nil
	c.notice.end()
}

// get returns what was read of a file, or reads it.
func (c *cache) get(path string, read func() ([]Package, wim.Header)) ([]Package, wim.Header) {
	if c == nil {
		return read()
	}
	info, err := os.Stat(path)
	if err != nil {
		return read()
	}
	file := newPackageFile(path, info)
	known, ok := c.old[path]
	if !ok || !known.file.untouched(file) || slices.ContainsFunc(known.packages, Package.mayHeal) {
		known = cached{file: file}
		known.packages, known.header = read()
	}
	c.now[path] = known
	return known.packages, known.header
}

// mayHeal tells whether the package could not be read for a reason that may
// pass without a change of the file, such as a missing right.
func (p Package) mayHeal() bool { return p.Err != nil && len(p.Files) == 0 }

// enter notes that a folder is about to be read.
func (c *cache) enter(folder string) {
	if c != nil {
		c.notice.add(folder)
	}
}

// count counts the entries of a folder, which is at a path below what is
// listed.
func (c *cache) count(path string, entries int) error {
	if c == nil {
		return nil
	}
	if c.entries += entries; c.entries > maxWatchEntries || strings.Count(path, "/") >= maxWatchDepth {
		return errTooMany
	}
	return nil
}

// errTooMany is the error of what is beyond the bounds of a watch.
var errTooMany = fmt.Errorf("too many files, or folders in folders; name smaller ones: %w", wim.ErrLimit)
