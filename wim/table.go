package wim

import (
	"github.com/wimble-go/wimble/internal/wimfile"
)

const blobEntrySize = wimfile.BlobEntrySize

// solidMarker is the uncompressed size that marks a table entry as a solid
// resource rather than a blob in one (WIM format sheet, section 2.4).
const solidMarker = wimfile.SolidMarker

// blobTable is what one part's table says.
type blobTable struct {
	metadata []blob // of the images, in order
	deleted  []blob // metadata of images that were deleted
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
		odd := func(format string, args ...any) error {
			return formatErrorf("blob table entry %d: "+format, append([]any{i}, args...)...)
		}
		foreign := int(b.partNumber) != p.header.PartNumber
		solid := b.header.Flags&wimfile.ResourceSolid != 0
		if !solid {
			run = nil
		}
		switch {
		case solid && p.header.Version != VersionSolid:
			warn.add(odd("solid, in a file of version %#x", p.header.Version))
		case solid && b.header.Flags != wimfile.ResourceSolid:
			warn.add(odd("flags %#x mix solid with something else", b.header.Flags))
		case solid:
			if run == nil {
				run = &solidRun{part: p}
				t.runs = append(t.runs, run)
			}
			if b.header.USize == solidMarker {
				run.resources = append(run.resources, solidEntry{b.header, b.partNumber})
				continue
			}
			if b.sha1.IsZero() || b.header.Size == 0 {
				warn.add(odd("a blob in a solid run without a hash or without bytes"))
				continue
			}
			if end := b.header.Offset + b.header.Size; end < b.header.Offset || end > 1<<63-1 {
				b.err = odd("blob %v ends beyond 2^63", b.sha1)
				warn.add(b.err)
			}
			b.run = run
			t.blobs = append(t.blobs, b)
			run.blobs = append(run.blobs, len(t.blobs)-1)
		case b.header.Flags&wimfile.ResourceMetadata != 0:
			switch {
			case b.references == 0:
				// Files of old Microsoft tools have such.
				t.deleted = append(t.deleted, b)
			case b.references > 1:
				warn.add(odd("metadata with reference count %d", b.references))
			case foreign:
				warn.add(odd("metadata in part %d", b.partNumber))
			default:
				b.err = b.checkHeader()
				t.metadata = append(t.metadata, b)
			}
		case b.sha1.IsZero():
			warn.add(odd("a blob without a hash"))
		case b.header.USize == 0:
			warn.add(odd("a blob without bytes"))
		default:
			if b.err = b.checkHeader(); b.err != nil {
				warn.add(odd("%w", b.err))
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
		header:     e.ResourceHeader,
		partNumber: e.PartNumber,
		references: e.References,
		sha1:       e.SHA1,
	}
}

// appendBlobEntry appends an entry of the table of a file of one part.
func appendBlobEntry(dst []byte, h wimfile.ResourceHeader, references uint32, hash SHA1) []byte {
	e := wimfile.BlobEntry{ResourceHeader: h, PartNumber: 1, References: references, SHA1: hash}
	return e.Append(dst)
}
