package wim

import (
	"cmp"
	"math"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// A solid resource that is too large for a part is cut between chunks, which
// stand alone and are copied as they are. Each piece is a solid resource of its
// own. What crosses a cut is stored apart; its bytes stay in the pieces, where
// nothing leads to them.
//
//	chunks      |  0  |  1  |  2  |  3  |
//	blobs       |A|B      |C|D |E   |F  |
//	cut after 1 |  0  |  1  |   |  2  |  3  |   C is stored apart
//
// That bounds what is lost: by one blob a cut.

// solidSource is a solid resource and the blobs of it that are wanted.
type solidSource struct {
	resource *resource
	blobs    []solidBlobAt // by offset
}

// solidBlobAt is a blob in a solid resource.
type solidBlobAt struct {
	blob   *newBlob
	offset int64
}

// solidPiece is some chunks of a solid resource, all of them perhaps, and the
// blobs that lie in these chunks as a whole.
type solidPiece struct {
	of         *solidSource
	first, end int64 // chunks
	blobs      []solidBlobAt

	header wimfile.ResourceHeader // in the new file
}

// whole is the piece that has all chunks.
func (s *solidSource) whole() *solidPiece {
	return &solidPiece{of: s, end: s.resource.chunkCount(), blobs: s.blobs}
}

// starts are where the chunks of the piece begin, counted from chunk 0 of the
// resource, and where the last one ends.
func (p *solidPiece) starts() []int64 {
	return p.of.resource.boundaries.Load().at[p.first : p.end+1]
}

// bytes is the stored size of the chunks.
func (p *solidPiece) bytes() int64 {
	starts := p.starts()
	return starts[len(starts)-1] - starts[0]
}

// usize is how many bytes the chunks have uncompressed.
func (p *solidPiece) usize() int64 {
	res := p.of.resource
	return min(p.end*res.chunkSize, res.usize) - p.first*res.chunkSize
}

// weight is what the piece takes of a part, table entries counted.
func (p *solidPiece) weight() int64 {
	return solidWeight(p.end-p.first, p.bytes(), len(p.blobs))
}

// solidWeight is the weight of so many chunks with so many bytes and blobs.
func solidWeight(chunks, bytes int64, blobs int) int64 {
	return wimfile.SolidHeaderSize + 4*chunks + bytes + blobEntrySize*int64(1+blobs)
}

// check says whether the resource can be taken apart: blobs that overlap could
// have any number of bytes when they are stored apart.
func (s *solidSource) check() error {
	slices.SortStableFunc(s.blobs, func(a, b solidBlobAt) int { return cmp.Compare(a.offset, b.offset) })
	left := s.resource.usize
	for _, b := range s.blobs {
		if left -= b.blob.size; left < 0 {
			return formatErrorf("solid resource at offset %d of %s: its blobs overlap, and have more bytes than it",
				s.resource.id.Offset, s.resource.part.name)
		}
	}
	return nil
}

// solidCut is a place where a resource can be cut.
type solidCut struct {
	end     int64 // the chunk before which the cut is
	next    int   // the first blob that begins after the cut
	crossed int64 // bytes of the blobs that cross it
	weight  int64 // of the piece
	last    bool  // nothing is after the cut
}

// cuts returns where the piece that begins with blob k can end, such that it
// has a blob, fits in the room, and no blob of more than most bytes crosses the
// cut.
func (s *solidSource) cuts(k int, room, most int64) []solidCut {
	res := s.resource
	at := res.boundaries.Load().at
	first := s.blobs[k].offset / res.chunkSize
	type closing struct {
		blobs, large int
		bytes        int64
	}
	open := closing{}
	closed := make(map[int64]closing) // by the chunk before which they end
	inside := 0
	var list []solidCut
	for end := first + 1; end <= res.chunkCount(); end++ {
		for ; k < len(s.blobs) && s.blobs[k].offset < end*res.chunkSize; k++ {
			b := closing{blobs: 1, bytes: s.blobs[k].blob.size}
			if b.bytes > most {
				b.large = 1
			}
			last := wimfile.ChunkCount(s.blobs[k].offset+b.bytes, res.chunkSize)
			known := closed[last]
			closed[last] = closing{known.blobs + b.blobs, known.large + b.large, known.bytes + b.bytes}
			open = closing{open.blobs + b.blobs, open.large + b.large, open.bytes + b.bytes}
		}
		if c, ok := closed[end]; ok {
			inside += c.blobs
			open = closing{open.blobs - c.blobs, open.large - c.large, open.bytes - c.bytes}
		}
		weight := solidWeight(end-first, at[end]-at[first], inside)
		if weight > room {
			break
		}
		if inside > 0 && open.large == 0 {
			list = append(list, solidCut{end, k, open.bytes, weight, k == len(s.blobs) && open.blobs == 0})
			if list[len(list)-1].last {
				break
			}
		}
	}
	return list
}

// choose returns the cut that fills a part by nine tenths, or as well as can
// be, and of those that do the one that least crosses.
func choose(cuts []solidCut, used, capacity int64) solidCut {
	best := cuts[len(cuts)-1]
	if best.last {
		return best
	}
	for _, c := range slices.Backward(cuts) {
		if used+c.weight < capacity-capacity/10 {
			break
		}
		if c.crossed < best.crossed {
			best = c
		}
	}
	return best
}

// piece returns the piece from blob k to a cut, and the blobs that cross that.
func (s *solidSource) piece(k int, cut solidCut) (p *solidPiece, crossing []*newBlob) {
	size := s.resource.chunkSize
	p = &solidPiece{of: s, first: s.blobs[k].offset / size}
	for _, b := range s.blobs[k:cut.next] {
		end := wimfile.ChunkCount(b.offset+b.blob.size, size)
		if end > cut.end {
			crossing = append(crossing, b.blob)
			continue
		}
		p.blobs = append(p.blobs, b)
		p.end = max(p.end, end)
	}
	return p, crossing
}

// cutSolid distributes the pieces of a resource that no part can hold, from the
// last part in use on. It returns the blobs that have to be stored apart: those
// that cross cuts, and those in chunks that are too large for a part.
func (p *setPlan) cutSolid(s *solidSource) (apart []*newBlob, err error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	most := p.capacity - blobEntrySize
	into := max(p.fit.parts-1, 0)
	for k := 0; k < len(s.blobs); {
		cuts := s.cuts(k, p.fit.room(into), most)
		if len(cuts) == 0 && p.fit.room(into) < p.capacity {
			into++
			cuts = s.cuts(k, p.capacity, most)
		}
		if len(cuts) == 0 { // not even the first chunk fits
			chunk := s.blobs[k].offset / s.resource.chunkSize
			for ; k < len(s.blobs) && s.blobs[k].offset/s.resource.chunkSize == chunk; k++ {
				apart = append(apart, s.blobs[k].blob)
			}
			continue
		}
		cut := choose(cuts, p.capacity-p.fit.room(into), p.capacity)
		piece, crossing := s.piece(k, cut)
		apart = append(apart, crossing...)
		k = cut.next
		if err := p.fit.take(into, piece.weight()); err != nil {
			return nil, err
		}
		p.part(into).solid = append(p.part(into).solid, piece)
		into++
	}
	return apart, nil
}

// noLimit is for a set that is one file.
const noLimit = math.MaxInt64
