package wim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wimble-go/wimble/internal/partname"
	"github.com/wimble-go/wimble/internal/safefile"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// A SplitOption changes how [Reader.Split] and [Reader.Join] write: a
// [BulkOption], or [WithIntegrityTable], [WithoutVerification], [WithGUID],
// [WithLevel].
type SplitOption interface{ applySplit(*splitOptions) }

// splitOptions is how to write a set.
type splitOptions struct {
	writerOptions
	bulk []BulkOption
	boot int // index of the image that boots
}

func (set WriterOption) applySplit(o *splitOptions) { set(&o.writerOptions) }
func (set bulkOption) applySplit(o *splitOptions)   { o.bulk = append(o.bulk, set) }

type splitOption func(*splitOptions)

func (set splitOption) applySplit(o *splitOptions) { set(o) }

// WithBootIndex sets the 1-based index of the image that boots, 0 for none. It
// is for [Reader.Join]: no part of a set says which image boots.
func WithBootIndex(index int) SplitOption {
	return splitOption(func(o *splitOptions) { o.boot = index })
}

// Split writes all images as a split set, in parts of at most limit bytes each,
// tables and all. The first part has the name; the others have a number before
// the extension, such as install2.swm. What r reads may be a file or a set, and
// pipable. What a delta file lacks comes from what [Reader.Reference] gave it,
// or is left out: then the set is a delta as well.
//
// Resources are copied as they are stored. Solid resources too: those that are
// larger than a part are cut between chunks, and the blobs that cross a cut are
// stored apart, with the codec of the header if that can be written and else
// without. A content that no part can hold is an error before anything is
// written.
//
// Stored contents are decoded on the way, and have to have their SHA-1s; see
// [WithoutVerification]. All parts get their names when they are whole and on
// the disk. None of them may exist before.
//
// Parts have an integrity table if the file has one, and a GUID of their own,
// unless options say otherwise.
//
// The last part is one that has least, except of part 1, which has the metadata
// of all images. 7-Zip opens no set whose last part is larger than part 1, and
// where it is smaller it warns of data after the end, in sets of any program.
func (r *Reader) Split(ctx context.Context, name string, limit int64, opts ...SplitOption) (*WriteReport, error) {
	s, err := r.newSplitting(opts)
	if err != nil {
		return nil, err
	}
	if err := s.checkSet(limit); err != nil {
		return nil, err
	}
	files, err := s.begin(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	for i := range files {
		names[i] = partname.Of(name, i+1)
		if _, err := os.Lstat(names[i]); err == nil {
			return nil, fmt.Errorf("%s: %w; move the old files away, or choose another name", names[i], fs.ErrExist)
		}
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	var batch safefile.Batch
	defer batch.Discard()
	for i, layout := range files {
		if err := batch.Create(names[i], func(f *os.File) error { return s.write(ctx, f, layout) }); err != nil {
			return nil, err
		}
	}
	return s.report, batch.Commit()
}

// checkSet refuses what a set cannot have.
func (s *splitting) checkSet(limit int64) error {
	if s.boot != 0 {
		return fmt.Errorf("no part of a set says which image boots: %w", ErrOption)
	}
	if limit >= noLimit || limit < 1 {
		return fmt.Errorf("parts of %d bytes: %w", limit, ErrOption)
	}
	return nil
}

// Join writes all images as one file, which takes the place of a file of that
// name when it is whole and on the disk. It is the reverse of [Reader.Split]: r
// has all parts of a set. Resources are copied as they are stored. Pieces of a
// solid resource that was cut stay pieces, and what crossed a cut stays stored
// apart; to have that in one again, everything has to be compressed anew.
//
// The file has the GUID of r, and an integrity table if r has one. No image
// boots unless r says so, or [WithBootIndex]. It does not take the place of a
// part of r, which would leave the other parts without it.
func (r *Reader) Join(ctx context.Context, name string, opts ...SplitOption) (*WriteReport, error) {
	guid := r.Header.GUID
	s, err := r.newSplitting(append([]SplitOption{WithGUID(guid), WithBootIndex(r.BootIndex())}, opts...))
	if err != nil {
		return nil, err
	}
	if s.boot < 0 || s.boot > len(s.images) {
		return nil, fmt.Errorf("boot index %d, there are %d images: %w", s.boot, len(s.images), ErrOption)
	}
	if s.boot > 0 {
		s.SetBoot(s.images[s.boot-1])
	}
	if err := r.checkJoined(name); err != nil {
		return nil, err
	}
	files, err := s.begin(ctx, name, noLimit)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	err = replaceFile(name, nil, func(f *os.File) error { return s.write(ctx, f, files[0]) })
	if err != nil {
		return nil, err
	}
	return s.report, nil
}

// checkJoined refuses a name that a part of a set has.
func (r *Reader) checkJoined(name string) error {
	if r.Header.TotalParts == 1 {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	for _, p := range r.parts {
		if f, opened := p.source.(*openedFile); opened && os.SameFile(f.info, info) {
			return fmt.Errorf("%s is part %d of the set, which the other parts need: %w; choose another name", name, p.header.PartNumber, fs.ErrExist)
		}
	}
	return nil
}

// setFile is what splitting needs of a file; tests have one that breaks off.
type setFile interface {
	io.ReaderAt
	io.WriterAt
}

// splitting is one Split or Join under way.
type splitting struct {
	*Writer
	boot   int
	bulk   *bulk
	plan   *setPlan
	report *WriteReport
}

func (r *Reader) newSplitting(opts []SplitOption) (*splitting, error) {
	o := splitOptions{writerOptions: writerOptions{
		compression: r.Header.Compression,
		chunkSize:   r.Header.ChunkSize,
		integrity:   r.HasIntegrityTable(),
	}}
	for _, opt := range opts {
		opt.applySplit(&o)
	}
	if o.compression != r.Header.Compression || o.chunkSize != r.Header.ChunkSize || o.recompress {
		return nil, fmt.Errorf("contents of a set are copied, not compressed anew: %w; export the images first", ErrOption)
	}
	// What is stored with a codec that cannot be written can be copied.
	if err := o.complete(); err != nil && !errors.Is(err, ErrUnsupported) {
		return nil, err
	}
	if len(r.Images) == 0 {
		return nil, errNoImages
	}
	w := &Writer{options: o.writerOptions, root: r.element, flags: r.Header.Flags & FlagReparseFix}
	w.blobs.lacks = make(map[SHA1]bool)
	if err := w.Export(r.Images...); err != nil {
		return nil, err
	}
	return &splitting{Writer: w, boot: o.boot, bulk: newBulk(newBulkOptions(o.bulk))}, nil
}

// begin plans the files, and finds out whether there is room for them.
func (s *splitting) begin(ctx context.Context, name string, limit int64) ([]*fileLayout, error) {
	files, err := s.layouts(ctx, limit)
	if err != nil {
		return nil, err
	}
	if err := checkRoom(filepath.Dir(name), s.report.Size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return files, nil
}

// layouts plans the files.
func (s *splitting) layouts(ctx context.Context, limit int64) ([]*fileLayout, error) {
	s.plan = newSetPlan(s.Writer, limit, s.bulk.workers)
	if err := s.plan.distribute(ctx); err != nil {
		return nil, err
	}
	files, err := s.plan.layouts()
	if err != nil {
		return nil, err
	}
	s.report = &WriteReport{Images: len(s.images), Parts: len(files), Blobs: s.plan.blobs, Packed: s.plan.encoded}
	s.report.Copied = s.report.Blobs - s.report.Packed
	s.report.Lacks = len(s.Writer.blobs.lacks)
	for _, b := range s.Writer.blobs.byHash {
		s.report.Bytes += b.size
	}
	for _, l := range files {
		s.report.Size += l.size
		for _, c := range l.copies {
			s.bulk.total.Add(c.content)
			for _, b := range c.blobs {
				s.bulk.total.Add(b.size)
			}
		}
	}
	return files, nil
}

// check decodes what is copied without being decoded.
func (s *splitting) check(ctx context.Context) error {
	if s.options.unchecked {
		return nil
	}
	s.bulk.expect(s.plan.unchecked)
	return s.bulk.run(ctx, s.plan.unchecked, func(*blob) (BlobSink, error) { return checkSink{}, nil })
}

// checkSink is for the verdict on a blob alone.
type checkSink struct{}

func (checkSink) Write(p []byte) (int, error) { return len(p), nil }
func (checkSink) Finish(err error) error      { return err }

// write writes a file.
func (s *splitting) write(ctx context.Context, dst setFile, l *fileLayout) error {
	if err := s.bulk.copyRaw(ctx, dst, l.copies, !s.options.unchecked); err != nil {
		return err
	}
	if err := s.encode(ctx, dst, s.options.compression, l.compressed); err != nil {
		return err
	}
	if err := s.encode(ctx, dst, CompressionNone, l.decoded); err != nil {
		return err
	}
	for _, m := range l.made {
		if _, err := dst.WriteAt(m.data, m.offset); err != nil {
			return err
		}
	}
	s.bulk.progress(0, "") // reports may have been left out while others were made
	if l.integrity.size == 0 {
		return nil
	}
	sums, err := s.bulk.integritySums(ctx, dst, l.covered, integrityChunk, nil)
	if err != nil {
		return err
	}
	table := wimfile.NewIntegrityHeader(l.covered, integrityChunk).Append(nil)
	_, err = dst.WriteAt(append(table, sums...), l.integrity.offset)
	return err
}

// encode writes contents that are stored anew to where the plan has them.
func (s *splitting) encode(ctx context.Context, dst io.WriterAt, codec Compression, blobs []*newBlob) error {
	if len(blobs) == 0 {
		return nil
	}
	planned := make([]wimfile.ResourceHeader, len(blobs))
	for i, b := range blobs {
		planned[i] = b.header
	}
	w := newWriting(s.Writer, dst, nil)
	w.bulk = s.bulk
	w.out.offset = int64(blobs[0].header.Offset)
	if err := w.packAs(ctx, codec, blobs); err != nil {
		return err
	}
	for i, b := range blobs {
		if b.header != planned[i] {
			return fmt.Errorf("blob %v: %w", b.sha1, ErrChanged)
		}
	}
	return w.out.flush()
}
