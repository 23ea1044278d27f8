package wim

import (
	"cmp"
	"io/fs"
	"os"
	"slices"
)

// NotRestored is a kind of metadata that was left out.
type NotRestored struct {
	What  string // such as "security descriptors"
	Count int    // entries that have it
}

// What extractions and tars both may leave out.
const (
	namedStreams        = "named streams"
	securityDescriptors = "security descriptors"
	shortNames          = "short names"
	objectIDs           = "object ids"
	extendedAttributes  = "extended attributes"
	encryptedFiles      = "files with EFS encryption"
	specialFiles        = "devices, pipes and sockets"
)

// sortedCounts sorts what was left out, the most frequent first.
func sortedCounts(counts map[string]int) (list []NotRestored) {
	for what, count := range counts {
		list = append(list, NotRestored{what, count})
	}
	slices.SortFunc(list, func(a, b NotRestored) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What))
	})
	return list
}

// countNotRestored counts what was left out: all that a host is needed for but
// what the host did restore.
func (x *extractedTree) countNotRestored(counts map[string]int) {
	unlinked := x.unlinked
	for _, i := range x.files.separate {
		if x.failed[i] == nil {
			unlinked++
		}
	}
	if unlinked > 0 {
		counts["hard links"] += unlinked
	}
	x.each(func(i int32, n *node) error {
		if x.selected[i] != selected || n.dentry < 0 {
			return nil
		}
		count := func(what string, lost bool) {
			if lost {
				counts[what]++
			}
		}
		restored := func(kind metadataKinds) bool { return x.restored[i]&kind != 0 }
		link := x.tree.isLink(i)
		e := x.tree.entry(i)
		count(namedStreams, slices.ContainsFunc(e.Streams, func(s Stream) bool { return s.Name != "" }) && !restored(streamsKind))
		count(securityDescriptors, e.SecurityDescriptor != nil && !restored(securityKind))
		count(shortNames, e.ShortName != "" && !restored(shortNameKind))
		count(objectIDs, e.ObjectID != nil)
		count(extendedAttributes, e.Xattrs != nil)
		count("hidden, system and other attributes", e.Attributes&^restoredAttributes != 0 && !restored(attributesKind))
		count("owners", e.Unix != nil && (e.Unix.UID != uint32(os.Getuid()) || e.Unix.GID != uint32(os.Getgid())))
		count("set-user-ID and set-group-ID modes", e.Unix != nil && x.tree.info(i).Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0)
		count("reparse points that are not links", e.Reparse != nil && !e.Reparse.IsLink() && !restored(reparsePointKind))
		count(encryptedFiles, n.attributes&AttributeEncrypted != 0 && !n.isDirectory())
		count(specialFiles, x.tree.isSpecial(i))
		count("times of symbolic links", !linkTimes && link && !restored(timesKind))
		count("times", x.host != nil && !link && x.isMade(i) && !restored(timesKind))
		return nil
	})
}

// restoredAttributes are those that the kind, the content or the mode of the
// extracted file tell, or that mean nothing outside of NTFS.
const restoredAttributes = AttributeReadOnly | AttributeDirectory | AttributeArchive | AttributeNormal | AttributeReparsePoint |
	AttributeSparseFile | AttributeEncrypted | AttributeNotContentIndexed
