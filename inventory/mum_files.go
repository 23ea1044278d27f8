package inventory

import (
	"fmt"
	"iter"
	"slices"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

const (
	// maxMUMs is how many .mum files are read.
	maxMUMs = 8192

	// maxDeclarations is how many features and capabilities all of them may
	// declare. Many files can be one, so that their bytes bound nothing.
	maxDeclarations = 65536
)

// storageOrder is implemented by trees that can tell in which order their files
// are stored, as the images of package wim can.
type storageOrder interface {
	StorageOrder() iter.Seq2[string, string]
}

// readMUMs reads the .mum files of the packages that DISM lists and of updates,
// and makes the lists of features and capabilities. All others, thousands of
// them, are parts of these.
func (r *reader) readMUMs() {
	var wanted []*Package
	for i := range r.inventory.Packages {
		p := &r.inventory.Packages[i]
		if p.HasMUM && (p.Visible || p.isUpdate()) {
			wanted = append(wanted, p)
		}
	}
	// What more there may be is least likely to be of interest at the end:
	// hidden ones.
	if len(wanted) > maxMUMs {
		slices.SortStableFunc(wanted, func(a, b *Package) int { return visibleFirst(a) - visibleFirst(b) })
		r.note("packages", fmt.Sprintf("the .mum files of %d packages were not read: only %d are", len(wanted)-maxMUMs, maxMUMs))
		wanted = wanted[:maxMUMs]
	}
	r.orderByStorage(wanted)
	defer r.countSeparately("reading .mum files")()
	for _, p := range wanted {
		r.readMUM(p)
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

// readMUM reads the .mum file of a package.
func (r *reader) readMUM(p *Package) {
	source := Source{Kind: SourceMUM, Path: p.path}
	parser := mumParser{mum: &mum{}}
	err := r.readXMLFile(p.path, parser.visitor())
	m := parser.mum
	if declared := len(m.features) + len(m.capabilities); err == nil && declared > maxDeclarations-r.declared {
		err = wintree.OfKind(fmt.Errorf("declares %d features and capabilities, more than are left of %d for all such files", declared, maxDeclarations), winver.ErrLimit)
	}
	source.Err = err
	p.Sources = append(p.Sources, source)
	if err != nil {
		return
	}
	r.declared += len(m.features) + len(m.capabilities)
	p.ReleaseType, p.KB, p.Restart, p.Permanent = m.releaseType, m.article(), m.restart, m.permanent
	r.declare(p, m, source)
	r.provide(p, m, source)
}
