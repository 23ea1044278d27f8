package regf

import (
	"fmt"
	"io"
	"sync"
)

const (
	// pageSize is that of the smallest bin, so that small neighbouring cells
	// cost one read. Bins are aligned to it.
	pageSize = 4096

	// maxPages is how many pages are kept: 1 MiB. Finding a version takes some
	// tens of pages.
	maxPages = 256
)

// pageReader reads a source by pages and keeps the last ones.
type pageReader struct {
	source io.ReaderAt
	size   int64

	mu     sync.Mutex
	pages  map[int64][]byte
	recent []int64 // pages in the order in which they were read
}

// read fills buf from an offset. The caller has checked that the file has these
// bytes. Whatever is longer than a page is read as it is.
func (r *pageReader) read(buf []byte, offset int64) error {
	if len(buf) > pageSize {
		return r.readSource(buf, offset)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
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
	if r.pages == nil {
		r.pages = make(map[int64][]byte)
	}
	if len(r.recent) == maxPages {
		delete(r.pages, r.recent[0])
		r.recent = append(r.recent[:0], r.recent[1:]...)
	}
	r.pages[number] = page
	r.recent = append(r.recent, number)
	return page, nil
}

func (r *pageReader) readSource(buf []byte, offset int64) error {
	n, err := r.source.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at offset %d: %w", len(buf), offset, err)
}
