package wim

import (
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// A draft is the tree of an image that is being made or changed. Its metadata
// is made of it when all contents were written, for only then their SHA-1s are
// known.
type draft struct {
	security wimfile.SecurityBuilder
	root     *draftNode
}

// A madeTree is the tree of an image that is made or changed: a draft or an
// [Edit].
type madeTree interface {
	eachUse(yield func(blobUse) bool)
	dropUnread() // takes out the files whose contents could not be read
	setStatistics(image *Element)
	appendMetadata(dst []byte) ([]byte, error) // when all contents were written
}

// draftNode is a name in a draft. The hashes and the Children of its Node are
// set when the metadata is made.
type draftNode struct {
	wimfile.Node
	content  *newBlob   // whose hash is in the dentry; nil if that is zero
	streams  []*newBlob // those of Node.Streams; nil for an empty one
	children []*draftNode
}

// all yields the nodes, each before what is in it. It does not recurse: trees
// may be as deep as they like.
func (d *draft) all() iter.Seq[*draftNode] {
	return func(yield func(*draftNode) bool) {
		waiting := []*draftNode{d.root}
		for len(waiting) > 0 {
			n := waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			if !yield(n) {
				return
			}
			for i := len(n.children) - 1; i >= 0; i-- {
				waiting = append(waiting, n.children[i])
			}
		}
	}
}

func (d *draft) eachUse(yield func(blobUse) bool) {
	for n := range d.all() {
		for b := range n.contents() {
			if !yield(blobUse{b, 1}) {
				return
			}
		}
	}
}

func (d *draft) dropUnread() {
	for n := range d.all() {
		if n.Dentry.IsDirectory() {
			n.dropUnreadStreams()
		}
		n.children = slices.DeleteFunc(n.children, func(child *draftNode) bool {
			return !child.Dentry.IsDirectory() && child.unread()
		})
	}
}

// contents yields the contents of a node that are not empty.
func (n *draftNode) contents() iter.Seq[*newBlob] {
	return func(yield func(*newBlob) bool) {
		if n.content != nil && !yield(n.content) {
			return
		}
		for _, b := range n.streams {
			if b != nil && !yield(b) {
				return
			}
		}
	}
}

// appendMetadata appends the metadata of the image, whose contents were all
// written.
func (d *draft) appendMetadata(dst []byte) ([]byte, error) {
	security, err := d.security.Data()
	if err != nil {
		return nil, err
	}
	for n := range d.all() {
		n.Dentry.Hash = n.content.hash()
		for i, b := range n.streams {
			n.Streams[i].Hash = b.hash()
		}
		for b := range n.contents() {
			if b.source != nil && b.source.changed != 0 {
				n.Dentry.LastWriteTime = uint64(b.source.changed)
			}
		}
		n.Children = make([]*wimfile.Node, len(n.children))
		for i, child := range n.children {
			n.Children[i] = &child.Node
		}
		n.Sort()
	}
	return wimfile.AppendMetadata(dst, &security, &d.root.Node, wimfile.DepthFirst), nil
}

// hash is the SHA-1 of the content, zero for nil, which is an empty one.
func (b *newBlob) hash() SHA1 {
	if b == nil {
		return SHA1{}
	}
	return b.stored().sha1
}

// maxNameUnits is how many UTF-16 units a name of Windows has at most.
const maxNameUnits = 255

// checkName refuses names, in UTF-16LE, that no dentry may have (WIM format
// sheet, section 8.2).
func checkName(name []byte) error {
	if len(name) == 0 {
		return fmt.Errorf("a file without a name: %w", fs.ErrInvalid)
	}
	if len(name) > 2*maxNameUnits {
		return fmt.Errorf("the name has %d UTF-16 units, Windows takes %d: %w", len(name)/2, maxNameUnits, fs.ErrInvalid)
	}
	for i := 0; i+1 < len(name); i += 2 {
		if name[i+1] == 0 && needsEscape(rune(name[i])) {
			return fmt.Errorf("the name has the character %q, which Windows does not take: %w", rune(name[i]), fs.ErrInvalid)
		}
	}
	if text := utf16le.Decode(name); text == "." || text == ".." {
		return fmt.Errorf("no file is named %q: %w", text, fs.ErrInvalid)
	}
	return nil
}

// checkNames refuses names of an entry that Windows does not take. Those that
// are in a WIM file already are let pass.
func (e *Entry) checkNames() error {
	if e.ShortName != "" {
		if short, ok := utf16le.AppendWTF8(nil, e.ShortName); !ok || checkName(short) != nil {
			return fmt.Errorf("%q cannot be a short name: %w", e.ShortName, fs.ErrInvalid)
		}
	}
	for _, s := range e.Streams {
		if s.Name == "" {
			continue
		}
		if name, ok := utf16le.AppendWTF8(nil, s.Name); !ok || checkName(name) != nil || strings.Contains(s.Name, ":") {
			return fmt.Errorf("%q cannot be the name of a stream: %w", s.Name, fs.ErrInvalid)
		}
	}
	return nil
}

// storedName is the name of an entry in UTF-16LE.
func (e *Entry) storedName() ([]byte, error) {
	if e.RawName != nil {
		return utf16le.AppendUnits(nil, e.RawName), nil
	}
	name, ok := utf16le.AppendWTF8(nil, e.Name)
	if !ok {
		return nil, fmt.Errorf("the name %q is not UTF-8: %w", e.Name, fs.ErrInvalid)
	}
	return name, nil
}

// newNode returns the node of an entry. The function says which blob a
// content is, nil for an empty one. The name is set by the caller of those that
// have one: a root has none.
func (d *draft) newNode(e *Entry, blobOf func(contentName) (*newBlob, error)) (*draftNode, error) {
	n := new(draftNode)
	n.Dentry = wimfile.Dentry{
		Attributes:     uint32(e.Attributes),
		SecurityID:     d.security.Add(e.SecurityDescriptor),
		Unused:         e.Reserved.Unused,
		Unknown:        e.Reserved.Unknown,
		CreationTime:   uint64(e.CreationTime),
		LastAccessTime: uint64(e.LastAccessTime),
		LastWriteTime:  uint64(e.LastWriteTime),
		Link:           e.HardLinkGroup,
	}
	if e.ShortName != "" {
		n.Dentry.ShortName, _ = utf16le.AppendWTF8(nil, e.ShortName)
	}
	n.Items = e.taggedItems()
	return n, n.setStreams(e, blobOf)
}

// setStreams puts the streams of an entry where they belong (WIM format sheet,
// section 8.4): a single content goes into the dentry; of several, all go
// into entries, the reparse data first.
func (n *draftNode) setStreams(e *Entry, blobOf func(contentName) (*newBlob, error)) error {
	var named []Stream
	hasData := false
	for _, s := range e.Streams {
		if s.Name != "" {
			named = append(named, s)
		} else {
			hasData = true
		}
	}
	directory := e.Attributes&AttributeDirectory != 0
	switch {
	case e.Attributes&AttributeReparsePoint == 0 && e.Reparse != nil, e.Attributes&AttributeReparsePoint != 0 && e.Reparse == nil:
		return fmt.Errorf("the attribute of reparse points, %#x, without reparse data, or this without it: %w", AttributeReparsePoint, fs.ErrInvalid)
	case e.Reparse != nil:
		n.Dentry.Link = wimfile.ReparseFields{Tag: uint32(e.Reparse.Tag), Reserved: e.Reparse.Reserved, Flags: e.Reparse.Flags}.Link()
	case directory:
		n.Dentry.Link = 0
	}
	var reparse, data *newBlob
	var err error
	if e.Reparse != nil {
		if reparse, err = blobOf(contentName{reparse: true}); err != nil {
			return err
		}
	}
	if hasData {
		if data, err = blobOf(contentName{}); err != nil {
			return err
		}
		if data != nil && directory {
			return fmt.Errorf("a directory with content: %w", fs.ErrInvalid)
		}
	}
	add := func(name []byte, b *newBlob) {
		n.Streams = append(n.Streams, wimfile.NewStreamEntry(name, SHA1{}))
		n.streams = append(n.streams, b)
	}
	switch {
	case e.Attributes&AttributeEncrypted != 0:
		// The raw data of the file's encryption has all streams in it.
		n.content, named = data, nil
	case e.Reparse == nil && len(named) == 0:
		n.content = data
	case e.Reparse != nil && (directory || data == nil && len(named) == 0 && (!hasData || e.Reparse.IsLink())):
		// Windows wants the hash of a directory's reparse data in the dentry.
		// Links have no content, though some programs give them an empty one.
		n.content = reparse
	case e.Reparse != nil:
		add(nil, reparse)
		add(nil, data)
	case !directory:
		add(nil, data)
	}
	for _, s := range named {
		b, err := blobOf(contentName{stream: s.Name})
		if err != nil {
			return err
		}
		name, _ := utf16le.AppendWTF8(nil, s.Name)
		add(name, b)
	}
	return nil
}

// taggedItems are the items of an entry: those in Tagged, and the others that
// its fields ask for.
func (e *Entry) taggedItems() []wimfile.TaggedItem {
	var items []wimfile.TaggedItem
	has := make(map[uint32]bool)
	for _, t := range e.Tagged {
		has[t.Tag] = true
		items = append(items, wimfile.TaggedItem{Tag: t.Tag, Data: t.Data})
	}
	if e.ObjectID != nil && !has[wimfile.TagObjectID] {
		items = append(items, wimfile.TaggedItem{Tag: wimfile.TagObjectID, Data: e.ObjectID})
	}
	if e.Unix != nil && !has[wimfile.TagUnixData] {
		items = append(items, wimfile.TaggedItem{Tag: wimfile.TagUnixData, Data: wimfile.UnixData(*e.Unix).Append(nil)})
	}
	if len(e.Xattrs) > 0 && !has[wimfile.TagXattrs] && !has[wimfile.TagLinuxXattrs] {
		list := make([]wimfile.Xattr, len(e.Xattrs))
		for i, x := range e.Xattrs {
			list[i] = wimfile.Xattr(x)
		}
		items = append(items, wimfile.TaggedItem{Tag: wimfile.TagXattrs, Data: wimfile.AppendXattrs(nil, list)})
	}
	return items
}
