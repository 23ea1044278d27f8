package wimfile

import (
	"encoding/binary"
	"slices"
)

// Node is a dentry in a tree that is to be written. Its Dentry has the names;
// [AppendMetadata] sets Length and Tail, StreamCount and Subdir.
type Node struct {
	Dentry   Dentry
	Items    []TaggedItem
	Streams  []StreamEntry
	Children []*Node // in the order of the list; see [Node.Sort]
}

// Order is the order of a tree's lists of children. Readers take any.
type Order int

const (
	DepthFirst   Order = iota // a directory's list before those of its next sibling, as wimlib writes
	BreadthFirst              // all lists of a level before those of the next one
)

// Sort puts the children in the order that Windows has them in.
func (n *Node) Sort() {
	slices.SortFunc(n.Children, func(a, b *Node) int { return CompareNames(a.Dentry.Name, b.Dentry.Name) })
}

// size is the number of bytes of the dentry and its streams.
func (n *Node) size() uint64 {
	size := n.Dentry.Size()
	for i := range n.Streams {
		size += n.Streams[i].Size()
	}
	return size
}

func (n *Node) append(b []byte) []byte {
	b = n.Dentry.Append(b)
	for i := range n.Streams {
		b = n.Streams[i].Append(b)
	}
	return b
}

// listEnd is the size of the zeros that end a list of dentries.
const listEnd = 8

// A Tree is a tree that is to be written, whose nodes are of any kind.
type Tree[N any] interface {
	IsDirectory(n N) bool
	Children(n N) []N            // of a directory, in the order of the list
	Size(n N) uint64             // of the dentry and its streams, in bytes
	SetSubdir(n N, at uint64)    // says where a directory's list of children will be
	Append(b []byte, n N) []byte // the dentry and its streams
}

// AppendTree appends a whole metadata resource to b: security data, the root,
// and a list of children for each directory, empty ones too (WIM format sheet,
// section 8).
//
// Offsets count from the start of the resource, so that b is usually empty.
func AppendTree[N any](b []byte, security *SecurityData, t Tree[N], root N, order Order) []byte {
	b = security.Append(b)
	// A list's offset is in the dentry of its directory, which precedes it. So
	// all offsets are worked out before anything is written.
	lists := directories(t, root, order)
	next := security.Root() + t.Size(root) + listEnd
	for _, n := range lists {
		t.SetSubdir(n, next)
		for _, child := range t.Children(n) {
			next += t.Size(child)
		}
		next += listEnd
	}
	b = slices.Grow(b, int(next-security.Root()))
	b = append(t.Append(b, root), make([]byte, listEnd)...)
	for _, n := range lists {
		for _, child := range t.Children(n) {
			b = t.Append(b, child)
		}
		b = binary.LittleEndian.AppendUint64(b, 0)
	}
	return b
}

// AppendMetadata is [AppendTree] for a tree of Nodes. A nil root makes an empty
// image.
func AppendMetadata(b []byte, security *SecurityData, root *Node, order Order) []byte {
	if root == nil {
		return append(security.Append(b), make([]byte, listEnd)...)
	}
	root.prepare()
	for _, n := range directories(nodeTree{}, root, order) {
		for _, child := range n.Children {
			child.prepare()
		}
	}
	return AppendTree(b, security, nodeTree{}, root, order)
}

// nodeTree is a tree of Nodes.
type nodeTree struct{}

func (nodeTree) IsDirectory(n *Node) bool        { return n.Dentry.IsDirectory() }
func (nodeTree) Children(n *Node) []*Node        { return n.Children }
func (nodeTree) Size(n *Node) uint64             { return n.size() }
func (nodeTree) SetSubdir(n *Node, at uint64)    { n.Dentry.Subdir = at }
func (nodeTree) Append(b []byte, n *Node) []byte { return n.append(b) }

// prepare sets the fields of the dentry that follow from the others.
func (n *Node) prepare() {
	n.Dentry.SetItems(n.Items)
	n.Dentry.StreamCount = uint16(len(n.Streams))
	n.Dentry.Subdir = 0
}

// directories returns the directories in the order of their lists. It does not
// recurse: trees may be as deep as they like.
func directories[N any](t Tree[N], root N, order Order) []N {
	var lists []N
	waiting := []N{root}
	for len(waiting) > 0 {
		var n N
		if order == DepthFirst {
			n, waiting = waiting[len(waiting)-1], waiting[:len(waiting)-1]
		} else {
			n, waiting = waiting[0], waiting[1:]
		}
		if !t.IsDirectory(n) {
			continue
		}
		lists = append(lists, n)
		first := len(waiting)
		for _, child := range t.Children(n) {
			if t.IsDirectory(child) {
				waiting = append(waiting, child)
			}
		}
		if order == DepthFirst {
			slices.Reverse(waiting[first:]) // the last one is taken first
		}
	}
	return lists
}
