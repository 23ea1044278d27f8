package wim

import (
	"fmt"
	"iter"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// match finds the nodes of a path whose elements may be patterns as in
// [path.Match]. A path that exists is taken for itself. Links are not followed
// by patterns.
func (f *FS) match(pattern string) ([]int32, error) {
	i, err := f.resolve(pattern, false)
	if err == nil {
		return []int32{i}, nil
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		return nil, err
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrOption)
	}
	nodes := []int32{0}
	for element := range strings.SplitSeq(pattern, "/") {
		var next []int32
		for _, dir := range nodes {
			next = append(next, f.matchIn(dir, element)...)
		}
		nodes = next
	}
	if len(nodes) == 0 {
		return nil, err
	}
	return nodes, nil
}

// Glob implements [io/fs.GlobFS]. As elsewhere, case does not count where
// nothing matches exactly, and a path that exists is taken for itself.
func (f *FS) Glob(pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, err
	}
	nodes, err := f.match(pattern)
	if err != nil { // there is nothing
		return nil, nil
	}
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = f.meta.pathOf(n)
	}
	slices.Sort(names)
	return names, nil
}

// matchIn finds the children of a node that match: exactly, or else without
// regard to case.
func (f *FS) matchIn(dir int32, pattern string) []int32 {
	first := f.meta.nodes[dir].firstChild
	exactly := func(name string) string { return name }
	for _, fold := range []func(string) string{exactly, utf16le.Fold} {
		var found []int32
		for k, n := range f.meta.children(dir) {
			if ok, _ := path.Match(fold(pattern), fold(n.name)); ok {
				found = append(found, first+int32(k))
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// sameFolded yields the children of a directory whose names differ from a name
// in nothing but case.
func (f *FS) sameFolded(dir int32, name string) iter.Seq[int32] {
	name = utf16le.Fold(name)
	byFold := f.foldedChildren(dir)
	k := sort.Search(len(byFold), func(k int) bool { return byFold[k].name >= name })
	return func(yield func(int32) bool) {
		for _, c := range byFold[k:] {
			if c.name != name || !yield(c.node) {
				return
			}
		}
	}
}
