package regf

import (
	"fmt"
	"io"
	"sync"

	"github.com/wimble-go/wimble/internal/saferio"
)

const (
	// pageSize is that of the smallest bin, so that small neighbouring cells
	// cost one read. Bins are aligned to it.
	pageSize = 4096

	// maxReads is how often a source is read in pieces. Finding a version takes
	// some tens of reads. Each may have its source decompress 64 MiB, so that a
	// hive whose cells lie far from each other is better read once, in order; see
	// also [Scattered].
	maxReads = 128

	// maxWhole is how large a hive may be that is read whole, and so held in
	// memory. Today's SOFTWARE hives have 60 to 120 MB.
	maxWhole = 256 << 20
)

// Scattered is a source that decompresses what is read from it, and knows when
// that was so much that reading the hive once, as a whole, costs less than going
// on in pieces.
type Scattered interface {
	io.ReaderAt
	Scattered() bool
}

// pageReader reads a source by pages, which it keeps, and from a number of
// reads on as a whole.
type pageReader struct {
	source io.ReaderAt
	size   int64

	mu    sync.Mutex
	reads int
	pages map[int64][]byte
	whole []byte
}

// read fills buf from an offset. The caller has checked that the file has these
// bytes. Whatever is longer than a page is read as it is.
func (r *pageReader) read(buf []byte, offset int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(buf) > pageSize || r.whole != nil {
		return r.readSource(buf, offset)
	}
	for len(buf) > 0 {
		page, err := r.page(offset / pageSize)
		if err != nil {
			return err
		}
		n := copy(buf, page[offset%pageSize:])
		buf, offset = buf[n:], offset+int64(n)
	}
	return nil
}

func (r *pageReader) page(number int64) ([]byte, error) {
	if page, ok := r.pages[number]; ok {
		return page, nil
	}
	start := number * pageSize
	page := make([]byte, min(pageSize, r.size-start))
	if err := r.readSource(page, start); err != nil {
		return nil, err
	}
	if r.whole == nil { // else it is at hand
		if r.pages == nil {
			r.pages = make(map[int64][]byte)
		}
		r.pages[number] = page
	}
	return page, nil
}

func (r *pageReader) readSource(buf []byte, offset int64) error {
	if r.whole == nil && (r.reads == maxReads || r.scattered()) {
		if r.size > maxWhole {
			return fmt.Errorf("more than %d reads in a hive of %d bytes: %w", maxReads, r.size, ErrLimit)
		}
		whole, err := saferio.ReadData(r.source, r.size, 0)
		if err != nil {
			return err
		}
		r.whole, r.pages = whole, nil
	}
	if r.whole != nil {
		copy(buf, r.whole[offset:])
		return nil
	}
	r.reads++
	return saferio.ReadFull(r.source, buf, offset)
}

func (r *pageReader) scattered() bool {
	source, ok := r.source.(Scattered)
	return ok && source.Scattered()
}
