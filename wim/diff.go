package wim

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// ChangeKind says what happened to an entry on the way from one tree to
// another.
type ChangeKind int

const (
	ChangeAdded    ChangeKind = iota // only the new tree has it
	ChangeRemoved                    // only the old tree has it
	ChangeModified                   // both have it, and something of it differs
	ChangeRenamed                    // it has another path, or a name in another case; something of it may differ as well
)

// String is "added", "removed", "changed" or "renamed".
func (k ChangeKind) String() string {
	if k < 0 || int(k) >= len(changeKinds) {
		return fmt.Sprintf("ChangeKind(%d)", int(k))
	}
	return changeKinds[k]
}

var changeKinds = [...]string{"added", "removed", "changed", "renamed"}

// Aspects are what two entries can differ in: a sum of the constants.
type Aspects uint16

const (
	AspectContent    Aspects = 1 << iota // the unnamed stream
	AspectAttributes                     // such as read-only
	AspectSecurity                       // the security descriptor
	AspectReparse                        // where a link leads, or other reparse data
	AspectStreams                        // named streams: which there are, and their contents
	AspectHardLinks                      // which other names the file has
	AspectShortName                      // the 8.3 name
	AspectExtended                       // object id, Unix data, extended attributes, and items of metadata that nobody knows
	AspectCreated                        // the time
	AspectModified                       // the time
	AspectAccessed                       // the time

	AspectTimes    = AspectCreated | AspectModified | AspectAccessed
	defaultAspects = AspectCreated - 1 // all but times
)

var aspectNames = [...]string{
	"content", "attributes", "security", "reparse", "streams", "hard links", "short name", "extended", "created", "modified", "accessed",
}

// Names returns the names of the aspects, such as "content" and "hard links".
func (a Aspects) Names() []string {
	names := []string{}
	for i, name := range aspectNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String is the names with commas between them.
func (a Aspects) String() string { return strings.Join(a.Names(), ", ") }

// Change is one difference between an old tree and a new one.
type Change struct {
	Kind    ChangeKind
	Path    string  // in the new tree; of what was removed, in the old one
	OldPath string  // in the old tree; "" for what was added
	Aspects Aspects // what differs of an entry that both have; may be 0 for one that was renamed

	// Old and New describe the entry; Sys is an [*Entry] where the tree is that
	// of an image. Old is nil for what was added, New for what was removed.
	Old, New fs.FileInfo
}

// A DiffOption changes what [Diff] does: [WithAspects], [WithWorkers] and
// [WithProgress].
type DiffOption interface{ applyDiff(*diffOptions) }

type diffOptions struct {
	bulkOptions
	aspects Aspects
}

type diffOption func(*diffOptions)

func (set diffOption) applyDiff(o *diffOptions) { set(o) }

// WithAspects has Diff look at these aspects and no others. The default is all
// but times, which differ nearly always.
func WithAspects(a Aspects) DiffOption { return diffOption(func(o *diffOptions) { o.aspects = a }) }

// Diff yields what is different in the new tree, in the order of paths; nothing
// if the trees are equal.
//
//	for change, err := range wim.Diff(ctx, old, new) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(change.Kind, change.Path, change.Aspects)
//	}
//
// Two trees of images, each an [*FS], are compared by their metadata, which has
// the SHA-1 of each content: nothing is read and there are no errors, unless
// ctx ends.
//
// Any other file system is read, such as a [Dir] for what an update changed on
// a disk. Files are hashed if they have the size of their counterpart. Links
// are compared by their targets; a target that is rooted in an image is equal
// to one on the host that ends with it, since extraction puts the path of its
// folder before it. Of the other aspects, those are compared that both trees
// have: the time of modification, and all that an [*Entry] holds where Sys
// returns one. An entry that cannot be read is an error; the ones after it
// follow, if the caller goes on.
//
// Entries are matched by their names: exactly first, then those that are left
// by names that differ in case only. A directory and a file of one name are two
// entries, one removed and one added. Then a file that was removed and one that
// was added, and no others, with the same content that is not empty, are one
// that was renamed; so are they if several have that content and just these two
// have the same name. Of a directory that was renamed the files are, one by
// one.
func Diff(ctx context.Context, old, new fs.FS, opts ...DiffOption) iter.Seq2[*Change, error] {
	o := diffOptions{aspects: defaultAspects}
	for _, opt := range opts {
		opt.applyDiff(&o)
	}
	o.workers = pipeline.WorkerCount(o.workers)
	return func(yield func(*Change, error) bool) {
		d := &differ{ctx: ctx, aspects: o.aspects, bulk: newBulk(o.bulkOptions)}
		if err := d.prepare(old, new); err != nil {
			yield(nil, err)
			return
		}
		for _, p := range d.pairs {
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			change, err := d.change(p)
			if (change != nil || err != nil) && !yield(change, err) {
				return
			}
		}
	}
}

// differ compares two trees.
type differ struct {
	ctx      context.Context
	aspects  Aspects
	bulk     *bulk
	old, new diffSide
	pairs    []diffPair // in the order of paths in the new tree
	partner  []int32    // by old node: the new one

	images *imageComparer // if both trees are those of images
}

// diffPair is a node of the old tree and its counterpart in the new one; noNode
// for none.
type diffPair struct{ old, new int32 }

const noNode = -1

// diffSide is one of the two trees.
type diffSide struct {
	tree   *metadata
	image  *FS         // nil if the tree is that of a folder
	folder *diffFolder // nil if it is that of an image
}

// prepare matches all entries, and reads what has to be read for the
// comparison.
func (d *differ) prepare(old, new fs.FS) (err error) {
	if d.old, err = d.side(old); err != nil {
		return err
	}
	if d.new, err = d.side(new); err != nil {
		return err
	}
	images := d.old.image != nil && d.new.image != nil
	d.match()
	if !images {
		if err := d.hash(); err != nil {
			return err
		}
	}
	d.matchRenamed()
	d.partner = slices.Repeat([]int32{noNode}, len(d.old.tree.nodes))
	for _, p := range d.pairs {
		if p.old != noNode {
			d.partner[p.old] = p.new
		}
	}
	if images {
		d.images = newImageComparer(d.old.image, d.new.image, d.partner)
	}
	return nil
}

func (d *differ) side(fsys fs.FS) (diffSide, error) {
	if image, ok := fsys.(*FS); ok {
		return diffSide{tree: image.meta, image: image}, nil
	}
	folder, err := readDiffFolder(d.ctx, fsys)
	if err != nil {
		return diffSide{}, err
	}
	return diffSide{tree: &folder.tree, folder: folder}, nil
}

// info describes a node.
func (s *diffSide) info(i int32) fs.FileInfo {
	if s.image != nil {
		return s.image.info(i)
	}
	return s.folder.infos[i]
}

// err is why a node could not be read.
func (s *diffSide) err(i int32) error {
	if s.image != nil || i == noNode {
		return nil
	}
	return s.folder.errs[i]
}

// size is the size of the content of a file, -1 for an unknown one.
func (s *diffSide) size(i int32) int64 { return s.info(i).Size() }

// content is the SHA-1 of the content of a file, if it is known without
// reading, or was read.
func (s *diffSide) content(i int32) (hash SHA1, known bool) {
	if s.image != nil {
		n := &s.tree.nodes[i]
		if n.dentry < 0 {
			return SHA1{}, true
		}
		return s.tree.streamsOf(n).data, true
	}
	hash, known = s.folder.hashes[i]
	return hash, known || s.size(i) == 0
}

// isFile says whether a node is a file, for which content counts: neither a
// directory nor a link.
func (s *diffSide) isFile(i int32) bool {
	n := &s.tree.nodes[i]
	switch {
	case n.isDirectory():
		return false
	case s.image != nil:
		return !s.image.isLink(i)
	}
	return s.folder.infos[i] != nil && s.folder.infos[i].Mode().IsRegular()
}

// change describes what is different of a pair, nil for nothing.
func (d *differ) change(p diffPair) (*Change, error) {
	for _, err := range []error{d.old.err(p.old), d.new.err(p.new)} {
		if err != nil {
			return nil, err
		}
	}
	switch {
	case p.old == noNode:
		return &Change{Kind: ChangeAdded, Path: d.new.tree.pathOf(p.new), New: d.new.info(p.new)}, nil
	case p.new == noNode:
		name := d.old.tree.pathOf(p.old)
		return &Change{Kind: ChangeRemoved, Path: name, OldPath: name, Old: d.old.info(p.old)}, nil
	}
	var aspects Aspects
	if d.images != nil {
		aspects = d.images.compare(p)
	} else {
		var err error
		if aspects, err = d.compareInfos(p); err != nil {
			return nil, err
		}
	}
	aspects &= d.aspects
	renamed := d.renamed(p)
	if aspects == 0 && !renamed {
		return nil, nil
	}
	c := &Change{
		Kind: ChangeModified, Path: d.new.tree.pathOf(p.new), OldPath: d.old.tree.pathOf(p.old), Aspects: aspects,
		Old: d.old.info(p.old), New: d.new.info(p.new),
	}
	if renamed {
		c.Kind = ChangeRenamed
	}
	return c, nil
}
