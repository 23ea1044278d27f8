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

// AppendMetadata appends a whole metadata resource to b: security data, the
// root, and a list of children for each directory, empty ones too (WIM format
// sheet, section 8). A nil root makes an empty image.
//
// Offsets count from the start of the resource, so that b is usually empty.
func AppendMetadata(b []byte, security *SecurityData, root *Node, order Order) []byte {
	b = security.Append(b)
	if root == nil {
		return append(b, make([]byte, listEnd)...)
	}
	// A list's offset is in the dentry of its directory, which precedes it. So
	// all offsets are worked out before anything is written.
	lists := directories(root, order)
	root.prepare()
	for _, list := range lists {
		for _, child := range list.Children {
			child.prepare()
		}
	}
	next := security.Root() + root.size() + listEnd
	for _, list := range lists {
		list.Dentry.Subdir = next
		for _, child := range list.Children {
			next += child.size()
		}
		next += listEnd
	}
	b = slices.Grow(b, int(next-security.Root()))
	b = append(root.append(b), make([]byte, listEnd)...)
	for _, list := range lists {
		for _, child := range list.Children {
			b = child.append(b)
		}
		b = binary.LittleEndian.AppendUint64(b, 0)
	}
	return b
}

// prepare sets the fields of the dentry that follow from the others.
func (n *Node) prepare() {
	n.Dentry.SetItems(n.Items)
	n.Dentry.StreamCount = uint16(len(n.Streams))
	n.Dentry.Subdir = 0
}

// directories returns the directories in the order of their lists. It does not
// recurse: trees may be as deep as they like.
func directories(root *Node, order Order) []*Node {
	var lists []*Node
	waiting := []*Node{root}
	for len(waiting) > 0 {
		var n *Node
		if order == DepthFirst {
			n, waiting = waiting[len(waiting)-1], waiting[:len(waiting)-1]
		} else {
			n, waiting = waiting[0], waiting[1:]
		}
		if !n.Dentry.IsDirectory() {
			continue
		}
		lists = append(lists, n)
		first := len(waiting)
		for _, child := range n.Children {
			if child.Dentry.IsDirectory() {
				waiting = append(waiting, child)
			}
		}
		if order == DepthFirst {
			slices.Reverse(waiting[first:]) // the last one is taken first
		}
	}
	return lists
}
