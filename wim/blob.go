package wim

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// SHA1 is the name of a blob: the SHA-1 of its uncompressed content. The zero
// value stands for empty content, which has no blob.
type SHA1 [20]byte

// String returns the hash in hexadecimal.
func (h SHA1) String() string { return hex.EncodeToString(h[:]) }

// IsZero says whether the hash stands for empty content.
func (h SHA1) IsZero() bool { return h == SHA1{} }

// blob is a distinct content. Where it lies is worked out when it is read.
type blob struct {
	sha1       SHA1
	part       *part                  // the part whose table names it
	header     wimfile.ResourceHeader // for a blob in a solid run, offset counts in the run's address space
	references uint32
	partNumber uint16    // the part that holds it, as the table says
	run        *solidRun // nil for a blob that has a resource of its own
	err        error     // why the entry cannot be used
}

// size is the uncompressed size. A blob in a solid run has it in the field
// that otherwise holds the compressed size.
func (b *blob) size() int64 {
	if b.run != nil {
		return int64(b.header.Size)
	}
	return int64(min(b.header.USize, math.MaxInt64))
}

// checkHeader checks what can be checked without looking at the resource.
func (b *blob) checkHeader() error {
	h := b.header
	switch {
	case h.USize > 1<<63-1 || h.Offset+h.Size < h.Offset:
		return formatErrorf("blob %v: resource of %d bytes at offset %d, %d uncompressed", b.sha1, h.Size, h.Offset, h.USize)
	case h.Flags&wimfile.ResourceCompressed == 0 && h.Size != h.USize:
		return formatErrorf("blob %v: stored raw in %d bytes, but has %d", b.sha1, h.Size, h.USize)
	}
	return nil
}

// open finds where the blob's content is. For most blobs that reads nothing.
func (b *blob) open() (content, error) {
	if b == nil {
		return content{}, nil
	}
	if b.err != nil {
		return content{}, b.err
	}
	c := content{size: b.size(), sha1: b.sha1}
	if b.run != nil {
		at := b.part.owner.locate(b)
		c.resource, c.offset = at.resource, at.offset
		return c, at.err
	}
	var err error
	if c.resource, err = b.part.openResource(b.header); err != nil {
		return content{}, fmt.Errorf("blob %v: %w", b.sha1, err)
	}
	return c, nil
}

// readAll reads the whole blob, see [content.readAll].
func (b *blob) readAll(limit int64) ([]byte, error) {
	c, err := b.open()
	if err != nil {
		return nil, err
	}
	return c.readAll(limit)
}

// inMissingPart returns an error if a part that was not given holds the blob.
func (b *blob) inMissingPart() error {
	if b.run == nil || b.part.header.TotalParts == 1 {
		return nil
	}
	if at := b.part.owner.locate(b); errors.Is(at.err, ErrMissingPart) {
		return at.err
	}
	return nil
}

// storagePosition says where a blob is stored, for sorting.
type storagePosition struct {
	file             *part
	part             int
	resource, offset int64
}

// position returns where the blob is stored. A solid blob sorts by where it
// really lies: a run can list a resource many times, with blobs in each copy,
// and they all come while the resource is being decoded. One that has no place
// sorts by its offset in the run.
func (b *blob) position() storagePosition {
	at := storagePosition{file: b.part, part: b.part.header.PartNumber, resource: int64(min(b.header.Offset, 1<<63-1))}
	if b.run == nil {
		return at
	}
	if found := b.part.owner.locate(b); found.resource != nil {
		file := found.resource.part
		return storagePosition{file, file.header.PartNumber, int64(found.resource.id.Offset), found.offset}
	}
	at.offset = at.resource
	at.resource = int64(min(b.run.firstOffset(), 1<<63-1))
	return at
}

func (a storagePosition) compare(b storagePosition) int {
	return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.resource, b.resource), cmp.Compare(a.offset, b.offset))
}

// sortAsStored sorts blobs by where they are stored. Several files can have
// parts of one number; the blobs of each stay together, or those of solid
// resources at equal offsets would take turns.
func sortAsStored(blobs []*blob) {
	type item struct {
		blob *blob
		at   storagePosition
		file int
	}
	files := make(map[*part]int)
	items := make([]item, len(blobs))
	for i, b := range blobs {
		at := b.position()
		file, known := files[at.file]
		if !known {
			file = len(files)
			files[at.file] = file
		}
		items[i] = item{b, at, file}
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.at.part, b.at.part), cmp.Compare(a.file, b.file), a.at.compare(b.at))
	})
	for i := range items {
		blobs[i] = items[i].blob
	}
}
