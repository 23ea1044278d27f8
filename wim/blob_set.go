package wim

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// newBlob is a content that goes into the file that is being written. However
// many entries of however many images have it, it is stored once. It comes from
// an open WIM file or from a source.
type newBlob struct {
	sha1   SHA1 // zero until it is known
	size   int64
	from   *blob
	source *source

	// same is a blob that turned out to have the same content, and is written
	// instead.
	same *newBlob
	// err is why the content could not be read, if it is left out for that.
	err error

	metadata   bool                   // it is the metadata of an image
	references uint32                 // names of files that have it, in all images
	header     wimfile.ResourceHeader // where it is in the new file
}

// stored is the blob that is written for b.
func (b *newBlob) stored() *newBlob {
	if b.same != nil {
		return b.same
	}
	return b
}

// blobUse is how often an image uses a blob.
type blobUse struct {
	blob  *newBlob
	count int
}

// blobSet has each content once.
type blobSet struct {
	byHash map[SHA1]*newBlob

	// base is the file that is changed, nil if there is none.
	base *Reader
	// lacks has the contents that no given file has. It is nil where all have
	// to be at hand.
	lacks map[SHA1]bool

	// counted has what [blobSet.usesOf] found in each tree, which many images may
	// share.
	counted map[*imageTree][]blobUse
}

// add returns the blob of the set that has the content of b. What the file that
// is changed has is there already, wherever b is.
func (s *blobSet) add(b *blob) *newBlob {
	if known := s.byHash[b.sha1]; known != nil {
		return known
	}
	if s.base != nil {
		if own := s.base.index().byHash[b.sha1]; own != nil && own.size() == b.size() {
			b = own
		}
	}
	added := &newBlob{sha1: b.sha1, size: b.size(), from: b}
	s.put(added)
	return added
}

// put makes a blob the one of the set that has its content.
func (s *blobSet) put(b *newBlob) {
	if s.byHash == nil {
		s.byHash = make(map[SHA1]*newBlob)
	}
	s.byHash[b.sha1] = b
}

// usesOf counts what an image uses of each blob, and adds those to the set. The
// counts of the file that the image comes from are not believed. All blobs have
// to be at hand, but those that a delta file may lack.
func (s *blobSet) usesOf(tree *FS) ([]blobUse, error) {
	var list []blobUse
	var found []*blob // of the list
	var missing missingBlobs
	places := make(map[SHA1]int) // in the list, -1 for what is not there
	tree.eachContent(func(node int32, _ contentName, hash SHA1) {
		if at, seen := places[hash]; seen {
			if at >= 0 {
				list[at].count++
			}
			return
		}
		places[hash] = -1
		b, err := tree.reader.available(hash)
		switch {
		case err == nil:
			places[hash] = len(list)
			list, found = append(list, blobUse{count: 1}), append(found, b)
		case s.lacks != nil && errors.Is(err, ErrMissingBlob):
			s.lacks[hash] = true
		default:
			missing.add(tree.meta.pathOf(node), err)
		}
	})
	if err := missing.err(); err != nil {
		return nil, err
	}
	for i, b := range found {
		list[i].blob = s.add(b)
	}
	return list, nil
}

// missingBlobs is what an image lacks.
type missingBlobs struct {
	path  string // of the first one
	first error
	count int
}

func (m *missingBlobs) add(path string, err error) {
	if m.count++; m.count == 1 {
		m.path, m.first = path, err
	}
}

func (m *missingBlobs) err() error {
	switch m.count {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %w", m.path, m.first)
	}
	return fmt.Errorf("%d contents are not at hand, the first is of %s: %w", m.count, m.path, m.first)
}

// addReferences adds n to the number of references, which has 32 bits.
func (b *newBlob) addReferences(n int) {
	b.references = uint32(min(uint64(b.references)+uint64(n), math.MaxUint32))
}

// path returns a path of a content in the file that it comes from, for a
// message.
func (b *newBlob) path() string {
	if b.from == nil {
		return "a content of no WIM file"
	}
	looked := make(map[*imageTree]bool)
	for _, image := range b.from.part.owner.Images {
		if looked[image.tree] {
			continue
		}
		looked[image.tree] = true
		tree, err := image.tree.borrow()
		if err != nil {
			continue
		}
		found := int32(-1)
		tree.eachContent(func(node int32, _ contentName, hash SHA1) {
			if hash == b.sha1 && found < 0 {
				found = node
			}
		})
		if found >= 0 {
			return tree.meta.pathOf(found)
		}
	}
	return "blob " + b.sha1.String()
}

// sortForReading sorts blobs of WIM files as they are stored there. An image
// that is exported twice has one metadata resource there and two here.
func sortForReading(blobs []*newBlob) {
	old := make([]*blob, len(blobs))
	of := make(map[*blob][]*newBlob, len(blobs))
	for i, b := range blobs {
		old[i] = b.from
		of[b.from] = append(of[b.from], b)
	}
	sortAsStored(old)
	for i, b := range old {
		blobs[i], of[b] = of[b][0], of[b][1:]
	}
}

// sortByPlace sorts blobs by where they are in the new file.
func sortByPlace(blobs []*newBlob) {
	slices.SortFunc(blobs, func(a, b *newBlob) int { return cmp.Compare(a.header.Offset, b.header.Offset) })
}
