package wim

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// VerifyReport is what [Reader.Verify] found.
type VerifyReport struct {
	Blobs     int   // distinct contents that were read, metadata included
	Bytes     int64 // their uncompressed size
	Integrity IntegrityState
	// MissingBlobs counts the contents that images name and that are in none
	// of the given files: normal in a delta WIM, or when parts are missing.
	MissingBlobs int
	Problems     []Problem
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
}

// Verify reads everything there is and compares it with its checksums: the
// integrity tables, the metadata of each image, and each blob with its SHA-1.
// The XML document has no checksum, but it has to be well-formed, and to have
// the images that the header and the blob table have. Verify goes on after a problem and collects them all. The error is that of the
// context, if it ended Verify early.
func (r *Reader) Verify(ctx context.Context, opts ...BulkOption) (*VerifyReport, error) {
	v := &verifier{reader: r, report: &VerifyReport{}}
	if err := v.integrity(ctx); err != nil {
		return v.report, err
	}
	if r.xmlError != nil {
		v.problem(r.xmlError)
	}
	for _, odd := range r.oddImages.all() {
		v.problem(odd)
	}
	trees := v.metadata()
	b := newBulk(opts)
	b.open = func(blob *blob) (blobSink, error) { return &verifySink{v, blob}, nil }
	if err := b.run(ctx, r.ownBlobs()); err != nil {
		return v.report, err
	}
	v.affected(trees)
	return v.report, nil
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
	bad    map[SHA1]int // index of the blob's problem
}

func (v *verifier) problem(err error) {
	v.report.Problems = append(v.report.Problems, Problem{Err: err})
}

// integrity checks the integrity table of each part.
func (v *verifier) integrity(ctx context.Context) error {
	for _, p := range v.reader.parts {
		table, err := p.readIntegrityTable()
		if table == nil && err == nil {
			continue
		}
		var damage []error
		if err == nil {
			damage, err = table.check(ctx, p)
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

// metadata loads the tree of each image.
func (v *verifier) metadata() []*FS {
	var trees []*FS
	for _, image := range v.reader.Images {
		tree, err := image.FS()
		if err != nil {
			v.problem(err)
			v.report.Problems[len(v.report.Problems)-1].Affected = []string{fmt.Sprintf("%d:", image.Index)}
		} else {
			v.report.Blobs++
			v.report.Bytes += image.metadata.size()
		}
		trees = append(trees, tree)
	}
	return trees
}

// verifySink drops the content; the bulk reader has hashed it.
type verifySink struct {
	*verifier
	blob *blob
}

func (s *verifySink) Write(p []byte) (int, error) { return len(p), nil }
func (s *verifySink) path() string                { return "" }

func (s *verifySink) finish(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Blobs++
	s.report.Bytes += s.blob.size()
	if err != nil {
		s.problem(err)
		if s.bad == nil {
			s.bad = make(map[SHA1]int)
		}
		s.bad[s.blob.sha1] = len(s.report.Problems) - 1
	}
	return nil
}

// affected finds the entries whose content is damaged or missing.
func (v *verifier) affected(trees []*FS) {
	missing := make(map[SHA1]*Problem)
	var order []SHA1
	for i, tree := range trees {
		if tree == nil {
			continue
		}
		tree.eachContent(func(node int32, stream string, hash SHA1) {
			k, bad := v.bad[hash]
			if err := v.reader.available(hash); err == nil && !bad {
				return
			} else if !bad && missing[hash] == nil {
				missing[hash] = &Problem{Err: err}
				order = append(order, hash)
			}
			path := fmt.Sprintf("%d:%s", i+1, tree.meta.pathOf(node))
			if stream != "" && stream != reparseStream {
				path += ":" + stream
			}
			problem := missing[hash]
			if bad {
				problem = &v.report.Problems[k]
			}
			problem.Affected = append(problem.Affected, path)
		})
	}
	v.report.MissingBlobs = len(order)
	for _, hash := range order {
		v.report.Problems = append(v.report.Problems, *missing[hash])
	}
	for i := range v.report.Problems {
		slices.Sort(v.report.Problems[i].Affected)
	}
}
