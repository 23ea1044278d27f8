package wim

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// A solid run is a sequence of solid entries in a blob table: solid resources,
// and blobs whose offsets count in the concatenation of those resources'
// uncompressed data (WIM format sheet, section 2.4).
type solidRun struct {
	part      *part
	resources []solidEntry
	blobs     []int // indices into part.table.blobs
}

// solidEntry is a solid resource as a table names it. Its uncompressed size
// is in the resource itself.
type solidEntry struct {
	header     wimfile.ResourceHeader
	partNumber uint16
}

// firstOffset is where the run's first resource is in its part.
func (run *solidRun) firstOffset() uint64 {
	if len(run.resources) == 0 {
		return 0
	}
	return run.resources[0].header.Offset
}

const solidHeaderSize = wimfile.SolidHeaderSize

// openedSolid is a solid resource, or why it cannot be read.
type openedSolid struct {
	resource *resource
	err      error
	// usize is the room that the resource has in an address space. It is known
	// of most resources that cannot be read; -1 otherwise.
	usize int64
}

// openSolid reads the header of a solid resource and its list of chunk sizes.
// It takes what it reads for that off left, and the chunks of a valid resource.
func (p *part) openSolid(h wimfile.ResourceHeader, left *int64) openedSolid {
	res, usize, err := p.readSolid(h, left)
	if err != nil {
		return openedSolid{usize: usize, err: fmt.Errorf("solid resource at offset %d of %s: %w", h.Offset, p.name, err)}
	}
	return openedSolid{resource: res, usize: usize}
}

// readSolid returns the uncompressed size in case of an error as well, -1 for
// one that is not known.
func (p *part) readSolid(h wimfile.ResourceHeader, left *int64) (*resource, int64, error) {
	where, err := checkSpan(h.Offset, h.Size, p.size)
	if err != nil {
		return nil, -1, err
	}
	if where.size < solidHeaderSize {
		return nil, -1, formatErrorf("%d bytes are less than its header has", where.size)
	}
	take := func(bytes int64) error {
		if bytes > *left {
			return formatErrorf("the solid resources overlap, and have more bytes than the file")
		}
		*left -= bytes
		return nil
	}
	if err := take(solidHeaderSize); err != nil {
		return nil, -1, err
	}
	var raw [solidHeaderSize]byte
	if err := saferio.ReadFull(p.source, raw[:], where.offset); err != nil {
		return nil, -1, err
	}
	begin := wimfile.ParseSolidHeader(raw[:])
	usize, chunkSize, codec := begin.USize, begin.ChunkSize, Compression(begin.Codec)
	if usize > 1<<63-1 {
		return nil, -1, formatErrorf("uncompressed size %d", usize)
	}
	res := &resource{part: p, env: p.env, id: h, usize: int64(usize), codec: codec, chunkSize: int64(chunkSize), solid: true}
	if err := codec.checkChunkSize(chunkSize); err != nil {
		return nil, res.usize, err
	}
	if err := p.env.checkChunkLimit(int64(chunkSize)); err != nil {
		return nil, res.usize, err
	}
	n := res.chunkCount()
	if n > (where.size-solidHeaderSize)/4 {
		return nil, res.usize, formatErrorf("%d bytes cannot hold %d chunk sizes", where.size, n)
	}
	if err := take(4 * n); err != nil {
		return nil, res.usize, err
	}
	sizes, err := saferio.ReadData(p.source, 4*n, where.offset+solidHeaderSize)
	if err != nil {
		return nil, res.usize, fmt.Errorf("chunk sizes: %w", err)
	}
	at := wimfile.ParseSolidSizes(sizes)
	res.data = span{where.offset + solidHeaderSize + 4*n, where.size - solidHeaderSize - 4*n}
	if at[n] != res.data.size {
		return nil, res.usize, formatErrorf("its chunks have %d bytes together, the resource has %d for them", at[n], res.data.size)
	}
	// Resources that do not overlap have no more bytes than the part. Those
	// that do could have any number of chunks, each of which unfolds to 64 MiB.
	if err := take(res.data.size); err != nil {
		return nil, res.usize, err
	}
	res.boundaries.Store(&boundaries{0, at})
	return res, res.usize, nil
}

// location is where in a solid resource a blob begins.
type location struct {
	resource *resource
	offset   int64
	err      error // why the blob cannot be read
}

// locations finds the resource of each blob in a solid run. It is worked out
// when the first such blob is read, since it takes reads of its own.
type locations struct {
	once sync.Once
	of   map[*blob]location
}

// locate returns where the blob lies. Parts may not be added once this was
// called without their blobs being located anew; Reader.AddPart takes care of
// it.
func (r *Reader) locate(b *blob) location {
	r.locations.once.Do(func() {
		r.locations.of = locateAll(r.parts)
		if changed := r.changed(); errors.Is(changed, ErrChanged) {
			for b, at := range r.locations.of {
				if at.err != nil {
					r.locations.of[b] = location{err: fmt.Errorf("blob %v: %w", b.sha1, changed)}
				}
			}
		}
	})
	return r.locations.of[b]
}

// addressSpace is a sequence of solid resources that blob offsets count in.
type addressSpace struct {
	name      string
	resources []openedSolid
	starts    []int64 // where each resource begins in the space
	end       int64
	err       error // why the space ends where it does, if it is cut short
}

// find returns the location of a blob. A blob lies in one resource as a whole.
// It is not ok if the blob lies beyond the space.
func (s *addressSpace) find(b *blob) (at location, ok bool) {
	offset, size := int64(b.header.Offset), b.size()
	if offset >= s.end {
		if s.err != nil {
			return location{err: fmt.Errorf("blob %v: %w", b.sha1, s.err)}, true
		}
		return location{}, false
	}
	// The last resource that begins at or before offset; empty ones end there.
	i := sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > offset }) - 1
	res := s.resources[i]
	if res.err != nil {
		return location{err: fmt.Errorf("blob %v: %w", b.sha1, res.err)}, true
	}
	offset -= s.starts[i]
	if size > res.usize-offset {
		return location{err: formatErrorf("blob %v: %d bytes at offset %d of a solid resource of %d bytes",
			b.sha1, size, offset, res.usize)}, true
	}
	return location{resource: res.resource, offset: offset}, true
}

// unassigned says of a blob that its offset is beyond the solid resources,
// whichever way they are taken together.
func unassigned(b *blob, spaces []addressSpace) error {
	var tried []string
	for _, s := range spaces {
		tried = append(tried, fmt.Sprintf("the %d bytes of %s", s.end, s.name))
	}
	return formatErrorf("blob %v could not be assigned to a solid resource: its offset %d is beyond %s",
		b.sha1, b.header.Offset, strings.Join(tried, ", "))
}

// locateAll locates the blobs of all solid runs.
func locateAll(parts []*part) map[*blob]location {
	of := make(map[*blob]location)
	opener := &solidOpener{parts: parts, opened: make(map[solidEntry]openedSolid), left: make(map[*part]*int64)}
	for _, p := range parts {
		for k, run := range p.table.runs {
			blobs := make([]*blob, 0, len(run.blobs))
			for _, i := range run.blobs {
				if b := &p.table.blobs[i]; b.err == nil && int(b.partNumber) == p.header.PartNumber {
					blobs = append(blobs, b)
				}
			}
			spaces := opener.spaces(run, k)
			space := chooseSpace(spaces, blobs)
			for _, b := range blobs {
				at, ok := space.find(b)
				if !ok {
					at.err = unassigned(b, spaces)
				}
				of[b] = at
			}
		}
	}
	return of
}

// solidOpener opens each solid resource once.
type solidOpener struct {
	parts  []*part
	opened map[solidEntry]openedSolid
	// left is how many bytes of a part resources may still have. To open them
	// costs memory and to read them time, which resources that overlap could
	// make any multiple of the part's size.
	left map[*part]*int64
}

func (o *solidOpener) open(e solidEntry) openedSolid {
	done, known := o.opened[e]
	if !known {
		done = o.openNew(e)
		o.opened[e] = done
	}
	return done
}

func (o *solidOpener) openNew(e solidEntry) openedSolid {
	for _, p := range o.parts {
		if p.header.PartNumber == int(e.partNumber) {
			if o.left[p] == nil {
				left := p.size
				o.left[p] = &left
			}
			return p.openSolid(e.header, o.left[p])
		}
	}
	return openedSolid{usize: -1, err: fmt.Errorf("its solid resource is in part %d: %w; open it together with the other parts",
		e.partNumber, ErrMissingPart)}
}

// space opens the resources in order. The first whose size is not known ends
// the space, since nobody knows where the ones after it begin.
func (o *solidOpener) space(name string, entries []solidEntry) addressSpace {
	s := addressSpace{name: name}
	for _, e := range entries {
		done := o.open(e)
		if done.usize < 0 {
			s.err = done.err
			break
		}
		if done.usize > math.MaxInt64-s.end {
			s.err = formatErrorf("solid resources of more than 2^63 bytes")
			break
		}
		s.resources = append(s.resources, done)
		s.starts = append(s.starts, s.end)
		s.end += done.usize
	}
	return s
}

// spaces returns the readings of a run's offsets that are worth a try, the
// most likely one first. A file that stands alone has one. No description of
// the split sets of Microsoft's Media Creation Tool is public, so for those
// the readings of the WIM format sheet, section 11.6, are all tried: offsets
// that count in the part's own resources, in those of all parts in part order,
// and in all that the table names in table order.
func (o *solidOpener) spaces(run *solidRun, k int) []addressSpace {
	own := ownEntries(run)
	spaces := []addressSpace{o.space("the part's own solid resources", own)}
	total := run.part.header.TotalParts
	if total == 1 {
		return spaces
	}
	var joined []solidEntry
	var missing error
	for number, next := 1, 0; number <= total; number++ {
		if next == len(o.parts) || o.parts[next].header.PartNumber != number {
			missing = fmt.Errorf("its solid resource is in part %d or a later one: %w; open all parts together", number, ErrMissingPart)
			break
		}
		if runs := o.parts[next].table.runs; k < len(runs) {
			joined = append(joined, ownEntries(runs[k])...)
		}
		next++
	}
	all := o.space("the solid resources of all parts", joined)
	if all.err == nil {
		all.err = missing
	}
	spaces = append(spaces, all)
	if len(own) < len(run.resources) {
		spaces = append(spaces, o.space("the solid resources that the table names", distinct(run.resources)))
	}
	return spaces
}

// ownEntries returns the run's resources that are in the part itself.
func ownEntries(run *solidRun) []solidEntry {
	var own []solidEntry
	for _, e := range run.resources {
		if int(e.partNumber) == run.part.header.PartNumber {
			own = append(own, e)
		}
	}
	return own
}

func distinct(entries []solidEntry) []solidEntry {
	seen := make(map[solidEntry]bool, len(entries))
	var list []solidEntry
	for _, e := range entries {
		if !seen[e] {
			seen[e] = true
			list = append(list, e)
		}
	}
	return list
}

// maxProbes bounds how many blobs are decoded to tell readings apart.
const maxProbes = 4

// chooseSpace returns the reading that explains most blobs: each is in a given
// resource, or could be in a missing part. Between readings that explain
// equally many, the SHA-1 of the smallest blobs that they locate differently
// decides; if that does not, the likelier one wins.
func chooseSpace(spaces []addressSpace, blobs []*blob) *addressSpace {
	var rivals []*addressSpace
	most := -1
	for i := range spaces {
		explained := 0
		for _, b := range blobs {
			if at, ok := spaces[i].find(b); ok && (at.err == nil || errors.Is(at.err, ErrMissingPart)) {
				explained++
			}
		}
		if explained > most {
			rivals, most = nil, explained
		}
		if explained == most {
			rivals = append(rivals, &spaces[i])
		}
	}
	if len(rivals) == 1 {
		return rivals[0]
	}
	differ := slices.DeleteFunc(slices.Clone(blobs), func(b *blob) bool {
		first, _ := rivals[0].find(b)
		return !slices.ContainsFunc(rivals[1:], func(s *addressSpace) bool {
			at, _ := s.find(b)
			return at.resource != first.resource || at.offset != first.offset
		})
	})
	slices.SortStableFunc(differ, func(a, b *blob) int { return cmp.Compare(a.size(), b.size()) })
	score := func(s *addressSpace) (score int) {
		for _, b := range differ[:min(len(differ), maxProbes)] {
			if at, _ := s.find(b); at.resource == nil {
				continue
			} else if at.holds(b) {
				score++
			} else {
				score--
			}
		}
		return score
	}
	best, highest := rivals[0], score(rivals[0])
	for _, s := range rivals[1:] {
		if n := score(s); n > highest {
			best, highest = s, n
		}
	}
	return best
}

// holds says whether the blob's content really is there.
func (at location) holds(b *blob) bool {
	if b.size() == 0 {
		return false
	}
	r := newBlobReader(content{at.resource, at.offset, b.size(), b.sha1})
	_, err, _ := r.writeTo(io.Discard)
	return err == nil
}
