package wim

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// child finds a name in a directory: exactly, or else without regard to case,
// and then the first one in the exact order.
func (e *Edit) child(dir int32, name string) (int32, bool) {
	if e.indexes[dir] == nil && !e.nodes[dir].relisted && int(dir) < len(e.base.meta.nodes) {
		return e.base.child(dir, name)
	}
	found := int32(0)
	for i := e.index(dir)[utf16le.Fold(name)]; i != 0; i = e.nodes[i].twin {
		if e.nodes[i].name == name {
			return i, true
		}
		if found == 0 || e.nodes[i].name < e.nodes[found].name {
			found = i
		}
	}
	return found, found != 0
}

// index is a directory's children by folded name.
func (e *Edit) index(dir int32) map[string]int32 {
	index := e.indexes[dir]
	if index == nil {
		index = make(map[string]int32, len(e.nodes[dir].children))
		e.indexes[dir] = index
		for _, i := range e.nodes[dir].children {
			e.enter(index, i)
		}
	}
	return index
}

func (e *Edit) enter(index map[string]int32, i int32) {
	folded := utf16le.Fold(e.nodes[i].name)
	e.nodes[i].twin = index[folded]
	index[folded] = i
}

func (e *Edit) leave(index map[string]int32, i int32) {
	folded := utf16le.Fold(e.nodes[i].name)
	k := index[folded]
	if k == i {
		index[folded] = e.nodes[i].twin
		return
	}
	for e.nodes[k].twin != i {
		k = e.nodes[k].twin
	}
	e.nodes[k].twin = e.nodes[i].twin
}

// attach puts a node that is in no directory into one.
func (e *Edit) attach(dir, i int32) {
	d := &e.nodes[dir]
	e.nodes[i].parent, e.nodes[i].slot, e.nodes[i].gone = dir, int32(len(d.children)), false
	d.children = append(d.children, i) // a stored list has no room, and is copied
	d.relisted = true
	if index := e.indexes[dir]; index != nil {
		e.enter(index, i)
	}
	e.change()
}

// detach takes a node out of its directory, with all that is in it.
func (e *Edit) detach(i int32) {
	n := &e.nodes[i]
	d := &e.nodes[n.parent]
	if !d.relisted { // it shares its memory with other stored lists
		d.children, d.relisted = slices.Clone(d.children), true
	}
	last := d.children[len(d.children)-1]
	d.children[n.slot], e.nodes[last].slot = last, n.slot
	d.children = d.children[:len(d.children)-1]
	if index := e.indexes[n.parent]; index != nil {
		e.leave(index, i)
	}
	n.gone = true
	e.change()
}

// change notes that the tree is not what is stored.
func (e *Edit) change() {
	e.markChanged()
	e.links = nil
}

// markChanged notes that the image has to be written anew.
func (e *Edit) markChanged() { e.image.draft, e.image.changed = e, true }

// find finds the node of a path. Links are not followed.
func (e *Edit) find(name string) (int32, error) {
	i, rest, err := e.findStart(name)
	if err == nil && rest != "" {
		err = fs.ErrNotExist
	}
	return i, err
}

// findStart finds as much of a path as there is, and returns the rest. What is
// not a directory has nothing in it.
func (e *Edit) findStart(name string) (at int32, rest string, err error) {
	if !fs.ValidPath(name) {
		return 0, "", fs.ErrInvalid
	}
	if name == "." {
		return 0, "", nil
	}
	for rest = name; rest != ""; {
		element, after, _ := strings.Cut(rest, "/")
		if !e.isDirectory(at) {
			return 0, "", errNotDirectory
		}
		i, found := e.child(at, element)
		if !found {
			return at, rest, nil
		}
		at, rest = i, after
	}
	return at, "", nil
}

// pathOf returns the path of a node.
func (e *Edit) pathOf(i int32) string {
	if i == 0 {
		return "."
	}
	var elements []string
	for ; i != 0; i = e.nodes[i].parent {
		elements = append(elements, e.nodes[i].name)
	}
	slices.Reverse(elements)
	return strings.Join(elements, "/")
}

// all yields the nodes of the tree, a directory before what is in it.
func (e *Edit) all(yield func(i int32) bool) {
	waiting := []int32{0}
	for len(waiting) > 0 {
		i := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if !yield(i) {
			return
		}
		waiting = append(waiting, e.nodes[i].children...)
	}
}

// sortedByName returns the children of a directory as they are listed.
func (e *Edit) sortedByName(dir int32) []int32 {
	list := slices.Clone(e.nodes[dir].children)
	slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(e.nodes[a].name, e.nodes[b].name) })
	return list
}

// newNode adds a node that is in no directory.
func (e *Edit) newNode(name string, draft *draftNode) int32 {
	e.nodes = append(e.nodes, editNode{name: name, draft: draft, gone: true})
	i := int32(len(e.nodes) - 1)
	if Attributes(draft.Dentry.Attributes)&AttributeDirectory != 0 {
		e.nodes[i].relisted = true
	}
	return i
}

// edited returns a node's draft, to be changed.
func (e *Edit) edited(i int32) *draftNode {
	n := &e.nodes[i]
	if n.draft != nil {
		return n.draft
	}
	stored := &e.base.meta.nodes[i]
	draft := &draftNode{Node: wimfile.Node{Dentry: e.base.meta.dentry(stored)}}
	for s := range e.base.meta.streamEntries(stored, &draft.Dentry) {
		draft.Streams = append(draft.Streams, s)
	}
	draft.streams = make([]*newBlob, len(draft.Streams))
	n.draft = draft
	return draft
}

// nameOf converts an element of a path to a name as it is stored.
func nameOf(element string) ([]byte, error) {
	name, ok := utf16le.AppendWTF8(nil, element)
	if !ok {
		return nil, fmt.Errorf("the name %q is not UTF-8: %w", element, fs.ErrInvalid)
	}
	return name, checkName(name)
}

// inherit gives a node without a security descriptor the one that it has in a
// directory.
func (e *Edit) inherit(dir int32, n *draftNode) {
	d := e.dentry(dir)
	descriptors := e.draft.security.Descriptors()
	if n.Dentry.SecurityID >= 0 || uint64(uint32(d.SecurityID)) >= uint64(len(descriptors)) {
		return
	}
	key := inheritance{d.SecurityID, n.Dentry.IsDirectory()}
	id, known := e.inherited[key]
	if !known {
		id = e.draft.security.Add(inheritDescriptor(descriptors[d.SecurityID], key.directory))
		if e.inherited == nil {
			e.inherited = make(map[inheritance]int32)
		}
		e.inherited[key] = id
	}
	n.Dentry.SecurityID = id
}

// inheritance is the security id of a directory, and what gets into it.
type inheritance struct {
	parent    int32
	directory bool
}
