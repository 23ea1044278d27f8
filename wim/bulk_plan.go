package wim

import (
	"context"
	"hash"
	"io"
	"iter"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
)

// extent is where a blob lies in the content of a resource.
type extent struct {
	blob        *blob
	offset, end int64
}

// plannedResource is a resource and the blobs that are wanted of it.
type plannedResource struct {
	resource *resource
	extents  []extent                // by offset
	turns    *pipeline.Turns[*piece] // its own, or those of all resources

	// Of the piece that is being delivered:
	open    []*delivery // blobs that have begun and not ended
	started int         // extents that have begun
}

// delivery is a blob on its way to its sink.
type delivery struct {
	extent
	sink BlobSink
	hash hash.Hash
	err  error
}

// piece is some consecutive chunks of a resource.
type piece struct {
	of         *plannedResource
	number     int   // its turn
	start, end int64 // in the content
	data       *[]byte
	damage     []damage
	job        *job
}

// damage is a range of content that could not be read or decoded.
type damage struct {
	start, end int64
	err        error
}

// job is what one worker does in one go: pieces whose bytes are close together.
type job struct {
	part   *part
	window span // of the part; what lies outside is read as needed
	pieces []*piece
	// content is the decoded bytes of the pieces, and the pieces themselves.
	content int64
	left    atomic.Int32 // pieces that were not delivered
}

// nextResource takes the blobs of the next resource off the list.
func nextResource(blobs []*blob, lost []lostBlob) (*plannedResource, []*blob, []lostBlob) {
	var s *plannedResource
	for i, blob := range blobs {
		c, err := blob.open()
		if err != nil {
			lost = append(lost, lostBlob{blob, err})
			continue
		}
		if s == nil {
			s = &plannedResource{resource: c.resource}
		} else if s.resource != c.resource || c.offset < s.extents[len(s.extents)-1].offset {
			return s, blobs[i:], lost // blobs of odd runs can go back in a resource
		}
		s.extents = append(s.extents, extent{blob, c.offset, c.offset + c.size})
	}
	return s, nil, lost
}

// small says whether the resource is read as one piece, with its chunk table.
func (s *plannedResource) small() bool {
	res := s.resource
	return res.usize <= pieceBytes && res.data.size <= windowBytes && !res.solid
}

// pieceStep is the size of a large resource's pieces: whole chunks.
func (s *plannedResource) pieceStep() int64 {
	chunk := s.chunkSize()
	return max(chunk, pieceBytes/chunk*chunk)
}

func (s *plannedResource) chunkSize() int64 {
	if s.resource.raw {
		return pieceBytes
	}
	return s.resource.chunkSize
}

// pieceStarts yields where the pieces begin that some blob needs.
func (s *plannedResource) pieceStarts(step int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		chunk, at := s.chunkSize(), int64(0)
		for _, e := range s.extents {
			for at = max(at, e.offset/chunk*chunk); at < e.end; at += step {
				if !yield(at) {
					return
				}
			}
		}
	}
}

func (s *plannedResource) newPiece(start, step int64) *piece {
	p := &piece{of: s, start: start, end: min(start+step, s.resource.usize), number: s.turns.Plan()}
	return p
}

func newJob(p *piece) *job {
	j := &job{part: p.of.resource.part}
	j.window = p.window()
	j.append(p)
	return j
}

func (j *job) append(p *piece) {
	p.job = j
	j.pieces = append(j.pieces, p)
	j.left.Add(1)
	j.content += p.end - p.start + pieceOverhead
}

// cost is the memory that the job takes.
func (j *job) cost() int64 { return j.window.size + j.content }

// add adds a small resource if it lies close after the others.
func (j *job) add(p *piece) bool {
	w := p.window()
	if j.part != p.of.resource.part || w.offset < j.window.offset ||
		w.offset+w.size-j.window.offset > windowBytes || j.cost()+p.end > 4*windowBytes {
		return false
	}
	j.window.size = max(j.window.size, w.offset+w.size-j.window.offset)
	j.append(p)
	return true
}

// window is the range of the file that a piece needs. The range is only a hint
// and is empty if the resource or its chunk table is invalid. Because no chunk
// is larger than its content, the window is at most the piece's content plus
// the chunk table and, in a pipable resource, the size prefixes.
func (p *piece) window() span {
	res := p.of.resource
	switch {
	case res.raw:
		return span{res.data.offset + p.start, p.end - p.start}
	case p.start == 0 && p.end == res.usize && !res.solid: // with its chunk table
		whole := span{int64(res.id.Offset), int64(res.id.Size)}
		if whole.size > res.usize+res.chunkCount()*(res.layout.Width+res.layout.Prefix) {
			return span{}
		}
		return whole
	}
	first, err := res.chunkSpan(res.part.source, p.start/res.chunkSize)
	if err != nil {
		return span{}
	}
	last, err := res.chunkSpan(res.part.source, (p.end-1)/res.chunkSize)
	size, content := last.offset+last.size-first.offset, p.end-p.start
	if err != nil || size < 0 || size > content+content/res.chunkSize*res.layout.Prefix {
		return span{}
	}
	return span{first.offset, size}
}

// windowReader reads from memory what lies in the window, else from the source.
type windowReader struct {
	source io.ReaderAt
	data   []byte
	offset int64
}

func (w *windowReader) ReadAt(p []byte, offset int64) (int, error) {
	if at := offset - w.offset; at >= 0 && at+int64(len(p)) <= int64(len(w.data)) {
		return copy(p, w.data[at:]), nil
	}
	return w.source.ReadAt(p, offset)
}

// slice returns bytes of the window without copying, or nil.
func (w *windowReader) slice(s span) []byte {
	at := s.offset - w.offset
	if at < 0 || at+s.size > int64(len(w.data)) {
		return nil
	}
	return w.data[at : at+s.size]
}

// decode fills the piece's data. It goes on after a chunk that cannot be decoded:
// in a solid resource other blobs may lie in the next ones.
func (p *piece) decode(ctx context.Context, source *windowReader) {
	res := p.of.resource
	if res.raw {
		if err := saferio.ReadFull(source, *p.data, res.data.offset+p.start); err != nil {
			p.damage = append(p.damage, damage{p.start, p.end, err})
		}
		return
	}
	for at := p.start; at < p.end && ctx.Err() == nil; at += res.chunkSize {
		i := at / res.chunkSize
		dst := (*p.data)[at-p.start:][:res.chunkLength(i)]
		if err := res.decodeFrom(source, dst, i); err != nil {
			p.damage = append(p.damage, damage{at, at + int64(len(dst)), err})
		}
	}
}

// damageIn returns why a range of the content could not be decoded, nil if it
// could.
func (p *piece) damageIn(start, end int64) error {
	for _, d := range p.damage {
		if d.start < end && start < d.end {
			return d.err
		}
	}
	return nil
}
