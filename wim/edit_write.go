package wim

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// count counts what the image uses of each blob, as [blobSet.usesOf] does for a
// tree that was not changed.
func (e *Edit) count() error {
	if err := e.checkPaths(); err != nil {
		return fmt.Errorf("image %d: %w", e.image.origin.Index, err)
	}
	var uses []blobUse
	stored, added := make(map[SHA1]int), make(map[*newBlob]int) // indexes in uses
	use := func(b *newBlob) int {
		k, known := added[b]
		if !known {
			k = len(uses)
			added[b] = k
			uses = append(uses, blobUse{blob: b})
		}
		return k
	}
	var missing missingBlobs
	for i := range e.all {
		for c := range e.contents(i) {
			k, known := stored[c.hash]
			switch {
			case c.blob != nil:
				k = use(c.blob)
			case !known:
				b, err := e.base.reader.available(c.hash)
				if err != nil {
					missing.add(e.pathOf(i), err)
					continue
				}
				k = use(e.writer.blobs.add(b))
				stored[c.hash] = k
			}
			uses[k].count++
		}
	}
	if err := missing.err(); err != nil {
		return fmt.Errorf("image %d: %w", e.image.origin.Index, err)
	}
	e.image.uses = uses
	return nil
}

func (e *Edit) eachUse(yield func(blobUse) bool) {
	for _, use := range e.image.uses {
		if !yield(use) {
			return
		}
	}
}

func (e *Edit) dropUnread() {
	var unread []int32
	dropped := false
	for i := range e.all {
		draft := e.nodes[i].draft
		switch {
		case draft == nil || !draft.unread():
		case draft.Dentry.IsDirectory():
			draft.dropUnreadStreams()
			dropped = true
		default:
			unread = append(unread, i)
		}
	}
	for _, i := range unread {
		e.detach(i)
	}
	if dropped || len(unread) > 0 {
		e.count() // all was at hand before
	}
}

func (e *Edit) setStatistics(image *Element) {
	var s statistics
	groups := e.hardLinks().group
	for i := range e.all {
		size := int64(0)
		for c := range e.contents(i) {
			size += e.sizeOf(c)
		}
		s.add(i == 0, e.isDirectory(i), groups[i], size)
	}
	s.set(image)
}

// checkPaths refuses directories with paths that no reader descends into.
func (e *Edit) checkPaths() error {
	length := make([]int, len(e.nodes)) // of paths, in UTF-16 units
	for i := range e.all {
		if i != 0 {
			d := e.dentry(i)
			length[i] = length[e.nodes[i].parent] + 1 + len(d.Name)/2
		}
		if len(e.nodes[i].children) > 0 && length[i] >= maxPath {
			return fmt.Errorf("a path of %d characters, more than Windows allows: %w", length[i], ErrLimit)
		}
	}
	return nil
}

// appendMetadata appends the metadata of the image, whose contents were all
// written.
func (e *Edit) appendMetadata(dst []byte) ([]byte, error) {
	security, err := e.draft.security.Data()
	if err != nil {
		return nil, err
	}
	for i := range e.all {
		e.sortList(i)
	}
	t := &editTree{Edit: e, subdirs: make([]uint64, len(e.nodes))}
	return wimfile.AppendTree(dst, &security, t, 0, wimfile.DepthFirst), nil
}

// sortList puts a list of children that is changed in the order that Windows
// has them in. Others are as they were: in the order of the dentries.
func (e *Edit) sortList(dir int32) {
	n := &e.nodes[dir]
	if n.relisted {
		names := make(map[int32][]byte, len(n.children))
		for _, i := range n.children {
			d := e.dentry(i)
			names[i] = d.Name
		}
		slices.SortFunc(n.children, func(a, b int32) int {
			return cmp.Or(wimfile.CompareNames(names[a], names[b]), cmp.Compare(a, b))
		})
	} else {
		nodes := e.base.meta.nodes
		slices.SortFunc(n.children, func(a, b int32) int { return nodes[a].dentry - nodes[b].dentry })
	}
	for slot, i := range n.children {
		e.nodes[i].slot = int32(slot)
	}
}

// editTree is an Edit as its metadata is made.
type editTree struct {
	*Edit
	subdirs []uint64
}

func (t *editTree) IsDirectory(i int32) bool       { return t.isDirectory(i) }
func (t *editTree) Children(i int32) []int32       { return t.nodes[i].children }
func (t *editTree) SetSubdir(i int32, list uint64) { t.subdirs[i] = list }

// bytes is the dentry and the stream entries of a node that is as it is stored.
func (t *editTree) bytes(i int32) []byte {
	m := t.base.meta
	n := &m.nodes[i]
	d := m.dentry(n)
	size := d.Size()
	for entry := range m.streamEntries(n, &d) {
		size += entry.Size()
	}
	return m.raw[n.dentry:][:size]
}

func (t *editTree) Size(i int32) uint64 {
	n := t.nodes[i].draft
	if n == nil {
		return uint64(len(t.bytes(i)))
	}
	size := n.Dentry.Size()
	for k := range n.Streams {
		size += n.Streams[k].Size()
	}
	return size
}

func (t *editTree) Append(b []byte, i int32) []byte {
	n := t.nodes[i].draft
	if n == nil {
		const subdirOffset = 0x10
		start := len(b)
		b = append(b, t.bytes(i)...)
		binary.LittleEndian.PutUint64(b[start+subdirOffset:], t.subdirs[i])
		return b
	}
	d := n.Dentry
	d.Subdir, d.StreamCount, d.Hash = t.subdirs[i], uint16(len(n.Streams)), n.contentAt(-1).sha1()
	b = d.Append(b)
	for k, entry := range n.Streams {
		entry.Hash = n.contentAt(k).sha1()
		b = entry.Append(b)
	}
	return b
}
