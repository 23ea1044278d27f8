package wim

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// imageComparer compares entries of two images by their metadata alone.
type imageComparer struct {
	old, new                 *FS
	partner                  []int32
	oldSecurity, newSecurity []int // by security id: equal for equal descriptors
	groups                   map[uint64]comparedGroup
}

// comparedGroup is what was found out about the names of a file of the old
// image.
type comparedGroup struct {
	group uint64 // of the counterpart of one of them
	same  bool   // the counterparts of all of them are that file's names
}

func newImageComparer(old, new *FS, partner []int32) *imageComparer {
	// A descriptor can be as long as the metadata, and be used by all entries.
	// So each is looked at once.
	numbers := map[string]int{}
	number := func(descriptors [][]byte) []int {
		list := make([]int, len(descriptors))
		for i, d := range descriptors {
			if len(d) > 0 {
				n, known := numbers[string(d)]
				if !known {
					n = len(numbers) + 1
					numbers[string(d)] = n
				}
				list[i] = n
			}
		}
		return list
	}
	return &imageComparer{
		old: old, new: new, partner: partner,
		oldSecurity: number(old.meta.descriptors), newSecurity: number(new.meta.descriptors),
		groups: make(map[uint64]comparedGroup),
	}
}

// compare says what two entries differ in.
func (c *imageComparer) compare(p diffPair) (aspects Aspects) {
	x, y := &c.old.meta.nodes[p.old], &c.new.meta.nodes[p.new]
	if x.dentry < 0 || y.dentry < 0 { // the made-up root of an empty image
		return 0
	}
	dx, dy := c.old.meta.dentry(x), c.new.meta.dentry(y)
	differs := func(a Aspects, is bool) {
		if is {
			aspects |= a
		}
	}
	differs(AspectAttributes, x.attributes != y.attributes)
	differs(AspectCreated, dx.CreationTime != dy.CreationTime)
	differs(AspectModified, dx.LastWriteTime != dy.LastWriteTime)
	differs(AspectAccessed, dx.LastAccessTime != dy.LastAccessTime)
	differs(AspectShortName, !bytes.Equal(dx.ShortName, dy.ShortName))
	differs(AspectSecurity, numberOf(c.oldSecurity, dx.SecurityID) != numberOf(c.newSecurity, dy.SecurityID))
	differs(AspectExtended, !equalItems(&dx, &dy))
	differs(AspectHardLinks, !c.sameNames(p))

	sx, sy := c.old.meta.sortStreams(x, &dx), c.new.meta.sortStreams(y, &dy)
	differs(AspectContent, sx.data != sy.data)
	differs(AspectStreams, !equalStreams(sx.named, sy.named))
	pointX, pointY := x.attributes&AttributeReparsePoint != 0, y.attributes&AttributeReparsePoint != 0
	differs(AspectReparse, pointX != pointY || pointX && (dx.Link != dy.Link || sx.reparse != sy.reparse))
	return aspects
}

// numberOf returns the number of a descriptor, 0 for none.
func numberOf(numbers []int, id int32) int {
	if uint64(uint32(id)) < uint64(len(numbers)) {
		return numbers[uint32(id)]
	}
	return 0
}

// equalItems says whether two dentries have the same tagged items.
func equalItems(x, y *wimfile.Dentry) bool {
	if len(x.Tail) < 8 && len(y.Tail) < 8 { // no more than padding
		return true
	}
	itemsX, _ := x.Items()
	itemsY, _ := y.Items()
	return slices.EqualFunc(itemsX, itemsY, func(a, b wimfile.TaggedItem) bool {
		return a.Tag == b.Tag && bytes.Equal(a.Data, b.Data)
	})
}

// equalStreams says whether two entries have the same named streams, in
// whatever order.
func equalStreams(x, y []namedHash) bool {
	if len(x) != len(y) {
		return false
	}
	order := func(a, b namedHash) int {
		return cmp.Or(bytes.Compare(a.name, b.name), bytes.Compare(a.hash[:], b.hash[:]))
	}
	slices.SortFunc(x, order)
	slices.SortFunc(y, order)
	return slices.EqualFunc(x, y, func(a, b namedHash) bool { return order(a, b) == 0 })
}

// sameNames says whether the names of two files are counterparts of each other.
func (c *imageComparer) sameNames(p diffPair) bool {
	old, new := c.old.hardLinkGroup(p.old), c.new.hardLinkGroup(p.new)
	if old == 0 || new == 0 {
		return old == new
	}
	known, ok := c.groups[old]
	if !ok {
		names := c.old.hardLinks().names[old]
		known = comparedGroup{new, len(names) == len(c.new.hardLinks().names[new])}
		for _, i := range names {
			partner := c.partner[i]
			known.same = known.same && partner != noNode && c.new.hardLinkGroup(partner) == new
		}
		c.groups[old] = known
	}
	return known.same && known.group == new
}
