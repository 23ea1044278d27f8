package inventory

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

const (
	maxMUMBytes = 256 << 20 // of all files together
	maxMUMs     = 8192      // files that are read

	// maxMUMSteps bounds the decompression for .mum files. Where a file is stored
	// in chunks of 64 MiB, reading it counts as the decompression of one, though in
	// the order of storage the next file is mostly in the same chunk, which costs
	// nothing.
	maxMUMSteps = 32 * wintree.MaxSteps
)

// storageOrder is implemented by trees that can tell in which order their files
// are stored, as the images of package wim can.
type storageOrder interface {
	StorageOrder() iter.Seq2[string, string]
}

// readMUMs reads the .mum files of the packages that DISM lists and of updates,
// and makes the lists of features and capabilities. All others, thousands of them,
// are parts of these.
func (r *reader) readMUMs() {
	var wanted []*Package
	for i := range r.inventory.Packages {
		p := &r.inventory.Packages[i]
		if p.HasMUM && (p.Visible || p.isUpdate()) {
			wanted = append(wanted, p)
		}
	}
	// What more there may be is least likely to be of interest at the end: hidden
	// ones.
	if len(wanted) > maxMUMs {
		slices.SortStableFunc(wanted, func(a, b *Package) int { return visibleFirst(a) - visibleFirst(b) })
		r.note("packages", fmt.Sprintf("the .mum files of %d packages were not read: only %d are", len(wanted)-maxMUMs, maxMUMs))
		wanted = wanted[:maxMUMs]
	}
	r.orderByStorage(wanted)
	// What this takes depends on how the files are stored, and does not count for
	// the rest.
	rest := r.Work
	r.Work = wintree.NewBudget("reading .mum files", maxMUMSteps, r.ended)
	defer func() { r.Work = rest }()
	left := int64(maxMUMBytes)
	for _, p := range wanted {
		left -= r.readMUM(p, left)
	}
	r.sortFeatures()
	r.sortCapabilities()
}

func visibleFirst(p *Package) int {
	if p.Visible {
		return 0
	}
	return 1
}

// orderByStorage puts packages in the order in which their files are stored.
func (r *reader) orderByStorage(list []*Package) {
	tree, ok := r.fsys.(storageOrder)
	if !ok || len(list) < 2 {
		return
	}
	byPath := make(map[string]*Package, len(list))
	for _, p := range list {
		byPath[p.path] = p
	}
	position := make(map[*Package]int, len(list))
	n := 0
	for path := range tree.StorageOrder() {
		if r.Work.Spend(1) != nil {
			return
		}
		if p := byPath[path]; p != nil {
			position[p] = n
		}
		n++
	}
	slices.SortStableFunc(list, func(a, b *Package) int { return position[a] - position[b] })
}

// readMUM reads the .mum file of a package, and returns how many bytes it has.
func (r *reader) readMUM(p *Package, most int64) int64 {
	source := Source{Kind: SourceMUM, Path: p.path}
	m, size, err := r.parse(p.path, most)
	source.Err = err
	p.Sources = append(p.Sources, source)
	if err != nil {
		return size
	}
	p.ReleaseType, p.KB, p.Restart, p.Permanent = m.releaseType, m.article(), m.restart, m.permanent
	r.declare(p, m, source)
	r.provide(p, m, source)
	return size
}

func (r *reader) parse(path string, most int64) (*mum, int64, error) {
	file, err := r.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	switch {
	case file.Size > maxMUM:
		err = fmt.Errorf("has %d bytes, more than %d", file.Size, maxMUM)
	case file.Size > most:
		err = fmt.Errorf("has %d bytes, more than are left of %d for all .mum files", file.Size, maxMUMBytes)
	}
	if err != nil {
		return nil, 0, wintree.OfKind(err, winver.ErrLimit)
	}
	m, err := parseMUM(io.NewSectionReader(file, 0, file.Size))
	return m, file.Size, wintree.WithoutPath(err)
}
