package wim

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sort"

	"github.com/wimble-go/wimble/internal/saferio"
)

// VirtualFile is a WIM file that is stored nowhere, made by [Writer.Virtual] or
// [Reader.VirtualSplit]. Its header and tables, and metadata that had to be
// made, are in memory; the rest is read from the files that have the contents,
// when it is asked for. Those have to stay open, and as they are.
//
// Any number of goroutines may read at once. A web server serves it, ranges
// too:
//
//	content := io.NewSectionReader(file, 0, file.Size())
//	http.ServeContent(response, request, "install.wim", modified, content)
//
// Bytes are passed on as they are stored. They are not decoded, and so not
// checked against their SHA-1s, as [Writer.WriteFile] does before it ends:
// damage of a source is in the virtual file as well. [Reader.Verify] finds it
// in either.
type VirtualFile struct {
	segments []virtualSegment // in order, without gaps
}

// virtualSegment is a range of a virtual file. It is from one place.
type virtualSegment struct {
	offset, size int64

	part *part // a file that has the bytes, at from
	from int64

	content *content // bytes that have to be decoded
	made    []byte   // bytes that are in memory
}

func (s *virtualSegment) end() int64 { return s.offset + s.size }

// newVirtualFile puts segments in order. Those that follow each other in a file
// become one.
func newVirtualFile(segments []virtualSegment) *VirtualFile {
	slices.SortFunc(segments, func(a, b virtualSegment) int { return cmp.Compare(a.offset, b.offset) })
	v := &VirtualFile{}
	for _, s := range segments {
		if s.size == 0 {
			continue
		}
		if k := len(v.segments) - 1; k >= 0 && s.part != nil && v.segments[k].part == s.part && v.segments[k].from+v.segments[k].size == s.from {
			v.segments[k].size += s.size
			continue
		}
		v.segments = append(v.segments, s)
	}
	return v
}

// Size is the number of bytes of the file.
func (v *VirtualFile) Size() int64 {
	if len(v.segments) == 0 {
		return 0
	}
	return v.segments[len(v.segments)-1].end()
}

// ReadAt implements [io.ReaderAt]. It reads no more of the sources than the
// range.
func (v *VirtualFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("negative offset %d: %w", offset, fs.ErrInvalid)
	}
	done := 0
	k := sort.Search(len(v.segments), func(k int) bool { return v.segments[k].end() > offset })
	for ; k < len(v.segments) && done < len(p); k++ {
		s := &v.segments[k]
		inside := offset + int64(done) - s.offset
		n := int(min(int64(len(p)-done), s.size-inside))
		if err := s.read(p[done:done+n], inside); err != nil {
			return done, err
		}
		done += n
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// read reads bytes of the segment, all that are asked for.
func (s *virtualSegment) read(p []byte, offset int64) error {
	switch {
	case s.part != nil:
		if err := saferio.ReadFull(s.part.source, p, s.from+offset); err != nil {
			return fmt.Errorf("%s: %w", s.part.name, err)
		}
	case s.content != nil:
		if n, err := s.content.ReadAt(p, offset); n < len(p) {
			return err
		}
	default:
		copy(p, s.made[offset:])
	}
	return nil
}

// copiedSegments are the segments of copies.
func copiedSegments(copies []*rawCopy) []virtualSegment {
	segments := make([]virtualSegment, len(copies))
	for i, c := range copies {
		segments[i] = virtualSegment{offset: c.to, size: c.size, part: c.part, from: c.from}
	}
	return segments
}

// madeSegment is a segment of bytes that are in memory.
func madeSegment(offset int64, data []byte) virtualSegment {
	return virtualSegment{offset: offset, size: int64(len(data)), made: data}
}

// Virtual returns the file that [Writer.WriteFile] would write, without writing
// it: the same bytes, if options set the GUID and the time. All contents have
// to be copied as they are stored, so that all sizes are known. One that would
// have to be compressed, since it is in a solid resource, or has another codec
// or chunk size, is an error of kind [ErrUnsupported]. Metadata is compressed
// in memory if it has to be.
//
// Nothing is read but metadata; with [WithIntegrityTable] everything is, since
// the table has checksums of all. The Writer can be used further: the file does
// not change with it.
func (w *Writer) Virtual(ctx context.Context, opts ...BulkOption) (*VirtualFile, error) {
	dst := new(virtualOutput)
	p := newWriting(w, dst, opts)
	p.virtual = dst
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return dst.file(), nil
}

// virtualOutput takes what is written of a virtual file: a header, and all that
// comes after what is copied.
type virtualOutput struct {
	header [headerSize]byte
	copies []virtualSegment
	end    int64 // of what is copied
	tail   []byte
}

// copy takes note of the copies, which end at an offset.
func (o *virtualOutput) copy(copies []*rawCopy, end int64) {
	o.copies, o.end = copiedSegments(copies), end
}

func (o *virtualOutput) file() *VirtualFile {
	segments := append(slices.Clone(o.copies), madeSegment(0, o.header[:]), madeSegment(o.end, o.tail))
	return newVirtualFile(segments)
}

// WriteAt implements io.WriterAt.
func (o *virtualOutput) WriteAt(p []byte, offset int64) (int, error) {
	if offset == 0 && len(p) == headerSize {
		return copy(o.header[:], p), nil
	}
	start := offset - o.end
	if more := start + int64(len(p)) - int64(len(o.tail)); more > 0 {
		o.tail = append(o.tail, make([]byte, more)...)
	}
	return copy(o.tail[start:], p), nil
}

// ReadAt implements io.ReaderAt, for the integrity table.
func (o *virtualOutput) ReadAt(p []byte, offset int64) (int, error) {
	return o.file().ReadAt(p, offset)
}

// Truncate removes what is after the end of the file.
func (o *virtualOutput) Truncate(size int64) error {
	o.tail = o.tail[:size-o.end]
	return nil
}

// checkVirtual refuses contents that are not copied as they are stored.
func (p *writing) checkVirtual() error {
	for i, image := range p.images {
		if image.made() {
			return fmt.Errorf("image %d was captured, and its contents are in no WIM file: %w; write the file", i+1, ErrUnsupported)
		}
	}
	copied := make(map[*newBlob]bool, len(p.copied))
	for _, b := range p.copied {
		copied[b] = true
	}
	var refused []*newBlob
	for _, b := range p.blobs {
		if !copied[b] {
			refused = append(refused, b)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return refusedVirtual(refused)
}

// refusedVirtual says which contents a virtual file cannot have.
func refusedVirtual(blobs []*newBlob) error {
	b := blobs[0]
	others := ""
	if n := len(blobs) - 1; n > 0 {
		others = fmt.Sprintf(", and %d other contents", n)
	}
	return fmt.Errorf("%s%s: would have to be compressed anew, and a file that is not stored has only what is stored already: %w; write the file instead",
		b.path(), others, ErrUnsupported)
}
