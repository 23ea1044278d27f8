package wim

import (
	"context"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// metadataKinds are kinds of metadata that only a [metadataHost] can give an
// entry.
type metadataKinds uint8

const (
	streamsKind metadataKinds = 1 << iota
	securityKind
	shortNameKind
	attributesKind
	timesKind
	reparsePointKind
)

// hostAttributes are those that a metadataHost sets as they are.
const hostAttributes = AttributeReadOnly | AttributeHidden | AttributeSystem | AttributeArchive |
	AttributeTemporary | AttributeOffline | AttributeNotContentIndexed

// isMade says whether a node has been extracted under its name.
func (x *extractedTree) isMade(i int32) bool {
	n := &x.tree.meta.nodes[i]
	if !x.placed[i] || x.selected[i] != selected || n.dentry < 0 || x.failed[i] != nil {
		return false
	}
	if n.isDirectory() || x.restored[i]&reparsePointKind != 0 {
		return true
	}
	_, ok := x.tree.fileStreams(i)
	return ok
}

// furtherNames returns the nodes that are not the first name of their file.
// What a file has it is given under its first name.
func (x *extractedTree) furtherNames() map[int32]bool {
	further := make(map[int32]bool)
	for _, l := range x.files.hardLinks {
		further[l[1]] = true
	}
	return further
}

// streamContents yields where the contents of named streams go. Those that are
// empty it makes, since nothing will be read for them.
func (x *extractedTree) streamContents() iter.Seq2[*blob, destination] {
	return func(yield func(*blob, destination) bool) {
		further := x.furtherNames()
		for i := range x.tree.meta.preorder() {
			if !x.isMade(i) || further[i] {
				continue
			}
			hashes := x.tree.meta.streamsOf(&x.tree.meta.nodes[i])
			x.restored[i] |= streamsKind // until one is lost
			folded := make(map[string]bool)
			for _, s := range hashes.named {
				name, valid := streamName(s.name)
				if !valid || folded[utf16le.Fold(name)] {
					x.lostStream(i)
					continue
				}
				folded[utf16le.Fold(name)] = true
				at := destination{x, i, name}
				b, err := x.tree.reader.lookup(s.hash)
				switch {
				case err != nil:
					at.problem(err)
				case b == nil:
					if file, _ := x.createAt(at); file != nil {
						x.complete(file)
					}
				case !yield(b, at):
					return
				}
			}
		}
	}
}

// streamName decodes the name of a stream and says whether it can have that
// name on NTFS, and no other: what a colon or a slash would lead to is not the
// stream of this file.
func streamName(name []byte) (string, bool) {
	units := utf16le.Units(name)
	decoded := string(utf16.Decode(units))
	return decoded, len(units) > 0 && len(units) <= maxName && !strings.ContainsAny(decoded, "\x00/\\:") &&
		slices.Equal(utf16.Encode([]rune(decoded)), units)
}

// lostStream says that a stream of a node could not be made.
func (x *extractedTree) lostStream(i int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.restored[i] &^= streamsKind
}

// restoreMetadata gives all entries what the host can give them. That is done
// last and only once per entry: a file may be read-only from here on, or not
// accessible to the user any more.
func (x *extraction) restoreMetadata() error {
	return x.host.privileged(func() error {
		for _, t := range x.trees {
			if err := t.restoreShortNames(); err != nil {
				return err
			}
			if err := t.restoreEntries(); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachMade calls restore for the nodes that were extracted, children before
// their parents and further names of a file before the first.
func (x *extractedTree) eachMade(restore func(i int32, dir *os.Root, name string)) error {
	for _, i := range slices.Backward(slices.Collect(x.tree.meta.preorder())) {
		if !x.isMade(i) {
			continue
		}
		if err := context.Cause(x.ctx); err != nil {
			return err
		}
		err := x.in(i, func(dir *os.Root, name string) error {
			restore(i, dir, name)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreShortNames replaces the short names that the system made up. First all
// of them go: the one of a file may be that of another in the image.
func (x *extractedTree) restoreShortNames() error {
	for _, set := range []bool{false, true} {
		err := x.eachMade(func(i int32, dir *os.Root, name string) {
			stored := x.tree.meta.shortName(x.tree.meta.nodes[i].dentry)
			short := utf16le.Decode(stored)
			switch {
			case i == 0 || short == "" || len(stored)/2 > len("8LETTERS.3LE") || !validOnWindows(short):
			case !set:
				x.host.setShortName(dir, name, "")
			case x.host.setShortName(dir, name, short) == nil:
				x.restored[i] |= shortNameKind
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreEntries sets security descriptors, attributes and times.
func (x *extractedTree) restoreEntries() error {
	further := x.furtherNames()
	err := x.eachMade(func(i int32, dir *os.Root, name string) {
		if !further[i] {
			x.restored[i] |= x.restoreEntry(i, dir, name)
		}
	})
	if err != nil {
		return err
	}
	for _, l := range x.files.hardLinks {
		x.restored[l[1]] |= x.restored[l[0]] &^ shortNameKind
	}
	return nil
}

// restoreEntry returns what it could restore. Compression and permissions
// change a file's times, so these come last, together with the attributes:
// nothing can be changed in a read-only file.
func (x *extractedTree) restoreEntry(i int32, dir *os.Root, name string) (restored metadataKinds) {
	e := x.tree.entry(i)
	var descriptor *securityDescriptor
	if e.SecurityDescriptor != nil {
		descriptor, _ = parseSecurityDescriptor(e.SecurityDescriptor)
	}
	entry, err := x.host.open(dir, name, descriptor != nil)
	if err != nil {
		return 0
	}
	defer entry.Close()

	settable := hostAttributes
	if e.Attributes&AttributeDirectory != 0 {
		settable &^= AttributeTemporary // no directory has it
	}
	missing := e.Attributes &^ settable &^ restoredAttributes
	if e.Attributes&AttributeCompressed != 0 && entry.compress() == nil {
		missing &^= AttributeCompressed
	}
	if descriptor != nil && entry.setSecurity(descriptor) == nil {
		restored |= securityKind
	}
	if i == 0 {
		settable &^= AttributeHidden | AttributeSystem // a drive's root has them; who named this directory wants to see it
	}
	basic := basicInfo{
		created: settableTime(e.CreationTime), accessed: settableTime(e.LastAccessTime), modified: settableTime(e.LastWriteTime),
		attributes: e.Attributes & settable,
	}
	if basic.attributes == 0 {
		basic.attributes = AttributeNormal
	}
	err = entry.setBasic(basic)
	if err == nil {
		restored |= timesKind
	} else { // FAT has no times before 1980 and after 2107
		err = entry.setBasic(basicInfo{attributes: basic.attributes})
	}
	if err == nil && missing == 0 {
		restored |= attributesKind
	}
	return restored
}

// settableTime returns a time as Windows takes it, 0 for one that it does not
// take.
func settableTime(t Filetime) Filetime {
	if t > math.MaxInt64 {
		return 0
	}
	return t
}
