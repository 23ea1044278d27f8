package wim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// VerifyReport is what [Reader.Verify] found.
type VerifyReport struct {
	Blobs     int   // distinct contents that were read, metadata included
	Bytes     int64 // of them that were read
	Integrity IntegrityState
	// MissingBlobs counts the contents that images name and that are in none
	// of the given files: normal in a delta WIM, or when parts are missing.
	MissingBlobs int
	Problems     []Problem
	// MoreProblems counts the problems that are not listed, since the list has
	// 64 MiB of text already.
	MoreProblems int
}

// OK says whether nothing at all is wrong or missing.
func (r *VerifyReport) OK() bool { return len(r.Problems) == 0 && r.MissingBlobs == 0 }

// IntegrityState is what the integrity tables of the given parts say.
type IntegrityState int

const (
	IntegrityAbsent  IntegrityState = iota // no part has one
	IntegrityGood                          // those that there are agree with the file
	IntegrityDamaged                       // some do not, or are invalid themselves
)

// String returns "absent", "good" or "damaged".
func (s IntegrityState) String() string {
	return [...]string{"absent", "good", "damaged"}[s]
}

// Problem is one damaged or missing thing.
type Problem struct {
	Err error
	// Affected are the entries that cannot be read because of it, as
	// "2:Windows/System32/kernel32.dll": image and path, with ":stream" behind
	// it for a named stream.
	Affected []string
	// MoreAffected counts the entries that are not listed, since the report has
	// 64 MiB of text already.
	MoreAffected int
}

// reportText bounds the text of a report. Paths are long in a deep tree, and
// the metadata of a hostile one is small.
type reportText struct{ used int }

const (
	maxReportText   = 64 << 20
	problemOverhead = 200 // bytes that a problem takes beside its text
)

// take says whether there is room for so many bytes more, and takes it.
func (r *reportText) take(n int) bool {
	if n > maxReportText-r.used {
		return false
	}
	r.used += n
	return true
}

// affect adds an entry to those that the problem affects.
func (p *Problem) affect(text *reportText, path string) {
	if text.take(len(path)) {
		p.Affected = append(p.Affected, path)
	} else {
		p.MoreAffected++
	}
}

// Verify reads everything there is and compares it with its checksums: the
// integrity tables, the metadata of each image, and each blob with its SHA-1.
// The XML document has no checksum, but it has to be well-formed, and to have
// the images that the header and the blob table have. Verify goes on after a
// problem and collects them all. The error is that of the context, if it ended
// Verify early.
func (r *Reader) Verify(ctx context.Context, opts ...BulkOption) (*VerifyReport, error) {
	v := &verifier{reader: r, report: &VerifyReport{}}
	b := newBulk(opts)
	if err := v.integrity(ctx, b.workers); err != nil {
		return v.report, err
	}
	v.documents()
	for _, odd := range r.oddImages.all() {
		v.problem(odd)
	}
	v.overlaps()
	beforeBlobs := len(v.report.Problems)
	b.open = func(blob *blob) (blobSink, error) { return &verifySink{v, blob, 0}, nil }
	if err := b.run(ctx, r.ownBlobs()); err != nil {
		return v.report, err
	}
	err := v.images(ctx, beforeBlobs)
	return v.report, err
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

// repeats says whether a solid blob stands again in the table of another part,
// which some split sets do.
func (b *blob) repeats(r *Reader) bool {
	first := r.index().byHash[b.sha1]
	return b.run != nil && first != b && first.run != nil && first.part != b.part
}

type verifier struct {
	reader *Reader

	mu     sync.Mutex
	report *VerifyReport
	text   reportText
	bad    map[SHA1]int // index of the blob's problem
}

// problem adds a problem and returns its index, -1 if there is no room for it.
func (v *verifier) problem(err error) int {
	if !v.text.take(len(err.Error()) + problemOverhead) {
		v.report.MoreProblems++
		return -1
	}
	v.report.Problems = append(v.report.Problems, Problem{Err: err})
	return len(v.report.Problems) - 1
}

// integrity checks the integrity table of each part, on some workers.
func (v *verifier) integrity(ctx context.Context, workers int) error {
	for _, p := range v.reader.parts {
		table, err := p.readIntegrityTable()
		if table == nil && err == nil {
			continue
		}
		var damage []error
		if err == nil {
			damage, err = table.check(ctx, p, workers)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			damage = append(damage, err)
		}
		for _, d := range damage {
			v.problem(d)
			v.report.Integrity = IntegrityDamaged
		}
		if len(damage) == 0 && v.report.Integrity == IntegrityAbsent {
			v.report.Integrity = IntegrityGood
		}
	}
	return nil
}

// documents checks the XML documents. Those of the other parts of a set repeat
// that of the part that was opened; nothing is taken from them, but a file that
// was cut off has lost its document first.
func (v *verifier) documents() {
	if err := v.reader.xmlError; err != nil {
		v.problem(err)
	}
	for _, p := range v.reader.parts {
		if p.header.PartNumber == v.reader.Header.PartNumber || p.header.xml.usize == 0 {
			continue
		}
		if _, _, err := p.readXML(); err != nil {
			v.problem(fmt.Errorf("%s: %w", p.name, err))
		}
	}
}

// overlaps looks for resources that overlap. They can be read, but no program
// writes such files, and a small one can have any amount of content.
func (v *verifier) overlaps() {
	for _, p := range v.reader.parts {
		var spans []span
		add := func(h resourceHeader, partNumber uint16) {
			if s, err := checkSpan(h.offset, h.size, p.size); err == nil && s.size > 0 && int(partNumber) == p.header.PartNumber {
				spans = append(spans, s)
			}
		}
		for i := range p.table.metadata {
			add(p.table.metadata[i].header, p.table.metadata[i].partNumber)
		}
		for i := range p.table.blobs {
			if b := &p.table.blobs[i]; b.run == nil {
				add(b.header, b.partNumber)
			}
		}
		for _, run := range p.table.runs {
			for _, e := range run.resources {
				add(e.header, e.partNumber)
			}
		}
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.offset, b.offset) })
		count, first, end := 0, int64(0), int64(0)
		for _, s := range spans {
			if s.offset < end {
				if count++; count == 1 {
					first = s.offset
				}
			}
			end = max(end, s.offset+s.size)
		}
		if count > 0 {
			v.problem(formatErrorf("blob table of %s: %d resources overlap others, the first at offset %d", p.name, count, first))
		}
	}
}

// verifySink drops the content; the bulk reader has hashed it.
type verifySink struct {
	*verifier
	blob *blob
	read int64
}

func (s *verifySink) Write(p []byte) (int, error) {
	s.read += int64(len(p))
	return len(p), nil
}

func (s *verifySink) path() string { return "" }

func (s *verifySink) finish(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Blobs++
	s.report.Bytes += s.read
	if err != nil {
		if s.bad == nil {
			s.bad = make(map[SHA1]int)
		}
		s.bad[s.blob.sha1] = s.problem(err)
	}
	return nil
}

// images reads the tree of each image, and finds the entries whose content is
// damaged or missing. The problems of metadata go before those of blobs.
func (v *verifier) images(ctx context.Context, beforeBlobs int) error {
	damaged := &verifier{report: &VerifyReport{}, text: v.text} // of metadata
	missing := make(map[SHA1]int)
	err := v.reader.eachTree(ctx, func(image *Image, tree *FS, err error) {
		if err != nil {
			if k := damaged.problem(err); k >= 0 {
				damaged.report.Problems[k].Affected = []string{fmt.Sprintf("%d:", image.Index)}
			}
			return
		}
		v.report.Blobs++
		v.report.Bytes += image.metadata.size()
		tree.eachContent(func(node int32, stream string, hash SHA1) {
			k, bad := v.bad[hash]
			if !bad {
				err := v.reader.available(hash)
				if err == nil {
					return
				}
				var known bool
				if k, known = missing[hash]; !known {
					k = v.problem(err)
					missing[hash] = k
				}
			}
			if k < 0 {
				return
			}
			path := fmt.Sprintf("%d:%s", image.Index, tree.meta.pathOf(node))
			if stream != "" && stream != reparseStream {
				path += ":" + stream
			}
			v.report.Problems[k].affect(&v.text, path)
		})
	})
	v.report.MissingBlobs = len(missing)
	for i := range v.report.Problems {
		slices.Sort(v.report.Problems[i].Affected)
	}
	v.report.Problems = slices.Insert(v.report.Problems, beforeBlobs, damaged.report.Problems...)
	v.report.MoreProblems += damaged.report.MoreProblems
	return err
}
