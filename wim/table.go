package wim

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// SHA1 is the name of a blob: the SHA-1 of its uncompressed content. The zero
// value stands for empty content, which has no blob.
type SHA1 [20]byte

// String returns the hash in hexadecimal.
func (h SHA1) String() string { return hex.EncodeToString(h[:]) }

// IsZero says whether the hash stands for empty content.
func (h SHA1) IsZero() bool { return h == SHA1{} }

const blobEntrySize = wimfile.BlobEntrySize

// solidMarker is the uncompressed size that marks a table entry as a solid
// resource rather than a blob in one (WIM format sheet, section 2.4).
const solidMarker = wimfile.SolidMarker

// blob is a distinct content. Where it lies is worked out when it is read.
type blob struct {
	sha1       SHA1
	part       *part          // the part whose table names it
	header     resourceHeader // for a blob in a solid run, offset counts in the run's address space
	references uint32
	partNumber uint16    // the part that holds it, as the table says
	run        *solidRun // nil for a blob that has a resource of its own
	err        error     // why the entry cannot be used
}

// size is the uncompressed size. A blob in a solid run has it in the field
// that otherwise holds the compressed size.
func (b *blob) size() int64 {
	if b.run != nil {
		return int64(b.header.size)
	}
	return int64(min(b.header.usize, math.MaxInt64))
}

// blobTable is what one part's table says.
type blobTable struct {
	metadata []blob // of the images, in order
	blobs    []blob // all others, in table order, those in other parts too
	runs     []*solidRun
}

// parseBlobTable sorts the entries of a part's table by kind. Entries that
// break a rule are kept out, or kept with an error, so that one bad entry does
// not take the others with it (WIM format sheet, section 2.3).
func parseBlobTable(raw []byte, p *part, warn *warnings) blobTable {
	var t blobTable
	if rest := len(raw) % blobEntrySize; rest != 0 {
		warn.add(formatErrorf("blob table: %d bytes are left over after the last whole entry", rest))
	}
	count := len(raw) / blobEntrySize
	t.blobs = make([]blob, 0, count)
	var run *solidRun
	for i := range count {
		b := parseBlobEntry(raw[i*blobEntrySize:], p)
		problem := func(format string, args ...any) error {
			err := formatErrorf("blob table entry %d: "+format, append([]any{i}, args...)...)
			warn.add(err)
			return err
		}
		foreign := int(b.partNumber) != p.header.PartNumber
		solid := b.header.flags&resourceSolid != 0
		if !solid {
			run = nil
		}
		switch {
		case solid && p.header.Version != VersionSolid:
			problem("solid, in a file of version %#x", p.header.Version)
		case solid && b.header.flags != resourceSolid:
			problem("flags %#x mix solid with something else", b.header.flags)
		case solid:
			if run == nil {
				run = &solidRun{part: p}
				t.runs = append(t.runs, run)
			}
			if b.header.usize == solidMarker {
				run.resources = append(run.resources, solidEntry{b.header, b.partNumber})
				continue
			}
			if b.sha1.IsZero() || b.header.size == 0 {
				problem("a blob in a solid run without a hash or without bytes")
				continue
			}
			if end := b.header.offset + b.header.size; end < b.header.offset || end > 1<<63-1 {
				b.err = problem("blob %v ends beyond 2^63", b.sha1)
			}
			b.run = run
			t.blobs = append(t.blobs, b)
			run.blobs = append(run.blobs, len(t.blobs)-1)
		case b.header.flags&resourceMetadata != 0:
			switch {
			case b.references == 0:
				// Deleted images linger so in files of old Microsoft tools.
			case b.references > 1:
				problem("metadata with reference count %d", b.references)
			case foreign:
				problem("metadata in part %d", b.partNumber)
			default:
				b.err = b.checkHeader()
				t.metadata = append(t.metadata, b)
			}
		case b.sha1.IsZero():
			problem("a blob without a hash")
		case b.header.usize == 0:
			problem("a blob without bytes")
		default:
			if b.err = b.checkHeader(); b.err != nil {
				problem("%w", b.err)
			}
			t.blobs = append(t.blobs, b)
		}
	}
	return t
}

func parseBlobEntry(raw []byte, p *part) blob {
	e := wimfile.ParseBlobEntry(raw)
	return blob{
		part:       p,
		header:     newResourceHeader(e.ResourceHeader),
		partNumber: e.PartNumber,
		references: e.References,
		sha1:       e.SHA1,
	}
}

// appendBlobEntry appends an entry of the table of a file of one part.
func appendBlobEntry(dst []byte, h resourceHeader, references uint32, hash SHA1) []byte {
	e := wimfile.BlobEntry{ResourceHeader: h.stored(), PartNumber: 1, References: references, SHA1: hash}
	return e.Append(dst)
}

// checkHeader checks what can be checked without looking at the resource.
func (b *blob) checkHeader() error {
	h := b.header
	switch {
	case h.usize > 1<<63-1 || h.offset+h.size < h.offset:
		return formatErrorf("blob %v: resource of %d bytes at offset %d, %d uncompressed", b.sha1, h.size, h.offset, h.usize)
	case h.flags&resourceCompressed == 0 && h.size != h.usize:
		return formatErrorf("blob %v: stored raw in %d bytes, but has %d", b.sha1, h.size, h.usize)
	}
	return nil
}

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

// available returns an error if the content with the hash is in none of the
// given files, as lookup does. It also finds out where a solid blob of a split
// set lies, which can be in another part than the one that lists it.
func (r *Reader) available(hash SHA1) error {
	b, err := r.lookup(hash)
	if err == nil && b != nil {
		err = b.inMissingPart()
	}
	return err
}

// inMissingPart returns an error if a part that was not given holds the blob.
func (b *blob) inMissingPart() error {
	if b.run == nil || b.part.header.TotalParts == 1 {
		return nil
	}
	if at := b.part.owner.place(b); errors.Is(at.err, ErrMissingPart) {
		return at.err
	}
	return nil
}
