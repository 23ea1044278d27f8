package wim

import (
	"fmt"
	"slices"
)

// blobIndex finds blobs by hash. Where two entries have one hash the first
// wins, in part order and table order, and so does it everywhere.
type blobIndex struct {
	byHash  map[SHA1]*blob
	foreign map[SHA1]uint16 // parts that hold blobs no given part has
	absent  string          // the parts that were not given, for messages
}

func newBlobIndex(parts []*part, missing []int) *blobIndex {
	total := 0
	for _, p := range parts {
		total += len(p.table.blobs)
	}
	x := &blobIndex{byHash: make(map[SHA1]*blob, total), absent: joinNumbers(missing, " or ")}
	given := make(map[uint16]bool)
	for _, p := range parts {
		given[uint16(p.header.PartNumber)] = true
	}
	for _, p := range parts {
		for i := range p.table.blobs {
			b := &p.table.blobs[i]
			if int(b.partNumber) != p.header.PartNumber {
				if !given[b.partNumber] && b.partNumber >= 1 && int(b.partNumber) <= p.header.TotalParts {
					if x.foreign == nil {
						x.foreign = make(map[SHA1]uint16)
					}
					x.foreign[b.sha1] = b.partNumber
				}
				continue
			}
			if _, dup := x.byHash[b.sha1]; !dup {
				x.byHash[b.sha1] = b
			}
		}
	}
	return x
}

// lookup returns the blob with the hash, or an error that says what is needed
// to have it.
func (r *Reader) lookup(hash SHA1) (*blob, error) {
	if hash.IsZero() {
		return nil, nil
	}
	x := r.index()
	if b := x.byHash[hash]; b != nil {
		return b, nil
	}
	for _, other := range r.references {
		if b := other.index().byHash[hash]; b != nil {
			return b, nil
		}
	}
	if number, known := x.foreign[hash]; known {
		return nil, fmt.Errorf("blob %v is in part %d of %d: %w; open it together with the other parts",
			hash, number, r.Header.TotalParts, ErrMissingPart)
	}
	if x.absent != "" {
		return nil, fmt.Errorf("blob %v is in part %s of %d, not in the parts given: %w; open them all together",
			hash, x.absent, r.Header.TotalParts, ErrMissingPart)
	}
	return nil, fmt.Errorf("blob %v: %w; a delta file needs the file that it was made against", hash, ErrMissingBlob)
}

// readBlob reads the content with the hash and checks it, see
// [content.readAll].
func (r *Reader) readBlob(hash SHA1, limit int64) ([]byte, error) {
	b, err := r.lookup(hash)
	if err != nil {
		return nil, err
	}
	return b.readAll(limit)
}

// available is lookup, and also finds out where a solid blob of a split set
// lies, which can be in another part than the one that lists it.
func (r *Reader) available(hash SHA1) (*blob, error) {
	b, err := r.lookup(hash)
	if err == nil && b != nil {
		err = b.inMissingPart()
	}
	return b, err
}

// ownBlobs returns the blobs that the given parts hold.
func (r *Reader) ownBlobs() []*blob {
	var list []*blob
	for _, p := range r.parts {
		for i := range p.table.blobs {
			if b := &p.table.blobs[i]; int(b.partNumber) == p.header.PartNumber && !b.repeats(r) && b.inMissingPart() == nil {
				list = append(list, b)
			}
		}
	}
	return list
}

// usedBlobs returns those of them that contents are read from, each of another
// SHA-1.
func (r *Reader) usedBlobs() []*blob {
	byHash := r.index().byHash
	return slices.DeleteFunc(r.ownBlobs(), func(b *blob) bool { return byHash[b.sha1] != b })
}

// repeats says whether a solid blob stands again in the table of another part,
// which some split sets do.
func (b *blob) repeats(r *Reader) bool {
	first := r.index().byHash[b.sha1]
	return b.run != nil && first != b && first.run != nil && first.part != b.part
}
