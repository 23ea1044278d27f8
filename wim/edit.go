package wim

import (
	"fmt"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// An Edit changes the files in an image. It is the image's tree as it will be,
// an [fs.FS] of the same kind as [FS]: what was changed can be looked at before
// it is written, and content that is new is read from where it comes from.
// [Writer.Write], [Update.Commit] and their like write it.
//
//	edit, err := u.Images()[0].Edit()
//	...
//	err = edit.WriteFile("Windows/System32/startnet.cmd", []byte("wpeinit\r\n"))
//	...
//	report, err := u.Commit(ctx)
//
// Paths are those of [io/fs]. A name is found as Windows finds it: exactly, or
// else without regard to case. What is made under a name that exists in another
// case takes its place, and has the name as it was given. Links are followed by
// what [io/fs] has, and never by what changes the tree.
//
// What is not changed stays as it is stored, to the last bit of its metadata. A
// method that fails has changed nothing. An Edit serves one goroutine at a
// time.
type Edit struct {
	image  *WriterImage
	writer *Writer
	base   *FS // the tree as it is stored

	nodes   []editNode                 // those of base, then new ones
	indexes map[int32]map[string]int32 // of directories: the first child with a folded name
	draft   draft                      // makes new nodes, and has the security descriptors

	links      *hardLinks      // nil if they have to be found anew
	linkIDs    map[uint64]bool // that are stored; nil if there was no need of a new one
	lastLinkID uint64          // the last new one

	inherited map[inheritance]int32 // security ids
}

// editNode is a name in the tree.
type editNode struct {
	name     string // the path element, unique in its directory
	parent   int32
	slot     int32 // in its parent's children
	children []int32
	twin     int32      // the next in the directory with the same folded name; 0 for none
	gone     bool       // it was taken out
	relisted bool       // its children are not those that are stored
	draft    *draftNode // nil for a node of base that is as it is stored
}

// Edit returns the image's tree, to be changed. Every call returns the same
// Edit. It reads the image's metadata; damage there that would be lost is an
// error.
func (i *WriterImage) Edit() (*Edit, error) {
	if i.edit != nil {
		return i.edit, nil
	}
	if i.origin == nil {
		return nil, fmt.Errorf("an image that was captured can be edited when it was written: %w", ErrUnsupported)
	}
	tree, err := i.origin.tree.borrow()
	if err != nil {
		return nil, i.origin.unreadable(err)
	}
	e, err := newEdit(tree, i.writer)
	if err != nil {
		return nil, fmt.Errorf("image %d: %w", i.origin.Index, err)
	}
	e.image = i
	i.edit = e
	return e, nil
}

func newEdit(base *FS, w *Writer) (*Edit, error) {
	nodes := base.meta.nodes
	e := &Edit{base: base, writer: w, nodes: make([]editNode, len(nodes)), indexes: make(map[int32]map[string]int32)}
	e.draft.security = wimfile.NewSecurityBuilder(base.meta.descriptors)
	all := make([]int32, len(nodes)) // as children, those of each directory are consecutive
	for i := range nodes {
		n := &nodes[i]
		all[i] = int32(i)
		end := n.firstChild + n.childCount
		e.nodes[i] = editNode{name: n.name, parent: n.parent, children: all[n.firstChild:end:end]}
		if i > 0 {
			e.nodes[i].slot = int32(i) - nodes[n.parent].firstChild
		}
		if n.dentry < 0 {
			continue
		}
		d := base.meta.dentry(n)
		if err := base.meta.childListDamage(n, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", base.meta.pathOf(int32(i)), err)
		}
	}
	if nodes[0].dentry < 0 { // the root of an empty image is made when something is in it
		e.nodes[0].draft = e.plainNode(AttributeDirectory)
	}
	return e, nil
}

// plainNode returns a node that was made now.
func (e *Edit) plainNode(attributes Attributes) *draftNode {
	now := uint64(FiletimeOf(e.writer.options.now))
	n := new(draftNode)
	n.Dentry = wimfile.Dentry{
		Attributes: uint32(attributes), SecurityID: wimfile.NoSecurity,
		CreationTime: now, LastAccessTime: now, LastWriteTime: now,
	}
	return n
}

// stored says whether a node is as it is in base.
func (e *Edit) stored(i int32) bool { return e.nodes[i].draft == nil }

func (e *Edit) attributes(i int32) Attributes {
	if draft := e.nodes[i].draft; draft != nil {
		return Attributes(draft.Dentry.Attributes)
	}
	return e.base.meta.nodes[i].attributes
}

func (e *Edit) isDirectory(i int32) bool {
	return e.attributes(i)&(AttributeDirectory|AttributeReparsePoint) == AttributeDirectory
}

func (e *Edit) parent(i int32) int32 { return e.nodes[i].parent }

// dentry returns the dentry of a node as it is now.
func (e *Edit) dentry(i int32) wimfile.Dentry {
	if draft := e.nodes[i].draft; draft != nil {
		return draft.Dentry
	}
	return e.base.meta.dentry(&e.base.meta.nodes[i])
}
