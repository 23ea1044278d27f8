package wim

import (
	"context"
	"fmt"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// maxVirtualEncoded is how many bytes of contents that have to be compressed
// anew a virtual set may have, since they are kept in memory.
const maxVirtualEncoded = 64 << 20

// VirtualSplit returns the parts that [Reader.Split] would write, without
// writing them: the same bytes, if options set the GUID. The parts have the
// order of their numbers.
//
// Contents that cross a cut through a solid resource, and are stored apart, are
// compressed in memory, up to 64 MiB in all; for codecs that cannot be written
// they are stored without compression, and decoded when they are read.
// Otherwise nothing is read but metadata and the tables of resources, unless
// there is an integrity table: the checksums in it are of everything. A set has
// one if the file has, or [WithIntegrityTable].
func (r *Reader) VirtualSplit(ctx context.Context, limit int64, opts ...SplitOption) ([]*VirtualFile, error) {
	s, err := r.newSplitting(opts)
	if err != nil {
		return nil, err
	}
	if err := s.checkSet(limit); err != nil {
		return nil, err
	}
	layouts, err := s.layouts(ctx, limit)
	if err != nil {
		return nil, err
	}
	encoded := int64(0)
	files := make([]*VirtualFile, len(layouts))
	for i, l := range layouts {
		for _, b := range l.compressed {
			if encoded += int64(b.header.Size); encoded > maxVirtualEncoded {
				return nil, refusedVirtual([]*newBlob{b})
			}
		}
		if files[i], err = s.virtual(ctx, l); err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	return files, nil
}

// virtual returns the file that has a layout.
func (s *splitting) virtual(ctx context.Context, l *fileLayout) (*VirtualFile, error) {
	segments := copiedSegments(l.copies)
	for _, m := range l.made {
		segments = append(segments, madeSegment(m.offset, m.data))
	}
	if len(l.compressed) > 0 {
		dst := &virtualOutput{end: int64(l.compressed[0].header.Offset)}
		if err := s.encode(ctx, dst, s.options.compression, l.compressed); err != nil {
			return nil, err
		}
		segments = append(segments, madeSegment(dst.end, dst.tail))
	}
	for _, b := range l.decoded {
		c, err := b.from.open()
		if err != nil {
			return nil, err
		}
		segments = append(segments, virtualSegment{offset: int64(b.header.Offset), size: b.size, content: &c})
	}
	v := newVirtualFile(segments)
	if l.integrity.size == 0 {
		return v, nil
	}
	sums, err := s.bulk.integritySums(ctx, v, l.covered, integrityChunk, nil)
	if err != nil {
		return nil, err
	}
	table := wimfile.NewIntegrityHeader(l.covered, integrityChunk).Append(nil)
	return newVirtualFile(append(segments, madeSegment(l.integrity.offset, append(table, sums...)))), nil
}
