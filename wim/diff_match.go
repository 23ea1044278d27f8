package wim

import (
	"slices"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// match makes the pairs of all entries, by their names.
func (d *differ) match() {
	waiting := []diffPair{{0, 0}}
	for len(waiting) > 0 {
		p := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		d.pairs = append(d.pairs, p)
		if d.old.err(p.old) != nil || d.new.err(p.new) != nil {
			continue // what is in the directory is not known
		}
		first := len(waiting)
		waiting = d.matchChildren(waiting, p)
		slices.Reverse(waiting[first:]) // the last one is taken first
	}
}

// matchChildren appends the pairs of what is in two directories, or in one of
// which there is no other.
func (d *differ) matchChildren(pairs []diffPair, p diffPair) []diffPair {
	start := len(pairs)
	old, oldEnd := d.old.children(p.old)
	new, newEnd := d.new.children(p.new)
	singleOld, singleNew := 0, 0 // entries without a counterpart
	for old < oldEnd || new < newEnd {
		var x, y string
		if old < oldEnd {
			x = d.old.tree.nodes[old].name
		}
		if new < newEnd {
			y = d.new.tree.nodes[new].name
		}
		switch {
		case new == newEnd || old < oldEnd && x < y:
			pairs = append(pairs, diffPair{old, noNode})
			singleOld++
			old++
		case old == oldEnd || y < x:
			pairs = append(pairs, diffPair{noNode, new})
			singleNew++
			new++
		case d.old.tree.nodes[old].isDirectory() != d.new.tree.nodes[new].isDirectory():
			pairs = append(pairs, diffPair{old, noNode}, diffPair{noNode, new})
			singleOld++
			singleNew++
			old, new = old+1, new+1
		default:
			pairs = append(pairs, diffPair{old, new})
			old, new = old+1, new+1
		}
	}
	if singleOld > 0 && singleNew > 0 {
		return append(pairs[:start], d.matchFolded(pairs[start:])...)
	}
	return pairs
}

// children returns the range of nodes that are in a directory.
func (s *diffSide) children(i int32) (first, end int32) {
	if i == noNode {
		return 0, 0
	}
	return s.tree.nodes[i].firstChild, s.tree.endOfChildren(i)
}

// matchFolded matches entries of a directory whose names differ in case only,
// as far as there are just two of them.
func (d *differ) matchFolded(pairs []diffPair) []diffPair {
	type key struct {
		name        string
		isDirectory bool
	}
	return matchSingle(d, pairs, func(s *diffSide, i int32) (key, bool) {
		n := &s.tree.nodes[i]
		return key{utf16le.Fold(n.name), n.isDirectory()}, true
	})
}

// matchRenamed matches files that were removed with files that were added, by
// their content.
func (d *differ) matchRenamed() {
	type key struct {
		content SHA1
		name    string
	}
	content := func(s *diffSide, i int32) (key, bool) {
		if !s.isFile(i) {
			return key{}, false
		}
		hash, known := s.content(i)
		return key{content: hash}, known && !hash.IsZero()
	}
	d.pairs = matchSingle(d, d.pairs, content)
	d.pairs = matchSingle(d, d.pairs, func(s *diffSide, i int32) (key, bool) {
		k, ok := content(s, i)
		k.name = utf16le.Fold(s.tree.nodes[i].name)
		return k, ok
	})
}

// matchSingle makes a pair of an old and a new entry that are without a
// counterpart, if they and no others have a key. The pair takes the place of
// the new entry.
func matchSingle[K comparable](d *differ, pairs []diffPair, key func(s *diffSide, i int32) (K, bool)) []diffPair {
	type found struct{ old, new int32 } // index of the pair; noNode for none, several for more than one
	const several = -2
	note := func(at *int32, i int) {
		if *at == noNode {
			*at = int32(i)
		} else {
			*at = several
		}
	}
	byKey := make(map[K]found)
	for i, p := range pairs {
		if p.old != noNode && p.new != noNode {
			continue
		}
		s, node := &d.old, p.old
		if node == noNode {
			s, node = &d.new, p.new
		}
		k, ok := key(s, node)
		if !ok {
			continue
		}
		f, known := byKey[k]
		if !known {
			f = found{noNode, noNode}
		}
		if p.new == noNode {
			note(&f.old, i)
		} else {
			note(&f.new, i)
		}
		byKey[k] = f
	}
	matched := false
	for _, f := range byKey {
		if f.old >= 0 && f.new >= 0 {
			pairs[f.new].old = pairs[f.old].old
			pairs[f.old].old = noNode
			matched = true
		}
	}
	if !matched {
		return pairs
	}
	return slices.DeleteFunc(pairs, func(p diffPair) bool { return p.old == noNode && p.new == noNode })
}

// renamed says whether a pair has two paths, or two names, and not only
// directories above with two.
func (d *differ) renamed(p diffPair) bool {
	x, y := &d.old.tree.nodes[p.old], &d.new.tree.nodes[p.new]
	return p.new != 0 && (x.name != y.name || d.partner[x.parent] != y.parent)
}
